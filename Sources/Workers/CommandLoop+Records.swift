import Contract
import Engine
import Kafka
import Logging

/// Records become arrivals.
extension CommandLoop {
    func receive(_ record: Record, at now: Moment) {
        let id = RecordID(partition: record.partition, offset: record.offset)
        let (job, arrival) = decode(record)
        // An order known from the ledger is known better from its command.
        jobs[id] = job.keeping(jobs[id])
        engine.handle(.received(id, arrival), at: now)
    }

    private func decode(_ record: Record) -> (Job, Arrival) {
        switch decoder.decode(record) {
        case .success(let command): (Job(content: .command(command)), arrival(of: command))
        case .failure(let rejection):
            (
                Job(content: .rejected(record, rejection)),
                rejection.reference.map { .invalid(.init($0)) } ?? .malformed
            )
        }
    }

    private func arrival(of command: Command) -> Arrival {
        if let order = OrderSummary(command) {
            return .create(
                Order(
                    key: .init(order.reference),
                    fingerprint: .init(order.fingerprint),
                    notAfter: order.notAfter
                )
            )
        }
        switch command.body {
        case .checkPayment(let subject), .checkPayout(let subject):
            return .check(.init(subject.text))
        case .createPayment, .requestPayout, .payoutMethods: return .methods
        }
    }
}

extension CommandDecoder {
    /// The command in a record, or why there is none.
    func decode(_ record: Record) -> Result<Command, Rejection> {
        let source = CommandSource(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset
        )
        let headers = record.headers.map { (name: $0.name, value: $0.value) }
        return record.withKey { key in
            record.withValue { value in
                decode(key: key, value: value, headers: headers, source: source)
            }
        }
    }
}

extension Job {
    /// This job, with what an earlier reading of the same record has found out.
    fileprivate func keeping(_ earlier: Job?) -> Job {
        var job = self
        job.finding = earlier?.finding
        job.doubt = earlier?.doubt
        job.event = earlier?.event
        return job
    }
}

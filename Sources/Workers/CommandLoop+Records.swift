import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// Records become arrivals.
extension CommandLoop {
    func receive(_ record: Record, at now: Moment) {
        // What was fetched before its partition was stopped.
        if stopped[record.partition] != nil { return }
        let id = RecordID(partition: record.partition, offset: record.offset)
        tellOfReplay(record)
        let (job, arrival) = decode(record)
        job.receivedAt = now.uptime
        guard let known = jobs[id], let order = known.order else {
            jobs[id] = job
            return engine.handle(.received(id, arrival), at: now)
        }
        // An order that the ledger knows of, or that is in doubt, is read again.
        guard job.isAbout(order) else {
            let reason =
                "\(commandTopic)/\(id) is not the order that the ledger knows, \(order.reference); "
                + "was the topic replaced? Give new topics a prefix of their own "
                + "(ASPAYDS_TOPIC_PREFIX)"
            return stop(id.partition, reason, at: now)
        }
        if job.order != nil { jobs[id]?.content = job.content }
        jobs[id]?.span = job.span
        engine.handle(.received(id, .create(Order(order))), at: now)
    }

    /// Operators hear of each dead letter that was put back: it needs nobody any more.
    private func tellOfReplay(_ record: Record) {
        guard record.withHeader(Replay.header, { $0 != nil }),
            let letter = ReplayedLetter(record.headers.map { ($0.name, $0.value) }),
            letter.place.topic == settings.topics.deadLetters
        else { return }
        reporter?.tell(
            .deadLetterReplayed,
            of: settings.domain,
            message: "\(letter.place) was replayed",
            partition: record.partition,
            deadLetter: letter
        )
    }

    private func decode(_ record: Record) -> (Job, Arrival) {
        let span: WorkSpan?
        let (job, arrival): (Job, Arrival)
        switch decoder.decode(record) {
        case .success(var command):
            span = spans.processing(command, in: record)
            command.trace = span?.trace ?? command.trace
            (job, arrival) = stray(command, record) ?? atHome(command, record)
        case .failure(var rejection):
            span = spans.processing(rejection, in: record)
            rejection.trace = span?.trace ?? rejection.trace
            (job, arrival) = reject(record, rejection)
        }
        job.span = span
        return (job, arrival)
    }

    private func atHome(_ command: Command, _ record: Record) -> (Job, Arrival) {
        let job = Job(content: .command(command))
        job.objection = objection(to: command)
        guard let order = job.order else { return (job, arrival(of: command)) }
        if settings.sending == .dryRun, case .requestPayout(let payout) = command.body {
            return reject(record, Rejection(dryRun: payout, of: command, job.objection))
        }
        var arrival = Order(order)
        arrival.isInadmissible = job.objection != nil
        return (job, .create(arrival))
    }

    private func reject(_ record: Record, _ rejection: Rejection) -> (Job, Arrival) {
        (
            Job(content: .rejected(record, rejection)),
            rejection.reference.map { .invalid(.init($0)) } ?? .malformed
        )
    }

    /// A command whose home is another partition, to be forwarded, once; nil when it is at home, or
    /// has none.
    private func stray(_ command: Command, _ record: Record) -> (Job, Arrival)? {
        guard let home = command.reference.map(home(of:)), home != record.partition else {
            return nil
        }
        guard Forward.isForwarded(record.headers.map { ($0.name, $0.value) }) else {
            return (Job(content: .stray(record, home: home)), .stray)
        }
        let rejection = Rejection(
            code: .misplaced,
            message: "forwarded before, and its home is partition \(home), not \(record.partition)",
            commandID: command.id,
            source: command.source,
            trace: command.trace
        )
        return reject(record, rejection)
    }

    private func arrival(of command: Command) -> Arrival {
        switch command.body {
        case .checkPayment(let subject), .checkPayout(let subject):
            let key = Engine.ReferenceKey(subject.text)
            return Cause(command.trigger).map { .hint(key, $0) } ?? .check(key)
        case .createPayment, .requestPayout, .payoutMethods: return .methods
        }
    }
}

extension Cause {
    /// What a check follows, where it is a hint and wants no answer; nil for a command of its own.
    fileprivate init?(_ trigger: Event.Trigger) {
        switch trigger {
        case .webhook: self = .webhook
        case .return: self = .return
        case .command, .poll, .operator: return nil
        }
    }
}

extension Job {
    /// Whether what was read is an order that is known; under other settings it may have to be
    /// rejected by now.
    fileprivate func isAbout(_ known: OrderSummary) -> Bool {
        if let order { return order.fingerprint == known.fingerprint }
        guard case .rejected(_, let rejection) = content, let reference = rejection.reference else {
            return false
        }
        return Reference.uppercased(reference) == Reference.uppercased(known.reference)
    }
}

extension Order {
    init(_ order: OrderSummary) {
        self.init(
            key: .init(order.reference),
            fingerprint: .init(order.fingerprint),
            amount: order.amount.thousandths,
            notAfter: order.notAfter,
            origin: RecordID(order.command.source)
        )
    }
}

extension CommandDecoder {
    /// The command in a record, or why there is none.
    func decode(_ record: Record) -> Result<Command, Rejection> {
        let headers = record.headers.map { (name: $0.name, value: $0.value) }
        return record.withKey { key in
            record.withValue { value in
                decode(key: key, value: value, headers: headers, source: record.source)
            }
        }
    }
}

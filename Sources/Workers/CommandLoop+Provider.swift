import Aspayds
import Contract
import Engine
import Kafka
import Logging

/// Requests to the provider, and what they answer.
extension CommandLoop {
    /// Hands an order to the transport, once, with the last checks to be made there.
    func transmit(_ ticket: Ticket, expires: Instant) {
        let id = ticket.record
        guard let lease = leases[id.partition], let job = jobs[id] else {
            return mailbox.post(.submitted(ticket, .failure(AspaydsError(code: .notPermitted))))
        }
        let mayTransmit: @Sendable () -> Bool = { lease.permits(until: expires) }
        switch job.content {
        case .command(let command):
            Task { [gateway, mailbox] in
                let result = await gateway.submit(command, mayTransmit: mayTransmit)
                mailbox.post(.submitted(ticket, result))
            }
        case .restored(let intent):
            Task { [gateway, mailbox, command = recall(intent)] in
                guard let command = await command() else {
                    let error = AspaydsError(
                        code: .notPermitted,
                        message: "its command is not in the log any more"
                    )
                    return mailbox.post(.submitted(ticket, .failure(error)))
                }
                let result = await gateway.submit(command, mayTransmit: mayTransmit)
                mailbox.post(.submitted(ticket, result))
            }
        case .rejected:
            mailbox.post(.submitted(ticket, .failure(AspaydsError(code: .invalidRequest))))
        }
    }

    /// Reads a command again: the ledger holds no names and no accounts.
    ///
    /// What stands in its place must be the same order.
    private func recall(_ intent: LedgerRecord.Intent) -> @Sendable () async -> Command? {
        let source = intent.command.source
        let position = Position(
            topicPartition: TopicPartition(topic: source.topic, partition: source.partition),
            offset: source.offset
        )
        return { [decoder, fetcher] in
            guard let record = try? await fetcher.record(at: position),
                let command = try? decoder.decode(record).get(),
                OrderSummary(command)?.fingerprint == intent.fingerprint
            else { return nil }
            return command
        }
    }

    func submitted(_ ticket: Ticket, _ result: Result<Receipt, AspaydsError>, at now: Moment) {
        let outcome: Outcome
        switch result {
        case .success(let receipt):
            jobs[ticket.record]?.finding = .receipt(receipt)
            outcome = .accepted
        case .failure(let error):
            jobs[ticket.record]?.finding = .failure(error)
            if error.certainty != .notSent { jobs[ticket.record]?.doubt = error }
            outcome = error.outcome
            tell(error)
        }
        engine.handle(.transmitted(ticket, outcome), at: now)
    }

    func lookUp(_ number: LookupNumber, _ records: [RecordID]) {
        var orders: [RecordID: OrderSummary] = [:]
        for id in records { orders[id] = jobs[id]?.order }
        Task { [gateway, mailbox, orders] in
            mailbox.post(.lookedUp(number, await gateway.lookUp(orders)))
        }
    }

    func lookedUp(
        _ number: LookupNumber,
        _ result: Result<[RecordID: Job.Finding], AspaydsError>,
        at now: Moment
    ) {
        guard case .success(let findings) = result else {
            if case .failure(let error) = result {
                tell(error)
                engine.handle(.lookedUp(number, [:], failure: error.outcome), at: now)
            }
            return
        }
        var sightings: [RecordID: Sighting] = [:]
        for (id, finding) in findings {
            // While the same record is being answered, its own finding stays.
            jobs[id]?.finding = finding
            sightings[id] = finding.sighting
        }
        engine.handle(.lookedUp(number, sightings, failure: nil), at: now)
    }

    func ask(_ ticket: Ticket) {
        guard case .command(let command) = jobs[ticket.record]?.content else {
            return mailbox.post(.answered(ticket, .failure(AspaydsError(code: .invalidRequest))))
        }
        Task { [gateway, mailbox] in
            mailbox.post(.answered(ticket, await gateway.ask(command)))
        }
    }

    func answered(_ ticket: Ticket, _ result: Result<Job.Finding, AspaydsError>, at now: Moment) {
        switch result {
        case .success(let finding):
            jobs[ticket.record]?.finding = finding
            engine.handle(.answered(ticket, failure: nil), at: now)
        case .failure(let error):
            tell(error)
            engine.handle(.answered(ticket, failure: error.outcome), at: now)
        }
    }

    func probe() {
        Task { [gateway, mailbox] in
            let (result, error) = await gateway.probe()
            mailbox.post(.probed(result, error))
        }
    }

    func probed(_ result: ProbeResult, _ error: AspaydsError?, at now: Moment) {
        if let error, result != .healthy { tell(error) }
        engine.handle(.probed(result), at: now)
    }
}

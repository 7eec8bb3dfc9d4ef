import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// Requests to the provider, and what they answer.
extension CommandLoop {
    /// Hands an order to the transport, once, with the last checks to be made there.
    func transmit(_ ticket: Ticket, attempt: Int, expires: Instant) {
        let id = ticket.record
        guard let lease = leases[id.partition], let job = jobs[id] else {
            return mailbox.post(.submitted(ticket, .failure(AspaydsError(code: .notPermitted))))
        }
        jobs[id]?.attempt = attempt
        let mayTransmit: @Sendable () -> Bool = { lease.permits(until: expires) }
        switch job.content {
        case .command(let command):
            Task { [gateway, mailbox] in
                let result = await gateway.submit(
                    command,
                    attempt: attempt,
                    mayTransmit: mayTransmit
                )
                mailbox.post(.submitted(ticket, result))
            }
        case .restored:
            guard let order = job.order else { return mailbox.post(.gone(ticket)) }
            recall(order, ticket, attempt: attempt, mayTransmit)
        case .rejected, .stray:
            mailbox.post(.submitted(ticket, .failure(AspaydsError(code: .invalidRequest))))
        }
    }

    /// Reads a command again and transmits it: the ledger holds no names and no accounts.
    ///
    /// What cannot be read now is tried again behind another fence.
    private func recall(
        _ order: OrderSummary,
        _ ticket: Ticket,
        attempt: Int,
        _ mayTransmit: @escaping @Sendable () -> Bool
    ) {
        let recall = Recall(
            topic: commandTopic,
            decoder: decoder,
            fetcher: fetcher,
            order: order,
            home: ticket.record
        )
        Task { [gateway, mailbox, logger, throttle, about = metadata(of: ticket.record)] in
            do {
                guard let command = try await recall.command() else {
                    return mailbox.post(.gone(ticket))
                }
                mailbox.post(.recalled(ticket.record, command))
                let result = await gateway.submit(
                    command,
                    attempt: attempt,
                    mayTransmit: mayTransmit
                )
                mailbox.post(.submitted(ticket, result))
            } catch {
                logger.throttled(
                    throttle,
                    as: "recall",
                    .warning,
                    "cannot read a command again",
                    metadata: about.merging(["error": "\(error)"]) { $1 }
                )
                let failure = AspaydsError(code: .notPermitted)
                mailbox.post(.submitted(ticket, .failure(failure)))
            }
        }
    }

    func gone(_ ticket: Ticket, at now: Moment) {
        jobs[ticket.record]?.finding = .commandGone
        engine.handle(.transmitted(ticket, .notSent(.commandGone, retryAfter: nil)), at: now)
    }

    func submitted(_ ticket: Ticket, _ result: Result<Receipt, AspaydsError>, at now: Moment) {
        let outcome: Outcome
        switch result {
        case .success(let receipt):
            jobs[ticket.record]?.finding = .receipt(receipt)
            outcome = .accepted
        case .failure(let error):
            jobs[ticket.record]?.finding = .failure(error)
            if error.certainty != .notSent { jobs[ticket.record]?.note(error, at: now.wallClock) }
            outcome = error.outcome
            tell(error, .create, about: [ticket.record])
        }
        engine.handle(.transmitted(ticket, outcome), at: now)
    }

    func lookUp(_ number: LookupNumber, _ records: [RecordID], isConfirming: Bool) {
        var orders: [RecordID: OrderSummary] = [:]
        for id in records { orders[id] = jobs[id]?.order }
        if isConfirming, let (id, order) = orders.first {
            Task { [gateway, mailbox] in
                let result = await gateway.confirm(order).map { [id: $0] }
                mailbox.post(.lookedUp(number, [id], result))
            }
            return
        }
        Task { [gateway, mailbox, orders] in
            mailbox.post(.lookedUp(number, records, await gateway.lookUp(orders)))
        }
    }

    func lookedUp(
        _ number: LookupNumber,
        _ records: [RecordID],
        _ result: Result<[RecordID: Job.Finding], AspaydsError>,
        at now: Moment
    ) {
        for id in records { jobs[id]?.note(lookup: try? result.get()[id], at: now.wallClock) }
        guard case .success(let findings) = result else {
            if case .failure(let error) = result {
                tell(error, .lookUp, about: records)
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

    func ask(_ number: LookupNumber, _ tickets: [Ticket]) {
        var questions: [Ticket: Command] = [:]
        for ticket in tickets {
            guard case .command(let command) = jobs[ticket.record]?.content else { continue }
            questions[ticket] = command
        }
        Task { [gateway, mailbox, questions] in
            let records = questions.keys.map(\.record)
            mailbox.post(.answered(number, records, await gateway.ask(questions)))
        }
    }

    func answered(
        _ number: LookupNumber,
        _ records: [RecordID],
        _ result: Result<[Ticket: Job.Finding], AspaydsError>,
        at now: Moment
    ) {
        switch result {
        case .success(let findings):
            for (ticket, finding) in findings { jobs[ticket.record]?.finding = finding }
            engine.handle(.answered(number, Set(findings.keys), failure: nil), at: now)
        case .failure(let error):
            tell(error, .check, about: records)
            engine.handle(.answered(number, [], failure: error.outcome), at: now)
        }
    }

    func probe() {
        Task { [gateway, mailbox] in mailbox.post(.probed(await gateway.probe())) }
    }

    func probed(_ probe: Gateway.Probe, at now: Moment) {
        if let error = probe.error, probe.result != .healthy { tell(error, .probe, about: []) }
        if let methods = probe.methods {
            learn(methods, at: now)
        } else {
            forgetOldMethods(at: now)
        }
        engine.handle(.probed(probe.result), at: now)
    }
}

import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// What is written to the ledger and published, and what Kafka says of it.
extension CommandLoop {
    func append(_ ticket: Ticket, _ write: LedgerWrite, to batch: inout Outgoing) {
        if let offset = write.repeats { return recollect(ticket, write, at: offset) }
        let id = ticket.record
        noteDecision(write, of: id)
        guard let job = jobs[id], let order = job.order else {
            return lack(id, .input(.appended(ticket, offset: nil)))
        }
        let now = Clock.now.wallClock
        let record: LedgerRecord
        if let state = LedgerRecord.State(write.state) {
            let event = job.event(of: write) ?? events.event(for: write, of: order, job, at: now)
            jobs[id]?.event = event
            var outcome = LedgerRecord.Outcome(
                domain: settings.domain,
                reference: order.reference,
                attempt: write.attempt,
                fingerprint: order.fingerprint,
                command: order.command,
                offset: id.offset,
                state: state,
                sequence: write.sequence,
                owner: settings.owner,
                number: nextLedgerNumber(),
                at: now
            )
            outcome.order = state.keepsOrder || write.isUnannounced ? order.details : nil
            outcome.since = write.since
            outcome.evidence = events.evidence(for: write, job)
            outcome.decision = job.decision(of: write)
            outcome.finding = write.finding
            outcome.isUnannounced = write.isUnannounced
            outcome.providerID = event?.providerID
            outcome.reason = event?.reason
            outcome.event = event
            record = .outcome(outcome)
        } else {
            var intent = intent(order, write, id, at: now)
            intent.decision = job.decision(of: write)
            record = .intent(intent)
        }
        batch.add(.ledger(ticket), record.encoded(), topic: ledgerTopic, partition: id.partition)
    }

    /// Reads a record back that is to be written again.
    private func recollect(_ ticket: Ticket, _ write: LedgerWrite, at offset: Int64) {
        let position = ledgerPosition(
            of: Followed(record: ticket.record, ledgerOffset: offset)
        )
        Task { [mailbox, fetcher, logger, throttle] in
            do {
                let record = try await fetcher.ledgerRecord(at: position)
                mailbox.post(.recollected(ticket, write, record))
            } catch {
                if throttle.pass("recollect") != nil {
                    logger.warning(
                        "cannot read back what is to be written again",
                        metadata: ["record": "\(position)", "error": "\(error)"]
                    )
                }
                mailbox.post(.input(.appended(ticket, offset: nil)))
            }
        }
    }

    /// Writes a record of the ledger again as it stands, in our own name.
    func writeAgain(
        _ ticket: Ticket,
        _ write: LedgerWrite,
        _ record: LedgerRecord?,
        at now: Moment
    ) {
        // The partition may be somebody else's by now, or ours anew.
        guard engine.isAwaited(ticket) else { return }
        guard case .outcome(var outcome)? = record else {
            // What is gone already cannot be kept.
            return engine.handle(.appended(ticket, offset: write.repeats), at: now)
        }
        outcome.owner = settings.owner
        outcome.number = nextLedgerNumber()
        outcome.at = now.wallClock
        outcome.isUnannounced = false
        var batch = Outgoing()
        batch.add(
            .ledger(ticket),
            LedgerRecord.outcome(outcome).encoded(),
            topic: ledgerTopic,
            partition: ticket.record.partition
        )
        send(batch)
    }

    /// No two records have the same, not even one that is offered again.
    func nextLedgerNumber() -> UInt64 {
        lastLedgerNumber += 1
        return lastLedgerNumber
    }

    private func intent(
        _ order: OrderSummary,
        _ write: LedgerWrite,
        _ id: RecordID,
        at now: Int64
    ) -> LedgerRecord.Intent {
        LedgerRecord.Intent(
            domain: settings.domain,
            reference: order.reference,
            attempt: write.attempt,
            fingerprint: order.fingerprint,
            sequence: write.sequence,
            group: settings.group,
            owner: settings.owner,
            number: nextLedgerNumber(),
            at: now,
            command: order.command,
            offset: id.offset,
            order: order.details
        )
    }

    func publish(_ ticket: Ticket, _ what: Publication, to batch: inout Outgoing) {
        let id = ticket.record
        guard let job = jobs[id] else {
            return lack(id, .input(.published(ticket, acknowledged: false)))
        }
        if case .replay(let write, let offset) = what {
            return replay(ticket, write, ledgerOffset: offset)
        }
        switch job.content {
        case .rejected(let record, let rejection) where rejection.reference == nil:
            return bury(record, rejection, ticket, &batch)
        case .stray(let record, let home): return forward(record, to: home, ticket, &batch)
        default: break
        }
        guard let event = event(for: what, job) else {
            return lack(id, .input(.published(ticket, acknowledged: false)))
        }
        if case .recorded = what, event.kind == .needsReview {
            reporter?.tell(
                .reviewNeeded,
                of: settings.domain,
                message: event.reason.map { $0.message ?? $0.code } ?? "a person must decide",
                reference: event.reference
            )
        }
        add(event, ticket, to: &batch)
    }

    /// Writes a record to the dead letters, as it came.
    private func bury(
        _ record: Record,
        _ rejection: Rejection,
        _ ticket: Ticket,
        _ batch: inout Outgoing
    ) {
        jobs[ticket.record]?.span?.note(rejection)
        let topic = settings.topics.deadLetters
        batch.add(
            .publication(ticket, nil),
            record.deadLetter(rejection, at: Clock.now.wallClock),
            topic: topic,
            span: spans.publishing(to: topic, within: rejection.trace)
        )
    }

    /// Sends a command on to its home partition; the offset waits for the acknowledgement.
    private func forward(
        _ record: Record,
        to home: Int32,
        _ ticket: Ticket,
        _ batch: inout Outgoing
    ) {
        jobs[ticket.record]?.span?.noteForwarded()
        batch.add(
            .publication(ticket, nil),
            record.forward,
            topic: commandTopic,
            partition: home,
            span: spans.publishing(to: commandTopic, within: jobs[ticket.record]?.span?.trace)
        )
        instruments.forwardedOne()
        logger.throttled(
            throttle,
            as: "forward",
            .info,
            """
            commands do not come to their home partitions and are forwarded; their producer \
            should partition by murmur2 of the reference in capitals
            """,
            metadata: metadata(of: ticket.record)
        )
    }

    private func add(_ event: Event, _ ticket: Ticket, to batch: inout Outgoing) {
        let job = jobs[ticket.record]
        job?.span?.note(event)
        let notification = Notification(
            event,
            recipientAccount: job?.order?.maskedAccount,
            settledAt: job?.finding?.settledAt
        )
        if let notification {
            let span = spans.publishing(event, to: settings.topics.notifications)
            batch.add(
                .notification(ticket),
                notification.encoded(within: span?.trace),
                topic: settings.topics.notifications,
                span: span
            )
        }
        let topic = settings.topics.events(of: settings.domain)
        let span = spans.publishing(event, to: topic)
        batch.add(
            .publication(ticket, event.kind),
            event.encoded(within: span?.trace),
            topic: topic,
            span: span
        )
        log(event, of: ticket.record)
    }

    private func event(for what: Publication, _ job: Job) -> Event? {
        let now = Clock.now.wallClock
        switch (what, job.content) {
        case (.recorded(let write), _):
            return job.event(of: write)
                ?? job.order.flatMap { events.event(for: write, of: $0, job, at: now) }
        case (.conflict(let state), _):
            return job.order.map { events.conflict($0, with: state, at: now) }
        case (.invalid, .rejected(_, let rejection)):
            return rejection.reference.map {
                events.refusal(rejection, $0, source: rejection.source, at: now)
            }
        case (.answer, .command(let command)):
            return job.finding.map { finding in
                var event = events.answer(to: command, finding, at: now)
                event.provenance = provenance(finding, command)
                return event
            }
        case (.unanswered, .command(let command)):
            return events.answer(to: command, nil, at: now)
        default: return nil
        }
    }

    /// Who has ordered what a check has found, if the ledger can tell.
    private func provenance(_ finding: Job.Finding, _ command: Command) -> Event.Provenance? {
        guard case .sighting(let state) = finding,
            let reference = state.reference ?? command.reference
        else { return nil }
        return engine.isOwn(.init(reference), in: home(of: reference)).map { isOwn in
            isOwn ? .own : .external
        }
    }

    /// Reads the answer back from the ledger, to give it again.
    private func replay(_ ticket: Ticket, _ write: LedgerWrite, ledgerOffset: Int64) {
        let position = Position(
            topicPartition: TopicPartition(topic: ledgerTopic, partition: ticket.record.partition),
            offset: ledgerOffset
        )
        Task { [mailbox, logger, throttle, fetcher, about = metadata(of: ticket.record)] in
            do {
                mailbox.post(.replayed(ticket, write, try await fetcher.event(at: position)))
            } catch {
                logger.throttled(
                    throttle,
                    as: "replay",
                    .warning,
                    "cannot read an answer back",
                    metadata: about.merging(["error": "\(error)"]) { $1 }
                )
                mailbox.post(.input(.published(ticket, acknowledged: false)))
            }
        }
    }

    /// Gives an answer again; if its record is gone, the state that is known of it.
    func replayed(_ ticket: Ticket, _ write: LedgerWrite, _ event: Event?) {
        let job = jobs[ticket.record]
        let known = job?.order.flatMap { order in
            job.flatMap { events.event(for: write, of: order, $0, at: Clock.now.wallClock) }
        }
        // What was written again of what became of it tells no answer.
        let told = event.flatMap { $0.kind == Event.Kind(write.state, $0.domain) ? $0 : nil }
        guard var event = told ?? known else {
            return lack(ticket.record, .input(.published(ticket, acknowledged: false)))
        }
        // The same event, for whoever asks now.
        event.trace = job?.trace ?? event.trace
        var batch = Outgoing()
        add(event, ticket, to: &batch)
        send(batch)
    }

    func delivered(_ tags: [Tag], _ reports: [DeliveryReport], at now: Moment) {
        var unnotified: Set<Ticket> = []
        for (tag, report) in zip(tags, reports) {
            if case .failure(let error) = report { note(error) }
            let place = try? report.get()
            switch tag {
            case .ledger(let ticket):
                engine.handle(.appended(ticket, offset: place?.offset), at: now)
                // A claim: with it the partition begins to take decisions.
                if ticket.isClaim {
                    giveDecisions(in: ticket.record.partition, at: now)
                }
            case .methods: if place == nil { toldMethods = nil }
            case .notification(let ticket): if place == nil { unnotified.insert(ticket) }
            case .publication(let ticket, let kind):
                let isDone = place != nil && !unnotified.contains(ticket)
                if isDone { answered(ticket.record, kind, at: now) }
                engine.handle(.published(ticket, acknowledged: isDone), at: now)
            }
        }
    }

    private func answered(_ id: RecordID, _ kind: Event.Kind?, at now: Moment) {
        jobs[id]?.span?.end()
        jobs[id]?.span = nil
        if let kind {
            instruments.published(kind)
        } else if case .rejected? = jobs[id]?.content {
            instruments.deadLettered()
        }
        guard let start = jobs[id]?.receivedAt else { return }
        jobs[id]?.receivedAt = nil
        instruments.answered(after: now.uptime - start)
    }

    /// Something that the engine asks about is not there: a mistake of ours, said and tried again.
    private func lack(_ id: RecordID, _ message: Message) {
        logger.throttled(
            throttle,
            as: "lack",
            .error,
            "nothing is known of a command under way",
            metadata: metadata(of: id)
        )
        mailbox.post(message)
    }
}

extension Record {
    /// Where the record stands.
    var source: CommandSource {
        CommandSource(topic: topic, partition: partition, offset: offset)
    }

    /// The record as it came, for its home partition.
    fileprivate var forward: EncodedRecord {
        Forward.encoded(
            key: withKey { $0.map { [UInt8]($0) } },
            value: withValue { $0.map { [UInt8]($0) } },
            headers: headers.map { ($0.name, $0.value) },
            source: source
        )
    }

    /// The record as it came, with the reason, for the dead letters.
    fileprivate func deadLetter(_ rejection: Rejection, at now: Int64) -> EncodedRecord {
        DeadLetter.encoded(
            key: withKey { $0.map { [UInt8]($0) } },
            value: withValue { $0.map { [UInt8]($0) } },
            headers: headers.map { ($0.name, $0.value) },
            source: source,
            rejection: rejection,
            now: now
        )
    }
}

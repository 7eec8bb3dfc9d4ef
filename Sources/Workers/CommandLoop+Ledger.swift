import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// Ledgers are read, whole after an assignment and in parts on request, and claimed.
extension CommandLoop {
    /// Reads the ledgers of an assignment to the ends that they have now; of what is known from
    /// before, only what follows.
    func readLedgers(_ partitions: [Int32]) {
        let spans = partitions.map { partition in
            let known = engine.knownLedger(of: partition)
            return LedgerSpan(
                partition: partition,
                from: known.end > 0 ? known.end : nil,
                owner: known.claimant
            )
        }
        preparation = Task { [source = ledgerSource] in await source.read(spans) }
    }

    /// Reads what somebody else has written between two places.
    func readGap(_ partition: Int32, from start: Int64, to end: Int64) {
        let span = LedgerSpan(
            partition: partition,
            from: start,
            to: end,
            owner: engine.knownLedger(of: partition).claimant
        )
        gaps[partition]?.cancel()
        gaps[partition] = Task { [source = ledgerSource] in await source.read([span]) }
    }

    private var ledgerSource: LedgerSource {
        LedgerSource(
            assignment: assignment,
            check: survey.check,
            restorer: survey.restorer,
            mailbox: mailbox,
            logger: logger,
            throttle: throttle
        )
    }

    func read(_ number: UInt64, _ chunk: LedgerChunk, at now: Moment) {
        let partition = chunk.partition
        guard number == assignment || gaps[partition] != nil, stopped[partition] == nil else {
            return
        }
        // Somebody wrote what cannot be read: what it meant is not known.
        if let (offset, what) = chunk.unreadable.first {
            let place = "\(ledgerTopic)/\(partition)/\(offset)"
            return stop(partition, "\(place) cannot be read: \(what)", at: now)
        }
        if let claim = chunk.claim {
            do throws(UntrustedLedger) {
                let count = engine.settings.partitionCount
                try survey.check.claim(claim, of: partition, commands: count)
            } catch {
                return refuse(error, at: now)
            }
            foreignGroups[partition] = claim.group == settings.group ? nil : claim.group
        }
        // What others have open behind our claim is none of ours.
        if !engine.isClaimed(partition) {
            for (id, record) in chunk.open {
                let late = jobs[id]?.lateAcceptance
                jobs[id] = Job(record)
                jobs[id]?.lateAcceptance = late
            }
        }
        for (id, outcome) in chunk.accepted { noteLate(outcome, of: id) }
        for item in chunk.items {
            switch item {
            case .entry(let entry): engine.handle(.ledger(partition: partition, entry), at: now)
            case .claim(let claim): engine.handle(.claim(partition: partition, claim), at: now)
            }
        }
        guard chunk.isLast else { return }
        if let reason = whyRenumbered(partition, end: chunk.commandsEnd) {
            return stop(partition, reason, at: now)
        }
        gaps[partition] = nil
        engine.handle(.restored(partition: partition, end: chunk.end), at: now)
        giveDecisions(in: partition, at: now)
        unread.remove(partition)
        if unread.isEmpty { readiness.set(subject, nil) }
        logger.debug(
            "ledger read",
            metadata: ["partition": .number(partition), "end": .number(chunk.end)]
        )
    }

    /// Why the ledger that was read is not the one of its commands; nil if it is.
    private func whyRenumbered(_ partition: Int32, end: Int64?) -> String? {
        guard let end, let latest = engine.latestCommand(of: partition) else { return nil }
        let place = TopicPartition(topic: commandTopic, partition: partition)
        return survey.check.renumbered(place, end: end, latest: latest)
    }

    /// Keeps the word of somebody who had lost the partition that the provider has the order.
    private func noteLate(_ outcome: LedgerRecord.Outcome, of id: RecordID) {
        let late = (outcome.attempt, Receipt(outcome), outcome.decision)
        jobs[id]?.lateAcceptance = late
    }

    func progress(_ number: UInt64, read: Int64, of total: Int64) {
        guard number == assignment, !unread.isEmpty else { return }
        restored = (read, total)
        readiness.set(subject, "reading the ledger: \(read) of \(total) records")
        guard progressThrottle.pass("progress") != nil else { return }
        logger.info("reading the ledger", metadata: ["read": .number(read), "of": .number(total)])
    }

    /// Says to whoever reads the ledger who writes from here on.
    func claim(_ ticket: Ticket, to batch: inout Outgoing) {
        let claim = LedgerRecord.Claim(
            domain: settings.domain,
            group: settings.group,
            owner: settings.owner,
            number: nextLedgerNumber(),
            partitions: engine.settings.partitionCount,
            at: Clock.now.wallClock
        )
        batch.add(
            .ledger(ticket),
            LedgerRecord.claim(claim).encoded(),
            topic: ledgerTopic,
            partition: ticket.record.partition
        )
    }

    /// Another consumer group has claimed a ledger: two deployments share it.
    func refuseForeign(_ partition: Int32, at now: Moment) {
        let other = foreignGroups[partition].map { "the group \($0)" } ?? "another group"
        let reason = UntrustedLedger(
            description:
                "\(ledgerTopic)/\(partition) is claimed by \(other), and this worker belongs "
                + "to the group \(settings.group): two deployments must not share a ledger. Give "
                + "one of them topics of its own (ASPAYDS_TOPIC_PREFIX), or both the same group "
                + "(ASPAYDS_GROUP_PREFIX); then `aspayds-worker ledger claim \(subject)` takes "
                + "the ledger back for the group that it is meant for"
        )
        refuse(reason, at: now)
    }
}

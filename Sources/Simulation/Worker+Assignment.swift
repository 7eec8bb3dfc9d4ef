import Engine
internal import OrderedCollections

/// Partitions come and go: positions, ledgers, leases.
extension Worker {
    func prepare(_ partitions: [Int32]) {
        world.note("\(name) is assigned \(partitions)")
        assignment += 1
        let number = assignment
        reachKafka { [self] in
            let starts = partitions.map { ($0, group.start(of: $0)) }
            fromKafka { [self] in post(.positions(assignment: number, starts)) }
        }
    }

    func begin(_ number: Int, _ starts: [(Int32, Int64)], at now: Moment) {
        guard number == assignment else { return }
        isExpelled = false
        earlierCommit = lastCommit
        cursors = [:]
        for (partition, start) in starts {
            let log = world.log(of: partition)
            let next = log.firstIndex { world.commands[$0].id.offset >= start } ?? log.count
            cursors[partition] = Cursor(next: next)
            leases[partition] = Lease()
            give(.assigned(partition: partition, start: start), now)
        }
        readLedgers(starts.map(\.0))
    }

    private func readLedgers(_ partitions: [Int32]) {
        let early = client.earlyEnds
        for partition in partitions {
            guard let lease = leases[partition] else { continue }
            // What is known from before is not read again.
            let known = engine.knownLedger(of: partition).end
            reachKafka { [self] in
                // The end is captured here: after the assignment, unless this is sabotaged.
                let ledger = world.ledger[Int(partition)]
                let isEarly = world.sabotage == .earlyLedgerEnd
                let records = ledger.records(
                    from: known,
                    before: isEarly ? early[Int(partition)] : ledger.end
                )
                let end = ledger.end
                let count = Int(world.chance.number(0...Int64(records.count)))
                let (first, rest) = (Array(records.prefix(count)), Array(records.dropFirst(count)))
                let reading = world.chance.time(0...(.milliseconds(200)))
                fromKafka(after: reading) { [self] in
                    post(.restored(lease, partition, first, end: nil))
                    fromKafka(after: reading) { [self] in
                        post(.restored(lease, partition, rest, end: end))
                    }
                }
            }
        }
    }

    /// Reads a part of the ledger that somebody else has written.
    func readLedger(_ partition: Int32, from start: Int64, to end: Int64) {
        guard let lease = leases[partition] else { return }
        reachKafka { [self] in
            let records = Array(world.ledger[Int(partition)].records(from: start, before: end))
            fromKafka { [self] in
                post(.restored(lease, partition, records, end: end))
            }
        }
    }

    func restored(
        _ lease: Lease,
        _ partition: Int32,
        _ records: [LedgerRecord],
        end: Int64?,
        at now: Moment
    ) {
        guard leases[partition] === lease else { return }
        for record in records {
            switch record.content {
            case .claim(let group):
                let claim = LedgerClaim(
                    owner: record.owner,
                    isForeign: group != self.group.number,
                    offset: record.offset
                )
                give(.claim(partition: partition, claim), now)
            case .attempt(let attempt):
                // Which of them is open is for the engine to judge.
                let id = world.commands[attempt.command].id
                if jobs[id] == nil { jobs[id] = Job(command: attempt.command) }
                give(.ledger(partition: partition, entry(record, attempt)), now)
            }
        }
        guard let end else { return }
        ledgerEnds[partition] = end
        give(.restored(partition: partition, end: end), now)
        hearDecisions(in: partition, at: now)
    }

    /// What operators have decided so far is heard again.
    func hearDecisions(in partition: Int32, at now: Moment) {
        if world.sabotage == .unheardDecisions { return }
        for decision in world.decisions where decision.partition == partition {
            decided(decision, at: now)
        }
    }

    func decided(_ decision: Decision, at now: Moment) {
        // A dispute has nothing kept for it until something comes of it.
        let subject = engine.dispute(in: decision.partition, of: decision.reference)?.record
        let added = subject.flatMap { jobs[$0] == nil ? $0 : nil }
        if let added { jobs[added] = world.number(of: added).map { Job(command: $0) } }
        defer { if let added, !engine.isWorking(on: added) { jobs[added] = nil } }
        give(
            .decided(
                partition: decision.partition,
                decision.reference,
                decision.decision
            ),
            now
        )
    }

    private func entry(_ record: LedgerRecord, _ attempt: LedgerRecord.Attempt) -> LedgerEntry {
        LedgerEntry(
            key: attempt.order.key,
            fingerprint: attempt.order.fingerprint,
            record: world.commands[attempt.command].id,
            attempt: attempt.write.attempt,
            state: attempt.write.state,
            sequence: attempt.write.sequence,
            offset: record.offset,
            notAfter: attempt.order.notAfter,
            at: record.at,
            owner: record.owner,
            origin: attempt.order.origin,
            since: attempt.write.since,
            decision: attempt.write.decision,
            finding: attempt.write.finding,
            isUnannounced: attempt.write.isUnannounced,
            amount: attempt.order.amount
        )
    }

    func revoke(_ partitions: [Int32], at now: Moment) {
        assignment += 1
        give(.revoking(partitions), now)
        if engine.summary.partitions.isEmpty { unassign() }
    }

    func lose(_ partitions: [Int32], at now: Moment) {
        assignment += 1
        endLeases(partitions)
        give(.lost(partitions), now)
        unassign()
    }

    /// Begins anew with everything that the group has given us.
    func reassign() {
        endLeases(Array(leases.keys))
        cursors = [:]
        if let assigned = client.assigned { prepare(assigned) }
    }

    func relinquish(_ partitions: [Int32]) {
        endLeases(partitions)
        unassign()
    }

    private func endLeases(_ partitions: [Int32]) {
        for partition in partitions { leases.removeValue(forKey: partition)?.isEnded = true }
    }

    private func unassign() {
        cursors = [:]
        client.unassign()
    }
}

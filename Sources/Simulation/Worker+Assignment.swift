import Engine

/// Partitions come and go: positions, ledgers, leases.
extension Worker {
    func prepare(_ partitions: [Int32]) {
        world.note("\(name) is assigned \(partitions)")
        assignment += 1
        let number = assignment
        reachKafka { [self] in
            let starts = partitions.map { ($0, world.start(of: $0)) }
            fromKafka { [self] in post(.positions(assignment: number, starts)) }
        }
    }

    func begin(_ number: Int, _ starts: [(Int32, Int64)], at now: Moment) {
        guard number == assignment else { return }
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
        let number = assignment
        let early = client.earlyEnds
        reachKafka { [self] in
            for partition in partitions {
                // The end is captured here: after the assignment, unless this is sabotaged.
                let ledger = world.ledger[Int(partition)]
                let end = world.sabotage == .earlyLedgerEnd ? early[Int(partition)] : ledger.end
                let records = Array(ledger.records(before: end))
                let reading = world.chance.time(0...(.milliseconds(200)))
                fromKafka(after: reading) { [self] in
                    post(.restored(assignment: number, partition, records))
                }
            }
        }
    }

    func restored(_ number: Int, _ partition: Int32, _ records: [LedgerRecord], at now: Moment) {
        guard number == assignment else { return }
        for record in records {
            // Which of them is open is for the engine to judge.
            let id = world.commands[record.command].id
            if jobs[id] == nil { jobs[id] = Job(command: record.command) }
            give(.ledger(partition: partition, entry(record)), now)
        }
        give(.restored(partition: partition), now)
    }

    /// What is read back of a record: an intent does not say how many events there were, an
    /// outcome not until when its command may be sent.
    private func entry(_ record: LedgerRecord) -> LedgerEntry {
        let isIntent = record.write.state == .intent
        return LedgerEntry(
            key: record.reference,
            fingerprint: record.fingerprint,
            record: world.commands[record.command].id,
            attempt: record.write.attempt,
            state: record.write.state,
            sequence: isIntent ? 0 : record.write.sequence,
            offset: record.offset,
            notAfter: isIntent ? record.notAfter : nil,
            at: record.at,
            owner: record.owner
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

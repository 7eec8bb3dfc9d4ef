/// Partitions come and go: assign, drain, abandon.
extension CommandEngine {
    mutating func assign(_ partition: Int32, start: Int64) {
        abandon([partition])
        let state = PartitionState(partition, epoch: newNumber(), start: start)
        if let known = remembered[partition] {
            state.references = known.references
            state.tracked = known.tracked
            state.disputes = known.disputes
            state.spent = known.spent
            state.findings = known.findings
            state.told = known.told
            state.ledgerEnd = known.end
            state.claimant = known.claimant
        }
        partitions[partition] = state
        owned.append(state)
        owned.sort { $0.number < $1.number }
        updateShare()
        if isStopping { drain([partition]) }
    }

    /// Begins to give partitions back: nothing new starts, what is open is brought to an end.
    mutating func drain(_ list: [Int32]) {
        let until = now.uptime + settings.drainTimeout
        let drained = list.filter { partitions[$0]?.isDraining == false }
        for partition in drained {
            partitions[partition]?.phase = .draining(until: until)
            stir(partition)
            closeDoubts(of: partition)
        }
        let members = Set(drained)
        stopTracking(members)
        let ids = works.keys.filter { members.contains($0.partition) }.sorted()
        for id in ids where works[id]?.state == .queued { drop(id) }
        for id in ids { bringToEnd(id) }
    }

    /// What a drain does to a command, by where it stands.
    private mutating func bringToEnd(_ id: RecordID) {
        guard let work = works[id] else { return }
        switch work.state {
        case .waiting, .backingOff, .fencing, .ready:
            if work.hasIntent { giveUp(id) } else { remove(id) }
        case .asking:
            remove(id)
        case .journaling, .inFlight, .judging, .recording, .publishing, .queued,
            .dropped:
            break
        }
    }

    /// Gives partitions up at once, without a word to the ledger: what is open there is in doubt
    /// for whoever reads it next.
    mutating func abandon(_ list: [Int32]) {
        let members = owned.map(\.number).filter(Set(list).contains)
        if members.isEmpty { return }
        leaveWork(of: members)
        stopTracking(Set(members))
        // What was wanted a moment ago is not ours to say any more.
        effects.removeAll { $0.ticket.map { members.contains($0.record.partition) } ?? false }
        for partition in members { partitions[partition] = nil }
        owned.removeAll { members.contains($0.number) }
        busy.removeAll { members.contains($0.number) }
        updateShare()
    }

    /// Leaves everything that is under way to whoever comes next.
    mutating func leaveWork(of members: [Int32]) {
        let ids = works.keys.filter { members.contains($0.partition) }.sorted()
        for id in ids where works[id]?.state == .queued { drop(id) }
        // Nothing may begin here any more: what operators have decided, whoever comes next hears too.
        for id in ids { works[id]?.laterDecision = nil }
        for partition in members { closeDoubts(of: partition) }
        for id in ids where works[id]?.state != .dropped { remove(id) }
    }

    private mutating func closeDoubts(of partition: Int32) {
        guard let doubts = partitions[partition]?.doubts else { return }
        partitions[partition]?.doubts = [:]
        for record in doubts.values.map(\.record).sorted() where works[record] == nil {
            effects.append(.forget(record))
        }
    }

    /// Hands drained partitions back, all together: the eager protocol unassigns at one stroke.
    mutating func relinquishDrained() {
        if owned.contains(where: \.isDraining) {
            let draining = owned.filter(\.isDraining).map(\.number)
            let late = draining.filter { !isDrained($0) }
            if !late.isEmpty {
                guard let end = nextDrainEnd, now.uptime >= end else { return }
                effects.append(.alert(.drainTimedOut(late)))
            }
            for state in owned where state.isDraining && state.isRead {
                remembered[state.number] = state.memory
            }
            abandon(draining)
            effects.append(.relinquish(draining))
        }
        if isStopping && owned.isEmpty {
            isStopping = false
            effects.append(.stopped)
        }
    }

    /// Nothing is open, and the group was told how far it got (whether it listened or not).
    private func isDrained(_ partition: Int32) -> Bool {
        partitions[partition]?.isIdle != false && pendingCommit?.marks[partition] == nil
    }

    var nextDrainEnd: Instant? {
        var end = Earliest()
        for state in owned {
            if case .draining(let until) = state.phase { end.note(until) }
        }
        return end.instant
    }
}

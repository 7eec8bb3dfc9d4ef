/// Partitions come and go: restore, drain, abandon.
extension CommandEngine {
    mutating func assign(_ partition: Int32, start: Int64) {
        abandon([partition])
        partitions[partition] = PartitionState(epoch: newNumber(), start: start)
        owned.append(partition)
        owned.sort()
        updateShare()
        if isStopping { drain([partition]) }
    }

    /// Notes what the ledger says, in whatever order compaction has left it.
    ///
    /// A reference only goes forward: what an earlier owner has written late, or wrote of an attempt
    /// that was over, hides nothing. Intents do not say how many events there were, outcomes not
    /// until when the command may be sent: each is kept from where it is said.
    mutating func restore(_ entry: LedgerEntry, in partition: Int32) {
        guard partitions[partition]?.phase == .restoring else { return }
        var standing = Standing(entry)
        if var known = partitions[partition]?.standings[entry.key] {
            // An intent of another owner, beside one that is open or was given up: one of the two
            // was late, and which of them was sent is not known.
            let isUnsent = known.state == .intent || known.state == .notSent
            if entry.state == .intent && isUnsent && known.attempt == entry.attempt
                && known.owner != entry.owner
            {
                known.state = .intent
                known.isContested = true
                standing = known
            }
            if known.isAhead(of: standing) || !known.canBeClosed(by: entry) { standing = known }
            standing.sequence = max(entry.sequence, known.sequence)
            if known.attempt == entry.attempt {
                standing.notAfter = known.notAfter ?? entry.notAfter
            }
        }
        partitions[partition]?.standings[entry.key] = standing
    }

    /// Begins with what the last owner left open: an intent without outcome may have been sent.
    mutating func finishRestoring(_ partition: Int32) {
        guard let state = partitions[partition], state.phase == .restoring else { return }
        partitions[partition]?.phase = .active
        let open = state.standings
            .filter { [.intent, .inDoubt, .review].contains($0.value.state) }
            .sorted { $0.value.ledgerOffset < $1.value.ledgerOffset }
        for (key, standing) in open {
            let order = Order(
                key: key,
                fingerprint: standing.fingerprint,
                notAfter: standing.notAfter
            )
            if standing.state == .intent {
                var work = Work(arrival: .create(order), state: .waiting)
                work.attempt = standing.attempt
                work.sequence = standing.sequence
                take(standing.record, work)
                conclude(standing.record, as: .inDoubt)
            } else {
                openDoubt(standing, order: order, in: partition)
            }
        }
    }

    /// Begins to give partitions back: nothing new starts, what is open is brought to an end.
    mutating func drain(_ list: [Int32]) {
        let until = now.uptime + settings.drainTimeout
        let drained = list.filter { partitions[$0]?.isDraining == false }
        for partition in drained {
            partitions[partition]?.phase = .draining(until: until)
            closeDoubts(of: partition)
        }
        let members = Set(drained)
        let ids = works.keys.filter { members.contains($0.partition) }.sorted()
        for id in ids where works[id]?.state == .queued { drop(id) }
        for id in ids { bringToEnd(id) }
    }

    /// What a drain does to a command, by where it stands.
    private mutating func bringToEnd(_ id: RecordID) {
        guard let work = works[id] else { return }
        switch work.state {
        case .waiting, .backingOff, .fencing:
            if work.hasIntent { giveUp(id) } else { remove(id) }
        case .asking:
            remove(id)
        case .journaling, .inFlight, .judging, .announcing, .recording, .publishing, .queued,
            .dropped:
            break
        }
    }

    /// Gives partitions up at once, without a word to the ledger: what is open there is in doubt
    /// for whoever reads it next.
    mutating func abandon(_ list: [Int32]) {
        let members = owned.filter(Set(list).contains)
        if members.isEmpty { return }
        let ids = works.keys.filter { members.contains($0.partition) }.sorted()
        for id in ids where works[id]?.state == .queued { drop(id) }
        for partition in members { closeDoubts(of: partition) }
        for id in ids where works[id]?.state != .dropped { remove(id) }
        for partition in members { partitions[partition] = nil }
        owned.removeAll { members.contains($0) }
        updateShare()
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
        let draining = owned.filter { partitions[$0]?.isDraining == true }
        if !draining.isEmpty {
            let late = draining.filter { !isDrained($0) }
            if !late.isEmpty {
                guard let end = nextDrainEnd, now.uptime >= end else { return }
                effects.append(.alert(.drainTimedOut(late)))
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
        guard let state = partitions[partition] else { return true }
        return state.held == 0 && !state.hasUncommittedProgress
            && pendingCommit?.offsets[partition] == nil
    }

    var nextDrainEnd: Instant? {
        var end: Instant?
        for partition in owned {
            guard case .draining(let until) = partitions[partition]?.phase else { continue }
            end = min(end ?? until, until)
        }
        return end
    }

    /// Each replica takes the part of the rate that its partitions are of the topic.
    private mutating func updateShare() {
        let part = Double(owned.count) / Double(settings.partitionCount)
        limiter.setShare(settings.rateLimit * min(1, part), at: now.uptime)
    }
}

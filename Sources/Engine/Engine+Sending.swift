internal import DequeModule
internal import HeapModule

/// Permit, intent, fence, transmission: the way of an order to the provider (DESIGN.md §4).
extension CommandEngine {
    /// Gives permits out while there are tokens, slots and a closed breaker.
    mutating func grantPermits() {
        while breaker.isClosed {
            skipStale()
            let order = slotsTaken < settings.maxInFlight ? waitingOrders.first : nil
            let verifies = isVerificationDue
            if let order, limiter.take(.create, otherLaneWaits: verifies, at: now.uptime) {
                waitingOrders.removeFirst()
                begin(order)
            } else if verifies, limiter.take(.verify, otherLaneWaits: order != nil, at: now.uptime)
            {
                verify()
            } else {
                return
            }
        }
    }

    private var isVerificationDue: Bool {
        if isLookupDue { return true }
        return !waitingChecks.isEmpty && slotsTaken < settings.maxInFlight
    }

    private mutating func verify() {
        if isLookupDue {
            lookUpDue()
        } else if let check = waitingChecks.popFirst() {
            move(check, to: .asking)
            effects.append(.ask(newTicket(for: check)))
        }
    }

    private mutating func skipStale() {
        while let first = waitingOrders.first, works[first]?.state != .waiting {
            waitingOrders.removeFirst()
        }
        while let first = waitingChecks.first, works[first]?.state != .waiting {
            waitingChecks.removeFirst()
        }
        skipStaleLookups()
    }

    /// When the next permit can be given, if anything waits for one.
    var nextPermitAt: Instant? {
        guard breaker.isClosed else { return nil }
        let hasSlot = slotsTaken < settings.maxInFlight
        let isWaiting = hasSlot && !(waitingOrders.isEmpty && waitingChecks.isEmpty)
        guard let token = limiter.nextToken(after: now.uptime) else { return nil }
        if isWaiting { return token }
        guard lookupBatches.count < Self.maxLookupBatches else { return nil }
        return lookups.min.map { max(token, $0.at) }
    }

    private mutating func begin(_ id: RecordID) {
        guard let work = works[id], let order = work.order else { return }
        if isOverdue(order) { return expire(id) }
        if work.hasIntent { return awaitFence(id) }
        works[id]?.attempt += 1
        move(id, to: .journaling)
        append(id, LedgerWrite(attempt: work.attempt + 1, state: .intent, sequence: work.sequence))
    }

    mutating func append(_ id: RecordID, _ write: LedgerWrite) {
        effects.append(.append(newTicket(for: id), write))
    }

    mutating func awaitFence(_ id: RecordID) {
        move(id, to: .fencing(nil))
        partitions[id.partition]?.fenceQueue.append(id)
    }

    /// Commits, one at a time: the fence of every intent that waits, and the progress made.
    mutating func commitIfDue() {
        if let pendingCommit, now.uptime >= pendingCommit.deadline {
            committed(pendingCommit.number, accepted: [:])
        }
        guard pendingCommit == nil else { return }
        guard let due = commitDue, now.uptime >= due else { return }
        var commit = PendingCommit(
            number: newNumber(),
            offsets: [:],
            epochs: [:],
            waiters: [],
            issuedAt: now.uptime,
            deadline: now.uptime + settings.commitDeadline
        )
        for partition in owned { join(partition, to: &commit) }
        guard !commit.offsets.isEmpty else { return }
        for waiter in commit.waiters { move(waiter, to: .fencing(commit.number)) }
        effects.append(.commit(commit.number, offsets: commit.offsets))
        pendingCommit = commit
    }

    /// When the next commit is due; nil if there is nothing to commit.
    private var commitDue: Instant? {
        owned.compactMap { commitDue(of: $0) }.min()
    }

    private func commitDue(of partition: Int32) -> Instant? {
        guard let state = partitions[partition], state.phase != .restoring else { return nil }
        let isLast = state.isDraining && state.held == 0
        let due: Instant
        if !state.fenceQueue.isEmpty || (isLast && state.hasUncommittedProgress) {
            due = now.uptime
        } else if state.hasUncommittedProgress {
            due = lastCommitAt + settings.commitInterval
        } else {
            return nil
        }
        return max(due, state.fenceAt ?? due)
    }

    private mutating func join(_ partition: Int32, to commit: inout PendingCommit) {
        guard let state = partitions[partition], state.phase != .restoring else { return }
        guard state.hasUncommittedProgress || !state.fenceQueue.isEmpty else { return }
        if let fenceAt = state.fenceAt, now.uptime < fenceAt { return }
        commit.offsets[partition] = state.progress.watermark
        commit.epochs[partition] = state.epoch
        commit.waiters += state.fenceQueue.filter { works[$0]?.state == .fencing(nil) }
        partitions[partition]?.fenceQueue = []
    }

    /// When a commit is due without further input.
    var nextCommitAt: Instant? {
        pendingCommit == nil ? commitDue : nil
    }

    mutating func committed(_ number: CommitNumber, accepted: [Int32: Bool]) {
        guard let commit = pendingCommit, commit.number == number else { return }
        pendingCommit = nil
        lastCommitAt = now.uptime
        // A reply that is late, because the process was suspended perhaps, fences nothing.
        let isLate = now.uptime >= commit.deadline
        var standing: Set<Int32> = []
        for (partition, offset) in commit.offsets {
            guard partitions[partition]?.epoch == commit.epochs[partition] else { continue }
            if accepted[partition] == true && !isLate {
                standing.insert(partition)
                partitions[partition]?.committed = offset
                partitions[partition]?.fenceAt = nil
            } else {
                // A drained partition has been told; whether it was heard changes nothing, the
                // ledger answers what is read again.
                if partitions[partition]?.isDraining == true {
                    partitions[partition]?.committed = offset
                }
                partitions[partition]?.fenceAt = now.uptime + .milliseconds(100)
            }
        }
        for waiter in commit.waiters where works[waiter]?.state == .fencing(number) {
            if standing.contains(waiter.partition) {
                pass(waiter, fencedAt: commit.issuedAt)
            } else {
                awaitFence(waiter)
            }
        }
    }

    /// The fence holds: the order goes out, once, or its time is over.
    private mutating func pass(_ id: RecordID, fencedAt: Instant) {
        guard let work = works[id], let order = work.order else { return }
        if work.isExpiring || isOverdue(order) {
            works[id]?.isExpiring = true
            return concludeExpiry(id)
        }
        move(id, to: .inFlight)
        let expires = fencedAt + settings.sendDeadline
        effects.append(.transmit(newTicket(for: id), attempt: work.attempt, expires: expires))
    }
}

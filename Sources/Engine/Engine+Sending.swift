internal import DequeModule
internal import HeapModule

/// Intent, fence, permit, transmission: the way of an order to the provider (DESIGN.md §4).
extension CommandEngine {
    /// Sends orders on their way to a permit, no more than half a second's worth.
    ///
    /// An intent whose order was not sent is in doubt if the process dies, so few of them are kept
    /// ready; a slow fence cannot let them all go at once either, since permits come after it.
    mutating func prepare() {
        guard !isPaused, breaker.isClosed, limiter.rate > 0 else { return }
        let limit = max(1, Int(min(limiter.rate / 2, Double(settings.maxInFlight))))
        while slotsTaken < settings.maxInFlight && inPreparation < limit {
            guard let id = waitingOrders.popFirst() else { return }
            if works[id]?.state == .waiting { begin(id) }
        }
    }

    /// Gives permits out while there are tokens, slots and a closed breaker.
    mutating func grantPermits() {
        if !breaker.isClosed { limiter.rest(at: now.uptime) }
        while breaker.isClosed {
            skipStale()
            var waiting: Lanes = []
            if !readyOrders.isEmpty { waiting.insert(.create) }
            if isVerificationDue { waiting.insert(.verify) }
            if isPollDue { waiting.insert(.poll) }
            switch limiter.take(from: waiting, at: now.uptime) {
            case .create?: if let order = readyOrders.popFirst() { transmit(order) }
            case .verify?: verify()
            case .poll?: pollDue()
            default: return
            }
        }
    }

    private var isVerificationDue: Bool {
        isLookupDue || isAskDue || isRefreshDue
    }

    private mutating func verify() {
        if isLookupDue {
            lookUpDue()
        } else if isAskDue {
            askDue()
        } else {
            refreshAt = nil
            probe()
        }
    }

    private mutating func skipStale() {
        skipStaleChecks()
        skipStaleLookups()
        skipStalePolls()
        while let first = readyOrders.first {
            if case .ready(let expires) = works[first]?.state {
                if now.uptime < expires { return }
                awaitFence(first)
            }
            readyOrders.removeFirst()
        }
    }

    /// When the next permit can be given, if anything waits for one.
    var nextPermitAt: Instant? {
        guard breaker.isClosed, let token = limiter.nextToken(after: now.uptime) else { return nil }
        if !readyOrders.isEmpty || isAskDue { return token }
        let lookup = lookupBatches.count < Self.maxLookupBatches ? lookups.min?.at : nil
        let poll = pollBatches.count < Self.maxPolls ? polls.min?.at : nil
        let refresh = isProbing ? nil : refreshAt
        var due = Earliest()
        due.note(lookup)
        due.note(poll)
        due.note(refresh)
        return due.instant.map { max(token, $0) }
    }

    private mutating func begin(_ id: RecordID) {
        guard let work = works[id], let order = work.order else { return }
        if lateAcceptance(of: id) != nil { return conclude(id, as: .inDoubt) }
        if isOverdue(order) { return forgo(id, as: .expired) }
        if work.hasIntent { return awaitFence(id) }
        // What a person has decided about is not held again.
        if work.decision == nil && isTooMuch(order, in: id.partition) {
            return forgo(id, as: .held)
        }
        works[id]?.attempt += 1
        move(id, to: .journaling)
        appendIntent(id)
    }

    mutating func appendIntent(_ id: RecordID) {
        spend(id)
        guard let work = works[id] else { return }
        let write = LedgerWrite(
            attempt: work.attempt,
            state: .intent,
            sequence: work.sequence,
            decision: work.decision
        )
        append(id, write)
    }

    /// Kafka has not said that it has an intent.
    ///
    /// Another day may have begun since it was judged, and be full.
    mutating func offerIntentAgain(_ id: RecordID) {
        guard let work = works[id], let order = work.order else { return }
        takeBack(id)
        if work.decision != nil || !isTooMuch(order, in: id.partition) { return appendIntent(id) }
        // Kafka may have it all the same: its attempt is the one that ends.
        works[id]?.hasIntent = true
        forgo(id, as: .held)
    }

    mutating func journaled(_ id: RecordID) {
        works[id]?.hasIntent = true
        if partitions[id.partition]?.isDraining == true {
            giveUp(id)
        } else {
            awaitFence(id)
        }
    }

    mutating func append(_ id: RecordID, _ write: LedgerWrite) {
        effects.append(.append(newTicket(for: id), write))
    }

    mutating func awaitFence(_ id: RecordID) {
        move(id, to: .fencing(nil))
        partitions[id.partition]?.fenceQueue.append(id)
        stir(id.partition)
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
            marks: [:],
            epochs: [:],
            waiters: [],
            claims: [],
            issuedAt: now.uptime,
            deadline: now.uptime + settings.commitDeadline
        )
        for state in perhapsCommitted { join(state, to: &commit) }
        guard !commit.marks.isEmpty else { return }
        for waiter in commit.waiters { move(waiter, to: .fencing(commit.number)) }
        effects.append(.commit(commit.number, offsets: commit.marks))
        pendingCommit = commit
    }

    /// The partitions that may have to be committed: a heartbeat's fence may be any one's.
    private var perhapsCommitted: [PartitionState] { beatDue == nil ? busy : owned }

    /// When the next commit is due; nil if there is nothing to commit.
    private var commitDue: Instant? {
        let usual = lastCommitAt + settings.commitInterval
        let beating = beatPartition
        var earliest = Earliest()
        for state in perhapsCommitted where state.hasSomethingToCommit || state === beating {
            let due = state.isFenceDue || state === beating ? now.uptime : usual
            earliest.note(max(due, state.fenceAt ?? due))
        }
        return earliest.instant
    }

    private mutating func join(_ state: PartitionState, to commit: inout PendingCommit) {
        guard state.hasSomethingToCommit || state === beatPartition else { return }
        let partition = state.number
        if let fenceAt = state.fenceAt, now.uptime < fenceAt { return }
        commit.marks[partition] = state.mark
        if state.phase == .claiming(.fencing) { commit.claims.append(partition) }
        commit.epochs[partition] = state.epoch
        commit.waiters += state.fenceQueue.filter { works[$0]?.state == .fencing(nil) }
        state.fenceQueue = []
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
        for (partition, mark) in commit.marks {
            guard partitions[partition]?.epoch == commit.epochs[partition] else { continue }
            if accepted[partition] == true && !isLate {
                standing.insert(partition)
                partitions[partition]?.committed = mark.offset
                partitions[partition]?.fenceAt = nil
            } else {
                // A drained partition has been told; whether it was heard changes nothing, the
                // ledger answers what is read again.
                if partitions[partition]?.isDraining == true {
                    partitions[partition]?.committed = mark.offset
                }
                partitions[partition]?.fenceAt = now.uptime + .milliseconds(100)
            }
        }
        fenceBeat(issuedAt: commit.issuedAt, accepted: !standing.isEmpty)
        for partition in commit.claims where standing.contains(partition) {
            if partitions[partition]?.phase == .claiming(.fencing) { claim(partition) }
        }
        for waiter in commit.waiters where works[waiter]?.state == .fencing(number) {
            if standing.contains(waiter.partition) {
                pass(waiter, fencedAt: commit.issuedAt)
            } else {
                awaitFence(waiter)
            }
        }
    }

    /// The fence holds: the order may go out, or its time is over.
    private mutating func pass(_ id: RecordID, fencedAt: Instant) {
        guard let work = works[id], let order = work.order else { return }
        if let end = work.foregone ?? (isOverdue(order) ? .expired : nil) {
            return concludeForegone(id, as: end)
        }
        move(id, to: .ready(expires: fencedAt + settings.sendDeadline))
        readyOrders.append(id)
    }

    /// The order goes out, once.
    private mutating func transmit(_ id: RecordID) {
        guard let work = works[id], case .ready(let expires) = work.state else { return }
        // The provider has it from an attempt before, as somebody has said since the intent.
        if lateAcceptance(of: id) != nil { return conclude(id, as: .inDoubt) }
        move(id, to: .inFlight)
        effects.append(.transmit(newTicket(for: id), attempt: work.attempt, expires: expires))
    }
}

internal import DequeModule
internal import HeapModule

/// What may have been sent is looked up until it is known, or a person decides (DESIGN.md §4).
extension CommandEngine {
    static let maxLookupBatches = 4
    static let maxLookupBatchSize = 100

    /// Delays between lookups; the last one repeats.
    private static let schedule: [Duration] = [
        .seconds(1), .seconds(2), .seconds(5), .seconds(10), .seconds(30), .seconds(60),
        .seconds(120), .seconds(300), .seconds(600),
    ]

    /// What got no answer is asked again so soon, however slow the schedule has become: a provider
    /// that is away opens the breaker, and one that hiccups must not delay a judgement.
    private static let retryDelay = Duration.seconds(5)

    /// Looks a reference up from now on, until it is known what became of it.
    ///
    /// One that was found in the ledger is as old as that says, less an allowance for clocks that
    /// differ; one of our own begins now.
    mutating func openDoubt(
        _ reference: OpenReference,
        in partition: Int32,
        isFound: Bool = false
    ) {
        let (order, standing) = (reference.order, reference.standing)
        let since = reference.since ?? reference.at
        let age =
            isFound
            ? .milliseconds(max(0, now.wallClock - since)) - settings.clockSkew : Duration.zero
        let known = partitions[partition]?.doubts[order.key]
        let lookups = known?.attempt == standing.attempt ? known?.lookups ?? 0 : 0
        let judgedFrom =
            now.uptime + (settings.sendDeadline + settings.settleWindow - age)
        let doubt = Doubt(
            record: standing.record,
            order: order,
            attempt: standing.attempt,
            since: since,
            lookups: lookups,
            nextLookup: now.uptime + delay(after: lookups),
            judgedFrom: max(judgedFrom, known?.judgedFrom ?? judgedFrom),
            inReview: standing.state == .review,
            release: reference.decision
        )
        partitions[partition]?.doubts[order.key] = doubt
        scheduleLookup(DoubtID(partition: partition, key: order.key))
    }

    private func delay(after lookups: Int) -> Duration {
        Self.schedule[min(lookups, Self.schedule.count - 1)]
    }

    private mutating func scheduleLookup(_ id: DoubtID) {
        guard let doubt = partitions[id.partition]?.doubts[id.key] else { return }
        lookups.insert(Timed(at: doubt.nextLookup, number: newNumber(), subject: id))
    }

    var isLookupDue: Bool {
        guard lookupBatches.count < Self.maxLookupBatches, let next = lookups.min else {
            return false
        }
        return next.at <= now.uptime
    }

    mutating func skipStaleLookups() {
        while let next = lookups.min, next.at <= now.uptime, !isCurrent(next) {
            lookups.removeMin()
        }
    }

    private func isCurrent(_ lookup: Timed<DoubtID>) -> Bool {
        guard let doubt = partitions[lookup.subject.partition]?.doubts[lookup.subject.key] else {
            return false
        }
        return doubt.nextLookup == lookup.at && !doubt.isBeingLookedUp
    }

    /// Looks up as many as one request holds; what has to be alone goes alone.
    mutating func lookUpDue() {
        var batch: [DoubtID] = []
        var records: [RecordID] = []
        var later: [Timed<DoubtID>] = []
        var isAlone = false
        var isConfirming = false
        while !isAlone, batch.count < Self.maxLookupBatchSize, let next = lookups.min,
            next.at <= now.uptime
        {
            lookups.removeMin()
            let id = next.subject
            guard isCurrent(next), let doubt = partitions[id.partition]?.doubts[id.key] else {
                continue
            }
            isAlone = doubt.isConfirming || doubt.isAlone
            if isAlone && !batch.isEmpty {
                later.append(next)
                break
            }
            isConfirming = doubt.isConfirming
            partitions[id.partition]?.doubts[id.key]?.isBeingLookedUp = true
            records.append(doubt.record)
            batch.append(id)
        }
        for next in later { lookups.insert(next) }
        guard !batch.isEmpty else { return }
        let number = newNumber()
        lookupBatches[number] = LookupBatch(doubts: batch, askedAt: now.uptime)
        effects.append(.lookUp(number, records, isConfirming: isConfirming))
    }

    mutating func lookedUp(
        _ number: LookupNumber,
        _ sightings: [RecordID: Sighting],
        failure: Outcome?
    ) {
        guard let batch = lookupBatches.removeValue(forKey: number) else { return }
        if let failure { noteForBreaker(failure) } else { note(failed: false) }
        // Something in it may be what the provider does not like.
        let isRefused = failure == .refused || failure == .inDoubt(.unclearAnswer)
        for id in batch.doubts {
            guard let doubt = partitions[id.partition]?.doubts[id.key], doubt.isBeingLookedUp else {
                continue
            }
            partitions[id.partition]?.doubts[id.key]?.isBeingLookedUp = false
            if isRefused { partitions[id.partition]?.doubts[id.key]?.isAlone = true }
            settleLate(id, doubt)
            if let sighting = sightings[doubt.record] {
                partitions[id.partition]?.doubts[id.key]?.lookups += 1
                judge(id, sighting, askedAt: batch.askedAt)
            } else {
                lookUpAgain(id, at: now.uptime + Self.retryDelay)
            }
            takeUpLeftovers(id)
        }
    }

    /// Decides what one lookup says of a doubt.
    private mutating func judge(_ id: DoubtID, _ sighting: Sighting, askedAt: Instant) {
        guard let doubt = partitions[id.partition]?.doubts[id.key] else { return }
        partitions[id.partition]?.doubts[id.key]?.isConfirming = false
        switch sighting {
        case .found where doubt.isConfirming: return settle(id, doubt, as: .accepted)
        case .found:
            // The answer for one says more than that for many: every field is compared.
            partitions[id.partition]?.doubts[id.key]?.isConfirming = true
            return lookUpAgain(id, at: now.uptime)
        case .mismatch where !doubt.inReview: return settle(id, doubt, as: .review)
        case .absent
        where !doubt.inReview && !doubt.isConfirming && askedAt >= doubt.judgedFrom:
            return settleAbsent(id, doubt)
        case .mismatch, .absent, .differs, .status: break
        }
        var next = now.uptime + delay(after: doubt.lookups)
        if !doubt.inReview && doubt.judgedFrom > now.uptime { next = min(next, doubt.judgedFrom) }
        lookUpAgain(id, at: next)
    }

    /// What had to wait while a doubt was being looked up.
    private mutating func takeUpLeftovers(_ id: DoubtID) {
        guard let doubt = partitions[id.partition]?.doubts[id.key] else { return }
        if let decision = doubt.decision { decide(id, decision) }
    }

    /// Looks a doubt up at once, unless that has just been done.
    mutating func lookUpSoon(_ id: DoubtID) {
        guard let doubt = partitions[id.partition]?.doubts[id.key], !doubt.isBeingLookedUp,
            doubt.nextLookup > now.uptime + .seconds(2)
        else { return }
        lookUpAgain(id, at: now.uptime + .seconds(2))
    }

    private mutating func lookUpAgain(_ id: DoubtID, at next: Instant) {
        partitions[id.partition]?.doubts[id.key]?.nextLookup = next
        scheduleLookup(id)
    }

    /// The provider has not had it for the whole settle window.
    private mutating func settleAbsent(_ id: DoubtID, _ doubt: Doubt) {
        // Sent again it would be refused again, without end.
        if settings.repostsWhenAbsent && doubt.wasRefused { return settle(id, doubt, as: .refused) }
        let late = partitions[id.partition]?.references.open[id.key]?.lateAcceptance
        guard settings.repostsWhenAbsent, !isOverdue(doubt.order), late == nil else {
            return settle(id, doubt, as: .review)
        }
        guard let work = settlingWork(id, doubt) else { return }
        partitions[id.partition]?.doubts[id.key] = nil
        take(doubt.record, work)
        resend(doubt.record)
    }

    /// Lets another attempt be sent although an earlier one may have been executed.
    mutating func resend(_ id: RecordID) {
        works[id]?.mayHaveArrived = true
        works[id]?.since = nil
        works[id]?.lookups = 0
        waitForTurn(id)
    }

    /// The ledger knows that another attempt may be sent.
    mutating func released(_ id: RecordID) {
        if partitions[id.partition]?.isDraining == true { return remove(id) }
        resend(id)
    }

    /// Settles a doubt of which somebody who had lost the partition has recorded, late, that the
    /// provider has it.
    mutating func settleLate(_ id: DoubtID, _ doubt: Doubt) {
        let reference = partitions[id.partition]?.references.open[id.key]
        guard let late = reference?.lateAcceptance, late.attempt == doubt.attempt else { return }
        settle(id, doubt, as: .accepted, decision: late.decision)
    }

    /// Records what became of a doubt and says so.
    private mutating func settle(
        _ id: DoubtID,
        _ doubt: Doubt,
        as state: LedgerState,
        decision: DecisionNumber? = nil
    ) {
        guard var work = settlingWork(id, doubt) else { return }
        work.decision = decision ?? doubt.release
        if state != .review { partitions[id.partition]?.doubts[id.key] = nil }
        take(doubt.record, work)
        conclude(doubt.record, as: state)
    }

    /// A work that carries the end of a doubt through ledger and topic; nil, and looked up again
    /// soon, while the same record is being answered.
    private mutating func settlingWork(_ id: DoubtID, _ doubt: Doubt) -> Work? {
        guard works[doubt.record] == nil else {
            lookUpAgain(id, at: now.uptime + .seconds(1))
            return nil
        }
        var work = Work(arrival: .create(doubt.order), state: .queued)
        work.isSettlement = true
        // Where its command is still to be read again, what has the same key waits for it.
        work.isInLine = partitions[id.partition]?.progress.isRead(doubt.record.offset) == false
        work.attempt = doubt.attempt
        work.sequence = partitions[id.partition]?.references[id.key]?.sequence ?? 0
        work.since = doubt.since
        work.lookups = doubt.lookups
        return work
    }

    // MARK: Decisions

    /// An operator has decided about a reference in review (DESIGN.md §4, "Review").
    ///
    /// It counts for the attempt that it names, while that is the latest one and in review. What
    /// was decided too early counts for nothing, whenever it is heard.
    mutating func decide(_ id: DoubtID, _ decision: ReviewDecision) {
        guard partitions[id.partition]?.phase == .active else { return }
        guard let doubt = partitions[id.partition]?.doubts[id.key] else {
            return decideDispute(id, decision)
        }
        guard doubt.inReview, doubt.attempt == decision.attempt else { return }
        let window = settings.sendDeadline + settings.settleWindow
        let arrived = doubt.since + window.wholeNanoseconds / 1_000_000
        guard decision.verdict == .done || decision.at >= arrived else {
            // Another one may be waiting that counts.
            if doubt.decision?.number == decision.number {
                partitions[id.partition]?.doubts[id.key]?.decision = nil
            }
            effects.append(.alert(.decisionTooEarly(decision.number)))
            return
        }
        partitions[id.partition]?.doubts[id.key]?.decision = decision
        // It is taken up again after the next lookup: this one may just have found the order, or the
        // operator's clock is fast.
        if doubt.isConfirming || doubt.isBeingLookedUp { return }
        if decision.verdict != .done && now.wallClock < arrived { return }
        switch decision.verdict {
        case .done: settle(id, doubt, as: .accepted, decision: decision.number)
        case .notDone: settle(id, doubt, as: .refused, decision: decision.number)
        case .release: release(id, doubt, decision.number)
        }
    }

    private mutating func release(_ id: DoubtID, _ doubt: Doubt, _ decision: DecisionNumber) {
        guard var work = settlingWork(id, doubt) else { return }
        work.decision = decision
        partitions[id.partition]?.doubts[id.key] = nil
        take(doubt.record, work)
        conclude(doubt.record, as: .released)
    }
}

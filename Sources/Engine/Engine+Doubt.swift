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

    mutating func openDoubt(_ standing: Standing, order: Order, in partition: Int32) {
        // A doubt found in the ledger is as old as its record.
        let age = Duration.milliseconds(max(0, now.wallClock - standing.at))
        let known = partitions[partition]?.doubts[order.key]
        let lookups = known?.attempt == standing.attempt ? known?.lookups ?? 0 : 0
        let doubt = Doubt(
            record: standing.record,
            order: order,
            attempt: standing.attempt,
            lookups: lookups,
            nextLookup: now.uptime + delay(after: lookups),
            judgedFrom: now.uptime + (settings.sendDeadline + settings.settleWindow - age),
            inReview: standing.state == .review
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

    /// Looks up as many as one request holds.
    mutating func lookUpDue() {
        var batch: [DoubtID] = []
        var records: [RecordID] = []
        while batch.count < Self.maxLookupBatchSize, let next = lookups.min, next.at <= now.uptime {
            lookups.removeMin()
            guard isCurrent(next) else { continue }
            let id = next.subject
            partitions[id.partition]?.doubts[id.key]?.isBeingLookedUp = true
            if let doubt = partitions[id.partition]?.doubts[id.key] { records.append(doubt.record) }
            batch.append(id)
        }
        guard !batch.isEmpty else { return }
        let number = newNumber()
        lookupBatches[number] = LookupBatch(doubts: batch, askedAt: now.uptime)
        effects.append(.lookUp(number, records))
    }

    mutating func lookedUp(
        _ number: LookupNumber,
        _ sightings: [RecordID: Sighting],
        failure: Outcome?
    ) {
        guard let batch = lookupBatches.removeValue(forKey: number) else { return }
        if let failure { noteForBreaker(failure) } else { note(failed: false) }
        for id in batch.doubts {
            guard let doubt = partitions[id.partition]?.doubts[id.key], doubt.isBeingLookedUp else {
                continue
            }
            partitions[id.partition]?.doubts[id.key]?.isBeingLookedUp = false
            guard let sighting = sightings[doubt.record] else {
                lookUpAgain(id, at: now.uptime + Self.retryDelay)
                continue
            }
            partitions[id.partition]?.doubts[id.key]?.lookups += 1
            judge(id, doubt, sighting, askedAt: batch.askedAt)
        }
    }

    /// Decides what one lookup says of a doubt.
    private mutating func judge(
        _ id: DoubtID,
        _ doubt: Doubt,
        _ sighting: Sighting,
        askedAt: Instant
    ) {
        switch sighting {
        case .found: return settle(id, doubt, as: .accepted)
        case .mismatch where !doubt.inReview: return settle(id, doubt, as: .review)
        case .absent where !doubt.inReview && askedAt >= doubt.judgedFrom:
            return settleAbsent(id, doubt)
        case .mismatch, .absent: break
        }
        var next = now.uptime + delay(after: doubt.lookups + 1)
        if !doubt.inReview && doubt.judgedFrom > now.uptime { next = min(next, doubt.judgedFrom) }
        lookUpAgain(id, at: next)
    }

    private mutating func lookUpAgain(_ id: DoubtID, at next: Instant) {
        partitions[id.partition]?.doubts[id.key]?.nextLookup = next
        scheduleLookup(id)
    }

    /// The provider has not had it for the whole settle window.
    private mutating func settleAbsent(_ id: DoubtID, _ doubt: Doubt) {
        // Sent again it would be refused again, without end.
        if settings.repostsWhenAbsent && doubt.wasRefused { return settle(id, doubt, as: .refused) }
        guard settings.repostsWhenAbsent, !isOverdue(doubt.order) else {
            return settle(id, doubt, as: .review)
        }
        guard let work = settlingWork(id, doubt) else { return }
        partitions[id.partition]?.doubts[id.key] = nil
        take(doubt.record, work)
        works[doubt.record]?.mayHaveArrived = true
        move(doubt.record, to: .waiting)
        waitingOrders.append(doubt.record)
    }

    /// Records what became of a doubt and says so.
    private mutating func settle(_ id: DoubtID, _ doubt: Doubt, as state: LedgerState) {
        guard let work = settlingWork(id, doubt) else { return }
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
        work.isInLine = false
        work.attempt = doubt.attempt
        work.sequence = partitions[id.partition]?.standings[id.key]?.sequence ?? 0
        return work
    }
}

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

    mutating func openDoubt(_ standing: Standing, order: Order, in partition: Int32) {
        var doubt = Doubt(
            record: standing.record,
            order: order,
            attempt: standing.attempt,
            nextLookup: now.uptime + Self.schedule[0],
            judgedFrom: now.uptime + settings.sendDeadline
        )
        doubt.inReview = standing.state == .review
        if let known = partitions[partition]?.doubts[order.key], known.attempt == doubt.attempt {
            doubt.lookups = known.lookups
            doubt.absentSince = known.absentSince
            doubt.nextLookup = now.uptime + delay(after: known.lookups)
        }
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

    mutating func lookedUp(_ number: LookupNumber, _ sightings: [RecordID: Sighting]) {
        guard let batch = lookupBatches.removeValue(forKey: number) else { return }
        note(failed: sightings.isEmpty)
        for id in batch.doubts {
            guard let doubt = partitions[id.partition]?.doubts[id.key], doubt.isBeingLookedUp else {
                continue
            }
            partitions[id.partition]?.doubts[id.key]?.isBeingLookedUp = false
            partitions[id.partition]?.doubts[id.key]?.lookups += 1
            judge(id, doubt, sightings[doubt.record], askedAt: batch.askedAt)
        }
    }

    /// Decides what one lookup says of a doubt.
    private mutating func judge(
        _ id: DoubtID,
        _ doubt: Doubt,
        _ sighting: Sighting?,
        askedAt: Instant
    ) {
        var absentSince = doubt.absentSince
        switch sighting {
        case .found: return settle(id, doubt, as: .accepted)
        case .mismatch where !doubt.inReview: return settle(id, doubt, as: .review)
        case .mismatch, nil: break
        case .absent:
            if askedAt >= doubt.judgedFrom { absentSince = absentSince ?? askedAt }
        }
        partitions[id.partition]?.doubts[id.key]?.absentSince = absentSince
        var next = now.uptime + delay(after: doubt.lookups + 1)
        if let absentSince, !doubt.inReview {
            let judgement = absentSince + settings.settleWindow
            if sighting == .absent && askedAt >= judgement {
                return settleAbsent(id, doubt)
            }
            if judgement > now.uptime { next = min(next, judgement) }
        } else if !doubt.inReview && doubt.judgedFrom > now.uptime {
            next = min(next, doubt.judgedFrom)
        }
        lookUpAgain(id, at: next)
    }

    private mutating func lookUpAgain(_ id: DoubtID, at next: Instant) {
        partitions[id.partition]?.doubts[id.key]?.nextLookup = next
        scheduleLookup(id)
    }

    /// The provider has not had it for the whole settle window.
    private mutating func settleAbsent(_ id: DoubtID, _ doubt: Doubt) {
        // Sent again it would be refused again, without end.
        if settings.repostsWhenAbsent && doubt.wasRefused {
            return settle(id, doubt, as: .refused)
        }
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
        if state == .review {
            partitions[id.partition]?.doubts[id.key]?.inReview = true
            lookUpAgain(id, at: now.uptime + delay(after: .max))
        } else {
            partitions[id.partition]?.doubts[id.key] = nil
        }
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

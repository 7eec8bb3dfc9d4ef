import Aspayds
import Contract
import Engine
import Kafka
import Logging

/// What was accepted is asked for until its end is known.
extension CommandLoop {
    /// Asks for many in one request; what is not known any more is read back from the ledger.
    func poll(_ number: LookupNumber, _ subjects: [Followed]) {
        var orders: [RecordID: OrderSummary] = [:]
        var unknown: [Followed] = []
        for subject in subjects {
            if let order = jobs[subject.record]?.order ?? followed[subject.record] {
                orders[subject.record] = order
            } else {
                unknown.append(subject)
            }
        }
        let positions = unknown.map { ($0.record, ledgerPosition(of: $0)) }
        Task { [gateway, mailbox, fetcher, orders, positions] in
            var orders = orders
            for (id, position) in positions {
                // What cannot be read now is asked for another time.
                orders[id] = try? await fetcher.order(at: position)
            }
            let result = orders.isEmpty ? .success([:]) : await gateway.follow(orders)
            mailbox.post(.polled(number, orders, result))
        }
    }

    func ledgerPosition(of subject: Followed) -> Position {
        Position(
            topicPartition: TopicPartition(topic: ledgerTopic, partition: subject.record.partition),
            offset: subject.ledgerOffset
        )
    }

    func polled(
        _ number: LookupNumber,
        _ orders: [RecordID: OrderSummary],
        _ result: Result<[RecordID: Job.Finding], AspaydsError>,
        at now: Moment
    ) {
        guard case .success(let findings) = result else {
            if case .failure(let error) = result {
                tell(error, .poll, about: orders.keys)
                engine.handle(.polled(number, [:], failure: error.outcome), at: now)
            }
            return
        }
        // Something may come of each of them: what that needs is kept while it does.
        var added: [RecordID] = []
        var sightings: [RecordID: Sighting] = [:]
        for (id, finding) in findings {
            if jobs[id] == nil {
                jobs[id] = orders[id].map { Job($0) }
                added.append(id)
            }
            // While the same record is being answered, its own finding stays.
            if !engine.isWorking(on: id) { jobs[id]?.finding = finding }
            sightings[id] = finding.status(settings.domain)
        }
        engine.handle(.polled(number, sightings, failure: nil), at: now)
        for id in added where !engine.isWorking(on: id) { jobs[id] = nil }
        keep(orders)
    }

    /// Keeps orders that may be asked for again, within bounds.
    private func keep(_ orders: [RecordID: OrderSummary]) {
        for (id, order) in orders {
            let isFollowed = engine.isFollowing(.init(order.reference), in: id.partition)
            guard isFollowed, followed[id] != nil || followed.count < Self.maxFollowed else {
                continue
            }
            followed[id] = order
        }
    }

    /// Lets go of what is kept for a record; what is followed on is read back when it is asked for.
    func forget(_ id: RecordID) {
        if engine.isWorking(on: id) { return }
        jobs[id] = nil
        followed[id] = nil
    }

    /// About 300 bytes each.
    private static let maxFollowed = 50_000
}

extension Job.Finding {
    /// What the finding of a poll means for the engine.
    fileprivate func status(_ domain: Domain) -> Sighting? {
        switch self {
        case .sighting(let state): .status(state.status(domain))
        case .mismatch(let field): .differs(LedgerIndex.hash(of: field))
        case .absent: .absent
        case .receipt, .failure, .methods, .commandGone: nil
        }
    }
}

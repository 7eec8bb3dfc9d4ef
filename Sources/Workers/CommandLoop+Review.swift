import Contract
import Engine
import Logging
import Telemetry

/// Operators' decisions find the engine: what they are good for, it judges.
extension CommandLoop {
    func ordered(_ order: ReviewOrder, at now: Moment) {
        guard order.domain == settings.domain, orders.insert(order) else { return }
        give(order, at: now)
    }

    /// Gives all orders about a partition, which has only now become ours.
    func giveDecisions(in partition: Int32, at now: Moment) {
        for order in orders.all where home(of: order.reference) == partition {
            give(order, at: now)
        }
    }

    private func give(_ order: ReviewOrder, at now: Moment) {
        let (partition, key) = (home(of: order.reference), Engine.ReferenceKey(order.reference))
        if let subject = engine.dispute(in: partition, of: key), jobs[subject.record] == nil {
            return recall(subject, for: order)
        }
        decide(order, at: now)
    }

    private func decide(_ order: ReviewOrder, at now: Moment) {
        let decision = ReviewDecision(
            number: order.number,
            attempt: order.attempt,
            verdict: .init(order.verdict),
            at: order.at
        )
        let partition = home(of: order.reference)
        engine.handle(
            .decided(partition: partition, .init(order.reference), decision),
            at: now
        )
    }

    /// Reads back what was accepted long ago, for an order about it.
    private func recall(_ subject: Followed, for order: ReviewOrder) {
        let position = ledgerPosition(of: subject)
        Task { [fetcher, mailbox, logger] in
            do {
                guard let summary = try await fetcher.order(at: position) else { return }
                mailbox.post(.disputed(subject.record, summary, order))
            } catch {
                logger.error(
                    "cannot read back what an operator has decided about; order it once more",
                    metadata: order.metadata.merging(["error": "\(error)"]) { $1 }
                )
            }
        }
    }

    func decideDispute(
        _ id: RecordID,
        _ summary: OrderSummary,
        _ order: ReviewOrder,
        at now: Moment
    ) {
        let isNew = jobs[id] == nil
        if isNew { jobs[id] = Job(summary) }
        decide(order, at: now)
        if isNew && !engine.isWorking(on: id) { jobs[id] = nil }
    }

    func home(of reference: String) -> Int32 {
        HomePartition.of(reference, partitions: engine.settings.partitionCount)
    }

    /// Who has decided, and why, for what the engine writes because of it.
    ///
    /// An order that is too old to be kept here stands in the ledger, with the release.
    func noteDecision(_ write: LedgerWrite, of id: RecordID) {
        guard let number = write.decision, jobs[id]?.decision?.number != number else { return }
        if let order = orders[number] { jobs[id]?.decision = order.decision }
    }

    func refuseDecision(_ number: DecisionNumber) {
        guard let order = orders[number] else { return }
        logger.throttled(
            throttle,
            as: "early",
            .warning,
            """
            an operator's order came too early and counts for nothing, as the last transmission may \
            still have been on its way when it was given
            """,
            metadata: order.metadata
        )
    }
}

extension ReviewOrder {
    fileprivate var metadata: Logger.Metadata {
        ["reference": "\(reference)", "attempt": .number(attempt), "by": "\(by)"]
    }
}

extension ReviewDecision.Verdict {
    init(_ verdict: Decision.Verdict) {
        switch verdict {
        case .release: self = .release
        case .done: self = .done
        case .notDone: self = .notDone
        }
    }
}

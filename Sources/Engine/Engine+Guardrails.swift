/// What is too much to be sent without a person is held (DESIGN.md §5, "Guardrails").
///
/// A held order was not sent, which the ledger knows and its event says; it is released or closed as
/// what is in review is. The total of a day has to hold over all replicas without their talking to one
/// another, through every rebalance: so each partition has an equal part of it, and what it has spent
/// is counted from its ledger.
extension CommandEngine {
    /// Whether an order is more than may be sent without a person.
    func isTooMuch(_ order: Order, in partition: Int32) -> Bool {
        if let most = settings.maxAmount, order.amount > most { return true }
        guard let limit = settings.dailyLimit, let spent = partitions[partition]?.spent else {
            return false
        }
        let part = limit / Int64(settings.partitionCount)
        return order.amount > part - min(part, spent.amount(at: now.wallClock))
    }

    /// Counts an order whose intent is about to be written, perhaps once more.
    mutating func spend(_ id: RecordID) {
        takeBack(id)
        works[id]?.intendedAt = now.wallClock
        if let order = works[id]?.order {
            partitions[id.partition]?.spent.add(order.amount, at: now.wallClock)
        }
    }

    /// Nothing came of an attempt, and that was certain all the time; what was ever in doubt stays
    /// counted.
    mutating func takeBack(_ id: RecordID) {
        guard let work = works[id], let order = work.order, let time = work.intendedAt else {
            return
        }
        works[id]?.intendedAt = nil
        partitions[id.partition]?.spent.takeBack(order.amount, from: time)
    }

    /// Counts what the ledger says, as it was counted when that was written.
    mutating func recount(_ entry: LedgerEntry, in partition: Int32) {
        guard let state = partitions[partition] else { return }
        let isIntent = entry.state == .intent
        if let open = state.references.open[entry.key], open.isIntent(of: entry.attempt),
            isIntent || entry.state.isUnsent
        {
            state.spent.takeBack(open.order.amount, from: open.at)
        }
        if isIntent { state.spent.add(entry.amount, at: entry.at) }
    }

    // MARK: Decisions

    /// A person lets a held order go, or closes it.
    mutating func decideHeld(_ id: DoubtID, _ decision: ReviewDecision) {
        guard let reference = partitions[id.partition]?.references.open[id.key] else { return }
        let record = reference.standing.record
        guard works[record] == nil else {
            works[record]?.laterDecision = decision
            return
        }
        var work = work(for: reference, in: id.partition)
        work.decision = decision.number
        take(record, work)
        switch decision.verdict {
        case .release: conclude(record, as: .approved)
        case .done: conclude(record, as: .accepted)
        case .notDone: conclude(record, as: .refused)
        }
    }

    /// The ledger knows that what was held may be sent.
    mutating func approved(_ id: RecordID) {
        if partitions[id.partition]?.isDraining == true { return remove(id) }
        waitForTurn(id)
    }
}

extension OpenReference {
    /// Whether it is an attempt that was about to be sent, and nothing more is known of it.
    fileprivate func isIntent(of attempt: Int) -> Bool {
        standing.state == .intent && standing.attempt == attempt
    }
}

/// What the orders of one day come to: the latest day (UTC) of which any is known.
struct DailyTotal: Hashable, Sendable {
    private static let length: Int64 = 86_400_000

    private var day = Int64.min
    private var amount: Int64 = 0

    /// What the day of a moment has come to so far; milliseconds since 1970.
    func amount(at moment: Int64) -> Int64 { moment / Self.length > day ? 0 : amount }

    /// Counts an order; one of an earlier day, by a clock that is slow, counts today.
    mutating func add(_ more: Int64, at moment: Int64) {
        let day = moment / Self.length
        if day > self.day { (self.day, amount) = (day, 0) }
        let (sum, overflow) = amount.addingReportingOverflow(more)
        amount = overflow ? .max : sum
    }

    /// Counts an order no more that was counted at a moment of the same day.
    mutating func takeBack(_ less: Int64, from moment: Int64) {
        if moment / Self.length == day { amount -= min(amount, less) }
    }
}

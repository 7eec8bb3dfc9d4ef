/// The provider's database: everything that was executed, in order, found by id or by reference
/// without regard to case (as a MySQL collation compares).
struct Books: Sendable {
    /// Beyond so many records the provider executes nothing more, until it is reset.
    static let limit = 1_000_000

    private(set) var records: [Record] = []
    private var payments: [String: Int] = [:]
    private var payouts: [String: Int] = [:]
    /// The executions beyond the first of each reference.
    private(set) var repeated = 0

    var isFull: Bool { records.count >= Self.limit }

    /// The record of that id, or the first of that reference; `name` is upper-cased.
    func find(_ name: String, _ domain: Domain) -> Record? {
        index(name, domain).map { records[$0] }
    }

    private func index(_ name: String, _ domain: Domain) -> Int? {
        domain == .payment ? payments[name] : payouts[name]
    }

    /// Executes the order: from here on the money counts as moved.
    mutating func execute(_ order: Order, key: String, number: Int, now: Int64) -> Record {
        let isPayment = if case .payment = order.details { true } else { false }
        let count = String(number)
        let padding = String(repeating: "0", count: max(0, 4 - count.utf8.count))
        let id = "\(isPayment ? "ATINV" : "ATPAY")\(now / 1_000)\(padding)\(count)"
        let record = Record(
            id: id,
            sequence: records.count + 1,
            reference: order.reference,
            amount: order.amount,
            details: order.details,
            createdAt: now
        )
        let index = records.count
        records.append(record)
        if isPayment {
            payments[id] = index
            if payments[key] == nil { payments[key] = index } else { repeated += 1 }
        } else {
            payouts[id] = index
            if payouts[key] == nil { payouts[key] = index } else { repeated += 1 }
        }
        return record
    }

    /// Why a step was not taken.
    enum StepError: Error {
        case notFound
        case notPossible(from: Record.Status)
    }

    /// Takes a step with the record of that id or reference; `name` is upper-cased.
    mutating func take(
        _ step: Step,
        _ name: String,
        _ domain: Domain,
        now: Int64
    ) throws(StepError) -> Record {
        guard let index = index(name, domain) else { throw .notFound }
        return try take(step, sequence: index + 1, now: now)
    }

    /// Takes a step with the record of that sequence.
    mutating func take(_ step: Step, sequence: Int, now: Int64) throws(StepError) -> Record {
        let index = sequence - 1
        guard records.indices.contains(index) else { throw .notFound }
        let status = records[index].status
        guard step.leads(from: status) else { throw .notPossible(from: status) }
        records[index].status = step.result
        if [.pay, .underpay, .complete].contains(step) { records[index].settledAt = now }
        if step == .underpay { records[index].underpaid = records[index].amount.lessOne }
        return records[index]
    }
}

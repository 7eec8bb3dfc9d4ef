/// An invoice or a payout as the provider's database keeps it.
struct Record: Sendable {
    let id: String
    let sequence: Int
    let reference: String
    var amount: Money
    let details: Details
    let createdAt: Int64
    var status: Status = .pending
    /// What the customer has paid where that is not what was asked for.
    var underpaid: Money?
    /// When it was paid or processed.
    var settledAt: Int64?

    /// What only one of the two has.
    enum Details: Sendable {
        case payment(customerName: String, callbackURL: String)
        case payout(Recipient)
    }

    /// Where a payout goes.
    struct Recipient: Sendable {
        let methodID: Int
        let name: String
        let account: String
        let description: String?
        let callbackURL: String?
    }

    /// The documented states of both, and one that is not; `cancelled` of a payment is known only from
    /// its redirect.
    enum Status: String, Sendable {
        case pending
        case paid
        case processing
        case completed
        case rejected
        case cancelled
        case onHold = "on_hold"
    }

    var domain: Domain {
        if case .payment = details { .payment } else { .payout }
    }

    var execution: Execution {
        Execution(
            sequence: sequence,
            kind: domain,
            reference: reference,
            id: id,
            amount: amount.description,
            at: createdAt
        )
    }
}

/// A step that a person takes by hand: `POST /_sandbox/payments/{id}/pay` and the like.
///
/// Three of them are what no provider should do: a state that nobody documented, one that goes back,
/// and a payment of less than was asked for.
enum Step: String, CaseIterable {
    case pay
    case process
    case complete
    case reject
    case cancel
    case underpay
    case hold
    case revert

    static func allowed(in domain: Domain) -> [Step] {
        switch domain {
        case .payment: [.pay, .cancel, .underpay, .hold]
        case .payout: [.process, .complete, .reject, .cancel, .hold, .revert]
        }
    }

    var result: Record.Status {
        switch self {
        case .pay, .underpay: .paid
        case .process: .processing
        case .complete: .completed
        case .reject: .rejected
        case .cancel: .cancelled
        case .hold: .onHold
        case .revert: .pending
        }
    }

    /// Whether the step may be taken from `status`; states only move forward unless they are reverted,
    /// but a cancelled payment may still be paid.
    func leads(from status: Record.Status) -> Bool {
        switch (status, self) {
        case (.pending, .revert), (.onHold, .hold): false
        case (.pending, _), (.onHold, _), (.cancelled, .pay), (.cancelled, .underpay): true
        case (.processing, let step): step.result != .processing
        default: false
        }
    }
}

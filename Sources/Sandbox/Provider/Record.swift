/// An invoice or a payout as the provider's database keeps it.
struct Record: Sendable {
    let id: String
    let sequence: Int
    let reference: String
    var amount: Money
    let details: Details
    let createdAt: Int64
    var status: Status = .pending
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

    /// The documented states of both; `cancelled` of a payment is known only from its redirect.
    enum Status: String, Sendable {
        case pending
        case paid
        case processing
        case completed
        case rejected
        case cancelled
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
enum Step: String, CaseIterable {
    case pay
    case process
    case complete
    case reject
    case cancel

    static func allowed(in domain: Domain) -> [Step] {
        switch domain {
        case .payment: [.pay, .cancel]
        case .payout: [.process, .complete, .reject, .cancel]
        }
    }

    var result: Record.Status {
        switch self {
        case .pay: .paid
        case .process: .processing
        case .complete: .completed
        case .reject: .rejected
        case .cancel: .cancelled
        }
    }

    /// Whether the step may be taken from `status`; states only move forward, but a cancelled
    /// payment may still be paid.
    func leads(from status: Record.Status) -> Bool {
        switch (status, self) {
        case (.pending, _), (.cancelled, .pay): true
        case (.processing, .complete), (.processing, .reject), (.processing, .cancel): true
        default: false
        }
    }
}

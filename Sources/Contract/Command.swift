package import Aspayds

/// Where a command was read first: its home partition may be another one.
package struct CommandSource: Hashable, Sendable {
    package var topic: String
    package var partition: Int32
    package var offset: Int64

    package init(topic: String, partition: Int32, offset: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

extension CommandSource: CustomStringConvertible {
    package var description: String { "\(topic)/\(partition)/\(offset)" }
}

/// A valid command.
package struct Command: Sendable, Equatable {
    /// Its `ce_id`, or where it was read when it has none.
    package var id: String
    /// Where it was read first.
    package var source: CommandSource
    /// What is to be done.
    package var body: Body
    /// The trace that it belongs to.
    package var trace: TraceContext?
    /// What led to it: a command's own wish, or a hint from outside that asks for a check.
    package var trigger: Event.Trigger = .command

    /// The header in which a check says that a hint led to it: `webhook` or `return`.
    package static let triggerHeader = "aspayds_trigger"

    package init(
        id: String,
        source: CommandSource,
        body: Body,
        trace: TraceContext? = nil,
        trigger: Event.Trigger = .command
    ) {
        self.id = id
        self.source = source
        self.body = body
        self.trace = trace
        self.trigger = trigger
    }

    /// What is to be done.
    package enum Body: Sendable, Equatable {
        /// `aspayds.payment.create`.
        case createPayment(PaymentCommand)
        /// `aspayds.payment.check`.
        case checkPayment(Subject)
        /// `aspayds.payout.request`.
        case requestPayout(PayoutCommand)
        /// `aspayds.payout.check`.
        case checkPayout(Subject)
        /// `aspayds.payout.methods`.
        case payoutMethods
    }

    /// What a check is about.
    package enum Subject: Sendable, Hashable {
        /// The merchant's reference.
        case reference(String)
        /// The provider's id.
        case id(String)
    }

    /// Its `ce_type`.
    package var type: String {
        switch body {
        case .createPayment: "aspayds.payment.create"
        case .checkPayment: "aspayds.payment.check"
        case .requestPayout: "aspayds.payout.request"
        case .checkPayout: "aspayds.payout.check"
        case .payoutMethods: "aspayds.payout.methods"
        }
    }

    /// The reference, where the command names one.
    package var reference: String? {
        switch body {
        case .createPayment(let command): command.order.transactionReference
        case .requestPayout(let command): command.order.transactionReference
        case .checkPayment(.reference(let reference)), .checkPayout(.reference(let reference)):
            reference
        case .checkPayment(.id), .checkPayout(.id), .payoutMethods: nil
        }
    }
}

/// An invoice to be created.
package struct PaymentCommand: Sendable, Hashable {
    /// What the provider gets.
    package var order: PaymentOrder
    /// The currency, where the command names it.
    package var currency: String?
    /// After this (milliseconds since 1970) nothing is sent any more.
    package var notAfter: Int64?

    package init(order: PaymentOrder, currency: String? = nil, notAfter: Int64? = nil) {
        self.order = order
        self.currency = currency
        self.notAfter = notAfter
    }
}

/// A payout to be requested.
package struct PayoutCommand: Sendable, Hashable {
    /// What the provider gets.
    package var order: PayoutOrder
    /// The currency, where the command names it.
    package var currency: String?
    /// After this (milliseconds since 1970) nothing is sent any more.
    package var notAfter: Int64?

    package init(order: PayoutOrder, currency: String? = nil, notAfter: Int64? = nil) {
        self.order = order
        self.currency = currency
        self.notAfter = notAfter
    }
}

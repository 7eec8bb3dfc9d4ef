/// The two kinds of transactions; each has its own topics, worker and event types.
package enum Domain: String, Sendable, CaseIterable {
    /// Customers pay: invoices.
    case payment
    /// Recipients are paid.
    case payout

    /// The longest reference that the provider takes.
    package var longestReference: Int { self == .payment ? 20 : 50 }

    /// What every `ce_type` of this domain begins with.
    package var typePrefix: String { "aspayds.\(rawValue)." }

    /// The `ce_source` of what the worker publishes; it names the role that owns the state.
    package var source: String { "/aspayds-worker/\(plural)" }

    /// What its role, its consumer group and its figures are called by.
    package var plural: String { rawValue + "s" }

    /// The name of the provider's id in messages.
    package var idField: String { self == .payment ? "invoice_id" : "payout_id" }

    /// The other one.
    package var other: Domain { self == .payment ? .payout : .payment }
}

/// The names of all topics.
package struct Topics: Sendable, Hashable {
    /// What every name begins with.
    package let prefix: String

    package init(prefix: String = "aspayds.") { self.prefix = prefix }

    package var paymentCommands: String { commands(of: .payment) }
    package var payoutCommands: String { commands(of: .payout) }
    package var paymentEvents: String { events(of: .payment) }
    package var payoutEvents: String { events(of: .payout) }
    package var paymentLedger: String { ledger(of: .payment) }
    package var payoutLedger: String { ledger(of: .payout) }
    package var notifications: String { prefix + "notifications" }
    package var webhooks: String { prefix + "webhooks" }
    package var deadLetters: String { prefix + "dead-letters" }
    package var workerStatus: String { prefix + "worker.status" }
    package var workerControl: String { prefix + "worker.control" }

    /// Where commands come from.
    package func commands(of domain: Domain) -> String { "\(prefix)\(domain.rawValue).commands" }

    /// Where events go.
    package func events(of domain: Domain) -> String { "\(prefix)\(domain.rawValue).events" }

    /// Where intents and outcomes are kept.
    package func ledger(of domain: Domain) -> String { "\(prefix)\(domain.rawValue).ledger" }
}

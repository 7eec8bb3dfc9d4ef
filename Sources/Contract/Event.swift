package import Aspayds

/// What became of a payment or a payout, as it is published.
package struct Event: Sendable, Equatable {
    /// What it says; the raw value is the last part of `ce_type`.
    package enum Kind: String, Sendable, CaseIterable {
        /// The provider accepted a payment.
        case created
        /// The provider accepted a payout.
        case requested
        /// The provider or the worker said no; nothing was created.
        case refused
        /// `not_after` passed before anything was sent.
        case expired
        /// The customer's browser came back (unverified).
        case returned
        /// Verified: the payment is paid.
        case paid
        /// Verified: the payout is on its way.
        case processing
        /// Verified: the payout is made.
        case completed
        /// Verified: the payout was rejected.
        case rejected
        /// Verified: cancelled.
        case cancelled
        /// A state that we do not know, as it came.
        case statusChanged = "status_changed"
        /// Sent, outcome unknown; being looked up.
        case inDoubt = "in_doubt"
        /// A person must decide.
        case needsReview = "needs_review"
        /// The answer to a check, when nothing changed.
        case checked
        /// The list of payout methods.
        case methods
    }

    /// What is known of the order.
    package enum Certainty: String, Sendable, CaseIterable {
        /// The provider has it.
        case accepted
        /// Nothing was created.
        case refused
        /// Nothing was handed over.
        case notSent = "not_sent"
        /// It may have been executed.
        case inDoubt = "in_doubt"
    }

    /// Who has ordered what a check has found.
    package enum Provenance: String, Sendable, CaseIterable {
        /// A command of ours: the ledger has it.
        case own
        /// Somebody else: the ledger does not have it, which remembers for 90 days.
        case external
    }

    /// What led to the event.
    package enum Trigger: String, Sendable, CaseIterable {
        /// A command.
        case command
        /// The worker's own look-up.
        case poll
        /// A webhook.
        case webhook
        /// A browser's return.
        case `return`
        /// A person.
        case `operator`
    }

    /// Why.
    package struct Reason: Sendable, Equatable {
        /// A stable code.
        package var code: String
        /// For people.
        package var message: String?
        /// The field that is the reason.
        package var field: String?
        /// The status of the provider's answer.
        package var httpStatus: Int?

        package init(
            code: String,
            message: String? = nil,
            field: String? = nil,
            httpStatus: Int? = nil
        ) {
            self.code = code
            self.message = message
            self.field = field
            self.httpStatus = httpStatus
        }
    }

    /// The command that the event answers.
    package struct Origin: Sendable, Equatable {
        /// The command's id.
        package var id: String
        /// Where it was read first.
        package var source: CommandSource

        package init(id: String, source: CommandSource) {
            self.id = id
            self.source = source
        }
    }

    /// The domain.
    package var domain: Domain
    /// What it says.
    package var kind: Kind
    /// The deterministic `ce_id`.
    package var id: String
    /// The merchant's reference, as it was written.
    package var reference: String?
    /// The provider's id.
    package var providerID: String?
    /// The state, in the provider's word where there is one.
    package var status: String?
    /// What is known of the order.
    package var certainty: Certainty?
    /// Who has ordered what was asked about, where that is known.
    package var provenance: Provenance?
    /// What was asked.
    package var amount: Amount?
    /// What was paid.
    package var amountPaid: Amount?
    /// The provider's fee.
    package var fee: Amount?
    /// What it costs in all.
    package var totalAmount: Amount?
    /// The currency.
    package var currency: String?
    /// Where the customer pays.
    package var paymentURL: String?
    /// When, in milliseconds since 1970.
    package var occurredAt: Int64
    /// Orders the events of one reference.
    package var sequence: Int64?
    /// Which attempt it is about.
    package var attempt: Int?
    /// What led to it.
    package var trigger: Trigger?
    /// Why.
    package var reason: Reason?
    /// What is known of a doubt, for the person who must decide.
    package var evidence: Evidence?
    /// The command that it answers.
    package var command: Origin?
    /// The answer to `aspayds.payout.methods`.
    package var methods: [PayoutMethod]?
    /// The trace that it belongs to.
    package var trace: TraceContext?

    /// An event; what does not apply is set on none.
    package init(domain: Domain, kind: Kind, id: String, reference: String?, occurredAt: Int64) {
        self.domain = domain
        self.kind = kind
        self.id = id
        self.reference = reference
        self.occurredAt = occurredAt
    }

    /// The id of an event about a reference: `DOMAIN/REFERENCE/KIND/ATTEMPT`, or `…/KIND:WORD/…`
    /// where a word tells two of a kind apart.
    package static func stateID(
        _ domain: Domain,
        _ reference: String,
        _ kind: Kind,
        word: String? = nil,
        attempt: Int
    ) -> String {
        let word = word.map { ":" + $0 } ?? ""
        let upper = Reference.uppercased(reference)
        return "\(domain.rawValue)/\(upper)/\(kind.rawValue)\(word)/\(attempt)"
    }

    /// The id of an answer to one command: `TOPIC/PARTITION/OFFSET/KIND`.
    package static func answerID(_ source: CommandSource, _ kind: Kind) -> String {
        "\(source)/\(kind.rawValue)"
    }

    /// The `ce_type`.
    package var type: String { domain.typePrefix + kind.rawValue }
}

/// A record to be produced.
package struct EncodedRecord: Sendable {
    /// The key; nil for none.
    package var key: [UInt8]?
    /// The value; nil for none.
    package var value: [UInt8]?
    /// The headers.
    package var headers: [(name: String, value: [UInt8]?)]

    package init(key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8]?)]) {
        self.key = key
        self.value = value
        self.headers = headers
    }
}

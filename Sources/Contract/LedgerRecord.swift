package import Aspayds

/// A record of the ledger: what may be sent, and what became of it.
///
/// Intent and outcome of an attempt have different keys, so that compaction can never let a late
/// intent erase an outcome.
package enum LedgerRecord: Sendable, Equatable {
    /// Written before anything is sent.
    case intent(Intent)
    /// Written after.
    case outcome(Outcome)

    /// That an order may be sent from now on.
    package struct Intent: Sendable, Equatable {
        /// The domain.
        package var domain: Domain
        /// The reference, as it was written.
        package var reference: String
        /// Counts from 1.
        package var attempt: Int
        /// What the order was.
        package var fingerprint: Fingerprint
        /// The consumer group; another one here means two deployments share a ledger.
        package var group: String
        /// The worker that wrote it.
        package var owner: String
        /// When, in milliseconds since 1970.
        package var at: Int64
        /// The command.
        package var command: Event.Origin
        /// What an answer is compared with later.
        package var amount: Amount
        /// The currency, where the command names it.
        package var currency: String?
        /// The method of a payout.
        package var payoutMethodID: Int64?
        /// The account of a payout, masked.
        package var maskedAccount: String?
        /// Past this (milliseconds since 1970) nothing is sent any more.
        package var notAfter: Int64?

        package init(
            domain: Domain,
            reference: String,
            attempt: Int,
            fingerprint: Fingerprint,
            group: String,
            owner: String,
            at: Int64,
            command: Event.Origin,
            amount: Amount,
            currency: String? = nil,
            payoutMethodID: Int64? = nil,
            recipientAccount: String? = nil,
            notAfter: Int64? = nil
        ) {
            self.domain = domain
            self.reference = reference
            self.attempt = attempt
            self.fingerprint = fingerprint
            self.group = group
            self.owner = owner
            self.at = at
            self.command = command
            self.amount = amount
            self.currency = currency
            self.payoutMethodID = payoutMethodID
            self.maskedAccount = recipientAccount.map(masked(account:))
            self.notAfter = notAfter
        }
    }

    /// What is known of an attempt.
    package enum State: String, Sendable, CaseIterable {
        /// The provider has it.
        case accepted
        /// Nothing was created.
        case refused
        /// Given up before anything was sent.
        case notSent = "not_sent"
        /// It may have been executed; being looked up.
        case inDoubt = "in_doubt"
        /// A person must decide.
        case review
    }

    /// What became of an attempt.
    package struct Outcome: Sendable, Equatable {
        /// The domain.
        package var domain: Domain
        /// The reference, as it was written.
        package var reference: String
        /// The attempt of the intent.
        package var attempt: Int
        /// What the order was, so that a duplicate is told from a conflict.
        package var fingerprint: Fingerprint
        /// The command.
        package var command: Event.Origin
        /// What is known.
        package var state: State
        /// How many events the reference has had.
        package var sequence: Int
        /// The worker that wrote it.
        package var owner: String
        /// When, in milliseconds since 1970.
        package var at: Int64
        /// The provider's id.
        package var providerID: String?
        /// Why.
        package var reason: Event.Reason?
        /// The event as it was published, so that a duplicate can be answered again.
        package var event: Event?

        package init(
            domain: Domain,
            reference: String,
            attempt: Int,
            fingerprint: Fingerprint,
            command: Event.Origin,
            state: State,
            sequence: Int,
            owner: String,
            at: Int64,
            providerID: String? = nil,
            reason: Event.Reason? = nil,
            event: Event? = nil
        ) {
            self.domain = domain
            self.reference = reference
            self.attempt = attempt
            self.fingerprint = fingerprint
            self.command = command
            self.state = state
            self.sequence = sequence
            self.owner = owner
            self.at = at
            self.providerID = providerID
            self.reason = reason
            self.event = event
        }
    }

    /// The reference, as it was written.
    package var reference: String {
        switch self {
        case .intent(let intent): intent.reference
        case .outcome(let outcome): outcome.reference
        }
    }

    /// The attempt.
    package var attempt: Int {
        switch self {
        case .intent(let intent): intent.attempt
        case .outcome(let outcome): outcome.attempt
        }
    }

    /// `REFERENCE/attempt/kind`, the reference in upper case; the kind names its writer, so that
    /// compaction can never let what a late owner wrote erase what its successor did.
    package var key: String { "\(Reference.uppercased(reference))/\(attempt)/\(kind)@\(owner)" }

    /// The worker that wrote it.
    package var owner: String {
        switch self {
        case .intent(let intent): intent.owner
        case .outcome(let outcome): outcome.owner
        }
    }

    var kind: String {
        switch self {
        case .intent: "intent"
        case .outcome: "outcome"
        }
    }
}

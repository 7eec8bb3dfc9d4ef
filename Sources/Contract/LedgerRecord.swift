/// A record of the ledger: who owns it, what may be sent, and what became of it.
///
/// Everything that one owner says of an attempt has a key of its own, so that compaction can never
/// let a late record erase another one.
package enum LedgerRecord: Sendable, Equatable {
    /// The first record of each owner: what others write after it is late.
    case claim(Claim)
    /// Written before anything is sent.
    case intent(Intent)
    /// Written after.
    case outcome(Outcome)

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
        /// One more attempt is allowed.
        case released
        /// `not_after` passed before anything was sent.
        case expired
        /// A command was told that the reference belongs to another one, while it was not known what
        /// would become of that; says nothing of the reference itself.
        case conflict

        /// Whether work is left: such records keep what the order was.
        package var isOpen: Bool {
            switch self {
            case .accepted, .refused, .notSent, .expired, .conflict: false
            case .inDoubt, .review, .released: true
            }
        }
    }

    /// That a worker owns a partition of the ledger from here on.
    package struct Claim: Sendable, Equatable {
        /// The domain.
        package var domain: Domain
        /// The consumer group; another one here means two deployments share a ledger.
        package var group: String
        /// The worker, by a name that no two starts of a process share.
        package var owner: String
        /// Counts the claims of this owner.
        package var number: UInt64
        /// How many partitions the commands have.
        package var partitions: Int
        /// When, in milliseconds since 1970.
        package var at: Int64

        package init(
            domain: Domain,
            group: String,
            owner: String,
            number: UInt64,
            partitions: Int,
            at: Int64
        ) {
            self.domain = domain
            self.group = group
            self.owner = owner
            self.number = number
            self.partitions = partitions
            self.at = at
        }
    }

    /// `REFERENCE/attempt/kind@OWNER`, the reference in upper case, or `claim/OWNER/number`.
    package var key: String {
        switch self {
        case .claim(let claim): "claim/\(claim.owner)/\(claim.number)"
        case .intent(let intent): key(intent.reference, intent.attempt)
        case .outcome(let outcome): key(outcome.reference, outcome.attempt)
        }
    }

    private func key(_ reference: String, _ attempt: Int) -> String {
        "\(Reference.uppercased(reference))/\(attempt)/\(keyKind)@\(owner)"
    }

    /// The worker that wrote it.
    package var owner: String {
        switch self {
        case .claim(let claim): claim.owner
        case .intent(let intent): intent.owner
        case .outcome(let outcome): outcome.owner
        }
    }

    /// The kind within the key: what becomes of an attempt must not replace its release, nor one
    /// conflict another.
    private var keyKind: String {
        guard case .outcome(let outcome) = self else { return kind }
        switch outcome.state {
        case .released: return "release"
        case .conflict:
            let source = outcome.command.source
            return "conflict.\(source.partition).\(source.offset)"
        default: return kind
        }
    }

    /// The kind within the value.
    var kind: String {
        switch self {
        case .claim: "claim"
        case .intent: "intent"
        case .outcome: "outcome"
        }
    }
}

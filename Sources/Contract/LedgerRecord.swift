/// A record of the ledger: who owns it, what may be sent, and what became of it.
///
/// Each has a key of its own, so that compaction never erases one. A record that says the same again,
/// or something else of the same attempt, may be late, and then it does not count: the one that does
/// must still be there.
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
        /// The provider works on it.
        case processing
        /// Paid, or paid out.
        case completed
        /// The provider will not pay it out.
        case rejected
        /// Cancelled.
        case cancelled
        /// The provider says something of it that we do not know.
        case changed
        /// Nothing came of it until the horizon.
        case overdue
        /// What the provider says of it contradicts what is known.
        case disputed
        /// More than may be sent without a person.
        case held
        /// A person has said that what was held may be sent.
        case approved

        /// Whether more may become of it: such records keep what the order was.
        package var keepsOrder: Bool {
            switch self {
            case .accepted, .processing, .cancelled, .changed, .overdue, .disputed: true
            default: isOpen
            }
        }

        /// Whether work is left.
        package var isOpen: Bool {
            switch self {
            case .accepted, .refused, .notSent, .expired, .conflict, .processing, .completed,
                .rejected, .cancelled, .changed, .overdue, .disputed:
                false
            case .inDoubt, .review, .released, .held, .approved: true
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
        /// Counts what this owner has written.
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

    /// `REFERENCE/attempt/kind/OWNER/number`, the reference in upper case, or `claim/OWNER/number`.
    package var key: String {
        switch self {
        case .claim(let claim): key(nil, claim.number)
        case .intent(let intent): key((intent.reference, intent.attempt), intent.number)
        case .outcome(let outcome): key((outcome.reference, outcome.attempt), outcome.number)
        }
    }

    private func key(_ subject: (reference: String, attempt: Int)?, _ number: UInt64) -> String {
        let prefix = subject.map { "\(Reference.uppercased($0.reference))/\($0.attempt)/" } ?? ""
        return "\(prefix)\(kind)/\(owner)/\(number)"
    }

    /// The worker that wrote it.
    package var owner: String {
        switch self {
        case .claim(let claim): claim.owner
        case .intent(let intent): intent.owner
        case .outcome(let outcome): outcome.owner
        }
    }

    /// The kind within key and value.
    var kind: String {
        switch self {
        case .claim: "claim"
        case .intent: "intent"
        case .outcome: "outcome"
        }
    }
}

/// What the ledger says of one attempt.
public enum LedgerState: UInt8, Hashable, Sendable {
    /// The intent to transmit: without an outcome it may have been sent.
    case intent
    /// The provider accepted it.
    case accepted
    /// Nothing was created.
    case refused
    /// The attempt was given up before anything was sent.
    case notSent
    /// It may have been executed; being looked up.
    case inDoubt
    /// A person must decide.
    case review
    /// What may have been executed may be sent once more: a person has said so, or it was absent for
    /// the settle window.
    case released
    /// `not_after` passed before anything was sent.
    case expired
    /// A command was told that the reference belongs to another one, while it was not known what
    /// would become of that; says nothing of the reference itself.
    case conflict
    /// The provider works on what it has accepted.
    case processing
    /// It is paid, or paid out.
    case completed
    /// The provider will not pay it out.
    case rejected
    /// It was cancelled.
    case cancelled
    /// The provider says something of it that we do not know.
    case changed
    /// Nothing came of it until the horizon; a person should look.
    case overdue
    /// What the provider says of it contradicts what is known; a person must look.
    case disputed
    /// More than may be sent without a person: nothing was.
    case held
    /// A person has said that what was held may be sent.
    case approved

    /// Whether the provider has it, whatever became of it since.
    public var isAccepted: Bool {
        switch self {
        case .accepted, .processing, .completed, .rejected, .cancelled, .changed, .overdue,
            .disputed:
            true
        case .intent, .refused, .notSent, .inDoubt, .review, .released, .expired, .conflict, .held,
            .approved:
            false
        }
    }

    /// Whether it says what became of what was accepted.
    public var isProgress: Bool { isAccepted && self != .accepted }

    /// Whether the attempt may have been sent, and nobody has said what became of it.
    var mayHaveArrived: Bool { self == .intent || self == .released || isDoubt }

    /// Whether it is not known what became of what was sent.
    var isDoubt: Bool { self == .inDoubt || self == .review }

    /// Whether the attempt came to nothing, as an outcome of its intent.
    var isUnsent: Bool {
        switch self {
        case .refused, .notSent, .expired, .released, .approved, .held: true
        default: false
        }
    }
}

/// One record of the ledger, as the engine sees it.
public struct LedgerEntry: Hashable, Sendable {
    /// Whose attempt it is.
    public var key: ReferenceKey
    /// What was asked for.
    public var fingerprint: Fingerprint
    /// The command that asked for it.
    public var record: RecordID
    /// Counts the attempts of a reference, from 1.
    public var attempt: Int
    /// What is recorded.
    public var state: LedgerState
    /// How many events the reference has had, the one of this record included.
    public var sequence: Int
    /// Where it stands in the ledger partition.
    public var offset: Int64
    /// Until when the command may be sent: milliseconds since 1970.
    public var notAfter: Int64?
    /// When it was written: milliseconds since 1970.
    public var at: Int64
    /// Who wrote it: a hash of the owner's name.
    public var owner: UInt64
    /// Where the command stood first.
    public var origin: RecordID
    /// When the doubt of the attempt began, when what is followed was accepted, or since when a
    /// person has to look at it: milliseconds since 1970.
    public var since: Int64?
    /// The operator's decision that has led to it.
    public var decision: DecisionNumber?
    /// By what it is known again, for what is changed or disputed.
    public var finding: FindingNumber?
    /// Whether its event may not have been published.
    public var isUnannounced: Bool
    /// What the order comes to, in thousandths of the currency's unit; of what is settled, 0.
    public var amount: Int64

    /// Describes a record read from the ledger.
    public init(
        key: ReferenceKey,
        fingerprint: Fingerprint,
        record: RecordID,
        attempt: Int,
        state: LedgerState,
        sequence: Int,
        offset: Int64,
        notAfter: Int64? = nil,
        at: Int64 = 0,
        owner: UInt64 = 0,
        origin: RecordID? = nil,
        since: Int64? = nil,
        decision: DecisionNumber? = nil,
        finding: FindingNumber? = nil,
        isUnannounced: Bool = false,
        amount: Int64 = 0
    ) {
        self.key = key
        self.fingerprint = fingerprint
        self.record = record
        self.attempt = attempt
        self.state = state
        self.sequence = sequence
        self.offset = offset
        self.notAfter = notAfter
        self.at = at
        self.owner = owner
        self.origin = origin ?? record
        self.since = since
        self.decision = decision
        self.finding = finding
        self.isUnannounced = isUnannounced
        self.amount = amount
    }
}

/// A claim, as the engine sees it: from here on the partition's ledger has another writer.
public struct LedgerClaim: Hashable, Sendable {
    /// Who claimed it: a hash of the owner's name.
    public var owner: UInt64
    /// Whether it belongs to another consumer group.
    public var isForeign: Bool
    /// Where it stands in the ledger partition.
    public var offset: Int64

    /// Describes a claim read from the ledger.
    public init(owner: UInt64, isForeign: Bool, offset: Int64) {
        self.owner = owner
        self.isForeign = isForeign
        self.offset = offset
    }
}

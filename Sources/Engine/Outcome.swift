/// What became of one transmission (DESIGN.md §4, "Outcomes of a transmission").
public enum Outcome: Hashable, Sendable {
    /// A documented success that agrees with the command.
    case accepted
    /// The provider said no to a field other than the reference: nothing was created.
    case refused
    /// Not a byte of the order reached the provider, or it said that it did not look at it.
    case notSent(NotSentCause, retryAfter: Duration?)
    /// It may have been executed.
    case inDoubt(DoubtCause)
    /// 403 or 404: not sent if the probe fails the same way, in doubt otherwise.
    case unjudged
}

/// Why a request was not sent.
public enum NotSentCause: Hashable, Sendable {
    /// No connection could be made: the provider or the way to it is down.
    case noConnection
    /// 429: the provider wants less.
    case rateLimited
    /// 401: the provider refuses the credentials.
    case unauthorized
    /// The fence had run out or the partition was gone at the last moment before sending.
    case notPermitted
}

/// Why it is not known whether a request was executed.
public enum DoubtCause: Hashable, Sendable {
    /// The provider failed: no answer, a lost connection, a server error.
    case providerFailed
    /// The provider answered something that does not settle it.
    case unclearAnswer
}

/// What a lookup of a reference in doubt found.
public enum Sighting: Hashable, Sendable {
    /// The provider has it, and everything it says of it agrees with the command.
    case found
    /// The provider has something else under this reference.
    case mismatch
    /// The provider says that it does not know the reference.
    case absent
}

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
    /// How many events the reference has had, this one included.
    public var sequence: Int
    /// Where it stands in the ledger partition.
    public var offset: Int64
    /// Until when the command may be sent: milliseconds since 1970.
    public var notAfter: Int64?
    /// When it was written: milliseconds since 1970.
    public var at: Int64
    /// Who wrote it: a hash of the owner's name.
    public var owner: UInt64

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
        owner: UInt64 = 0
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
    }
}

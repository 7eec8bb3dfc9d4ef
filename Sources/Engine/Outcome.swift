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

    /// Whether the provider may have looked at the request.
    var reachedProvider: Bool { if case .notSent = self { false } else { true } }
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
    /// The command is not in the log any more, and the ledger holds no names and accounts.
    case commandGone
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
    /// What the provider says of it differs from what was asked for, in the field of this hash; for
    /// what is followed.
    case differs(FindingNumber)
    /// The provider says that it does not know the reference.
    case absent
    /// How far it is with what it has accepted; for what is followed.
    case status(ProviderStatus)
}

extension Sighting {
    /// By what it is known again when it is news; nil where it is none.
    public var finding: FindingNumber? {
        switch self {
        case .found, .mismatch: nil
        case .absent: 1
        case .status(.other(let number)), .differs(let number): number
        case .status(let status): status.state.map { 2 + FindingNumber($0.rawValue) }
        }
    }
}

/// How far the provider is with an order.
public enum ProviderStatus: Hashable, Sendable {
    /// It has it.
    case pending
    /// It works on it.
    case processing
    /// Paid, or paid out.
    case completed
    /// It will not pay it out.
    case rejected
    /// Cancelled.
    case cancelled
    /// A word that we do not know; a hash of it.
    case other(UInt64)

    /// What is recorded of it; nil where there is no news in it.
    var state: LedgerState? {
        switch self {
        case .pending: nil
        case .processing: .processing
        case .completed: .completed
        case .rejected: .rejected
        case .cancelled: .cancelled
        case .other: .changed
        }
    }
}

/// What made us look at a reference.
public enum Cause: UInt8, Hashable, Sendable {
    /// The schedule.
    case poll
    /// A webhook.
    case webhook
    /// The customer's return.
    case `return`
    /// A command that asks for its state.
    case check
}

/// What an engine wants done.
///
/// The shell does it in this order, and answers with an `Input`.
public enum Effect: Hashable, Sendable {
    /// Append a record to the ledger; answered by `appended`.
    case append(Ticket, LedgerWrite)
    /// Commit offsets, answered by `committed`; the fence of every intent that waits for it.
    case commit(CommitNumber, offsets: [Int32: Int64])
    /// Transmit the order once, before `expires`; answered by `transmitted`.
    case transmit(Ticket, attempt: Int, expires: Instant)
    /// Look references up, at most 100, in one request; answered by `lookedUp`.
    case lookUp(LookupNumber, [RecordID])
    /// Ask the provider what a check or methods command wants; answered by `answered`.
    case ask(Ticket)
    /// Publish a message; answered by `published`.
    case publish(Ticket, Publication)
    /// Send the harmless read; answered by `probed`.
    case probe
    /// Take no more records from these partitions.
    case pause([Int32])
    /// Take records from these partitions again.
    case resume([Int32])
    /// The record's payload is not needed any more.
    case forget(RecordID)
    /// These partitions are drained (or their time is up): invalidate their fences, then unassign.
    case relinquish([Int32])
    /// Everything is drained after `stop`.
    case stopped
    /// Something an operator should hear of.
    case alert(Alert)
}

/// What is written to the ledger for an attempt.
public struct LedgerWrite: Hashable, Sendable {
    /// Counts the attempts of the reference, from 1.
    public var attempt: Int
    /// What is recorded.
    public var state: LedgerState
    /// How many events the reference has had, the one that this record announces included.
    public var sequence: Int

    /// Describes a record to be written.
    public init(attempt: Int, state: LedgerState, sequence: Int) {
        self.attempt = attempt
        self.state = state
        self.sequence = sequence
    }
}

/// Which message to publish about a command.
public enum Publication: Hashable, Sendable {
    /// The event that a ledger record announces.
    case recorded(LedgerWrite)
    /// `not_after` passed before anything was sent.
    case expired(attempt: Int)
    /// The reference is taken by another command; its real state is said.
    case conflict(LedgerState)
    /// The answer to a command that was answered before: the event of this record, read back from
    /// this ledger offset.
    case replay(LedgerWrite, ledgerOffset: Int64)
    /// The command broke a rule of the contract.
    case invalid
    /// The answer to a check or methods command.
    case answer
    /// The record as it came, to the dead letters.
    case deadLetter
}

/// What an operator should hear of.
public enum Alert: Hashable, Sendable {
    /// Requests are held back.
    case breakerOpened(BreakerReason)
    /// Requests flow again.
    case breakerClosed
    /// A drain took longer than it may; its partitions were given up with work under way.
    case drainTimedOut([Int32])
}

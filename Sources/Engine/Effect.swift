/// What an engine wants done.
///
/// The shell does it in this order, and answers with an `Input`.
public enum Effect: Hashable, Sendable {
    /// Append a record to the ledger; answered by `appended`.
    case append(Ticket, LedgerWrite)
    /// Append a claim to the ledger of the ticket's partition; answered by `appended`.
    case claim(Ticket)
    /// Read the ledger of a partition from an offset to another one, which is not included; answered
    /// by `ledger` and `claim` for each record, then by `restored`.
    case readLedger(partition: Int32, from: Int64, to: Int64)
    /// Commit offsets, answered by `committed`; the fence of every intent that waits for it.
    case commit(CommitNumber, offsets: [Int32: CommitMark])
    /// Transmit the order once, before `expires`; answered by `transmitted`.
    case transmit(Ticket, attempt: Int, expires: Instant)
    /// Look references up, at most 100, in one request; answered by `lookedUp`. Confirming, a single
    /// one is asked for in full and every field compared.
    case lookUp(LookupNumber, [RecordID], isConfirming: Bool)
    /// Ask for the states of references that are followed, at most 100, in one request; answered by
    /// `polled`.
    case poll(LookupNumber, [Followed])
    /// Ask the provider what checks want to know, at most 100, in one request; one by itself is asked
    /// for in full. Answered by `answered`.
    case ask(LookupNumber, [Ticket])
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
    /// Somebody else has claimed a ledger of ours: begin anew with every partition of the present
    /// assignment.
    case reassign
    /// Send a heartbeat, with what the others have to know of our part of the rate; nil where it is
    /// not shared.
    case tell(ShareNotice?)
    /// Everything is drained after `stop`.
    case stopped
    /// Something an operator should hear of.
    case alert(Alert)
}

extension Effect {
    /// Whose record or message it is, or whose transmission.
    var ticket: Ticket? {
        switch self {
        case .append(let ticket, _), .claim(let ticket), .publish(let ticket, _),
            .transmit(let ticket, _, _):
            ticket
        default: nil
        }
    }
}

/// A reference that is followed.
public struct Followed: Hashable, Sendable {
    /// Its command.
    public var record: RecordID
    /// Where the ledger tells of it.
    public var ledgerOffset: Int64

    /// Names a reference to be asked for.
    public init(record: RecordID, ledgerOffset: Int64) {
        self.record = record
        self.ledgerOffset = ledgerOffset
    }
}

/// What is committed for a partition.
public struct CommitMark: Hashable, Sendable {
    /// The first command that is not finished.
    public var offset: Int64
    /// How far the partition's ledger is known to reach, for the commit's metadata: one that ends
    /// before it was lost.
    public var ledgerEnd: Int64

    /// A mark to commit.
    public init(offset: Int64, ledgerEnd: Int64) {
        self.offset = offset
        self.ledgerEnd = ledgerEnd
    }
}

/// What is written to the ledger for an attempt.
public struct LedgerWrite: Hashable, Sendable {
    /// Counts the attempts of the reference, from 1.
    public var attempt: Int
    /// What is recorded.
    public var state: LedgerState
    /// How many events the reference has had, the one that this record announces included.
    public var sequence: Int
    /// When the attempt's doubt began, for what is in doubt or in review; when it was accepted, for
    /// what is followed; since when a person has to look at it: milliseconds since 1970.
    public var since: Int64?
    /// How often it was looked up since.
    public var lookups: Int
    /// What made us look.
    public var cause: Cause
    /// The operator's decision that has led to it.
    public var decision: DecisionNumber?
    /// By what it is known again, for what is changed or disputed.
    public var finding: FindingNumber?
    /// Whether its event is still to be published; a second record says that it was.
    ///
    /// Only for what is not answered again by reading its command again.
    public var isUnannounced: Bool
    /// The offset of the record that is written again as it stands, if it is one; the rest does not
    /// matter then.
    public var repeats: Int64?

    /// Describes a record to be written.
    public init(
        attempt: Int,
        state: LedgerState,
        sequence: Int,
        since: Int64? = nil,
        lookups: Int = 0,
        cause: Cause = .poll,
        decision: DecisionNumber? = nil,
        finding: FindingNumber? = nil,
        isUnannounced: Bool = false,
        repeats: Int64? = nil
    ) {
        self.attempt = attempt
        self.state = state
        self.sequence = sequence
        self.since = since
        self.lookups = lookups
        self.cause = cause
        self.decision = decision
        self.finding = finding
        self.isUnannounced = isUnannounced
        self.repeats = repeats
    }
}

/// Which message to publish about a command.
public enum Publication: Hashable, Sendable {
    /// The event that a ledger record announces.
    case recorded(LedgerWrite)
    /// The reference is taken by another command; its real state is said.
    case conflict(LedgerState)
    /// The answer to a command that was answered before: the event of this record, read back from
    /// this ledger offset.
    case replay(LedgerWrite, ledgerOffset: Int64)
    /// The command broke a rule of the contract.
    case invalid
    /// The answer to a check or methods command.
    case answer
    /// The answer to a check or methods command that the provider does not answer: nothing is known.
    case unanswered
    /// The record as it came, to the dead letters.
    case deadLetter
    /// The record as it came, to its home partition.
    case forward
}

/// What an operator should hear of.
public enum Alert: Hashable, Sendable {
    /// Requests are held back.
    case breakerOpened(BreakerReason)
    /// Requests flow again.
    case breakerClosed
    /// A drain took longer than it may; its partitions were given up with work under way.
    case drainTimedOut([Int32])
    /// Another consumer group writes to the ledger of this partition: two deployments share it.
    /// Everything is drained, as after `stop`.
    case foreignGroup(Int32)
    /// Somebody else has written to the ledger of a partition of ours.
    case ledgerGap(partition: Int32, from: Int64, to: Int64)
    /// An operator's decision came while the last transmission might still have been on its way.
    case decisionTooEarly(DecisionNumber)
}

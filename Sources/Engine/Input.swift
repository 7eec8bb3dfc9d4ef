/// Everything that can happen to an engine.
///
/// Each comes with the moment it is handled at.
public enum Input: Sendable {
    /// The group gave us a partition; its commands are read from `start`. Nothing is taken from it
    /// before `restored`.
    case assigned(partition: Int32, start: Int64)
    /// A record of the partition's ledger, in the order of the ledger: while it is restored, or in
    /// a gap that was asked for.
    case ledger(partition: Int32, LedgerEntry)
    /// A claim in the partition's ledger, likewise.
    case claim(partition: Int32, LedgerClaim)
    /// The ledger of the partition was read: after an assignment to the end captured after it, a gap
    /// to the end that was asked for. Everything before `end` was given.
    case restored(partition: Int32, end: Int64)
    /// The group wants partitions back; answered by `relinquish` once they are drained.
    case revoking([Int32])
    /// The group took partitions away without asking: somebody else may own them already.
    case lost([Int32])
    /// A command was read.
    case received(RecordID, Arrival)
    /// The ledger acknowledged a record, or would not take it (nil).
    case appended(Ticket, offset: Int64?)
    /// A commit was answered: for each of its partitions, whether it was accepted by the group and
    /// the assignment stands.
    case committed(CommitNumber, accepted: [Int32: Bool])
    /// A transmission ended.
    case transmitted(Ticket, Outcome)
    /// A message was acknowledged by Kafka, or was not taken.
    case published(Ticket, acknowledged: Bool)
    /// An operator has decided what is to become of a reference in review. What does not fit the
    /// reference any more is ignored, so that decisions may be given any number of times.
    case decided(partition: Int32, ReferenceKey, ReviewDecision)
    /// A batch of lookups ended; a reference that is missing could not be looked up, because of
    /// `failure` if the whole request failed.
    case lookedUp(LookupNumber, [RecordID: Sighting], failure: Outcome?)
    /// A batch of references that are followed was asked for, likewise.
    case polled(LookupNumber, [RecordID: Sighting], failure: Outcome?)
    /// What was asked of the provider for checks was answered for these, or could not be had at
    /// present, because of `failure` if the whole request failed.
    case answered(LookupNumber, Set<Ticket>, failure: Outcome?)
    /// The harmless read ended.
    case probed(ProbeResult)
    /// Nothing new is to be sent, or it may be again; what is on its way goes on, and so does the
    /// following of what was sent.
    case paused(Bool)
    /// The rate of all replicas together is another one: requests per second.
    case rateLimit(Double)
    /// Another process, named by the hash of its name, has told of its part of the rate.
    case heard(ShareNotice, from: UInt64)
    /// A heartbeat is due; answered by `tell`, behind a fence.
    case beat
    /// The process ends: drain everything.
    case stop
}

/// A command as the engine sees it.
public enum Arrival: Hashable, Sendable {
    /// Creates an invoice or requests a payout.
    case create(Order)
    /// Asks the provider for the state of something, in order behind the commands of its key.
    case check(ReferenceKey)
    /// Says that something may have changed, in order behind the commands of its key.
    case hint(ReferenceKey, Cause)
    /// Asks the provider for its payout methods.
    case methods
    /// Refused before anything else: a reference is readable, so the answer keeps its order.
    case invalid(ReferenceKey)
    /// Cannot be processed and has no usable reference.
    case malformed
    /// Its home is another partition, to which it is forwarded.
    case stray
}

/// A command that moves money.
public struct Order: Hashable, Sendable {
    /// Whose reference it is.
    public var key: ReferenceKey
    /// What it asks for.
    public var fingerprint: Fingerprint
    /// What it comes to, in thousandths of the currency's unit.
    public var amount: Int64
    /// Past this it is not sent any more: milliseconds since 1970.
    public var notAfter: Int64?
    /// Where the command stood first, by which copies of a forwarded one are known.
    public var origin: RecordID
    /// Whether it is known that the provider would refuse it: it is refused without being sent,
    /// unless its reference is known.
    public var isInadmissible: Bool

    /// An order as decoded from a command.
    public init(
        key: ReferenceKey,
        fingerprint: Fingerprint,
        amount: Int64 = 0,
        notAfter: Int64?,
        origin: RecordID,
        isInadmissible: Bool = false
    ) {
        self.key = key
        self.fingerprint = fingerprint
        self.amount = amount
        self.notAfter = notAfter
        self.origin = origin
        self.isInadmissible = isInadmissible
    }
}

/// What an operator has decided about a reference in review.
public struct ReviewDecision: Hashable, Sendable {
    /// What is to become of it.
    public enum Verdict: Hashable, Sendable {
        /// One more attempt may be sent, or what was held.
        case release
        /// The order was executed: it is settled as accepted.
        case done
        /// Nothing was created: it is settled as refused.
        case notDone
    }

    /// Names the decision.
    public var number: DecisionNumber
    /// The attempt in review that it is about.
    public var attempt: Int
    /// What is to become of it.
    public var verdict: Verdict
    /// When it was made: milliseconds since 1970.
    public var at: Int64

    /// A decision as read from the operators' topic.
    public init(number: DecisionNumber, attempt: Int, verdict: Verdict, at: Int64) {
        self.number = number
        self.attempt = attempt
        self.verdict = verdict
        self.at = at
    }
}

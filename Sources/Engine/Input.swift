/// Everything that can happen to an engine.
///
/// Each comes with the moment it is handled at.
public enum Input: Sendable {
    /// The group gave us a partition; its commands are read from `start`. Nothing is taken from it
    /// before `restored`.
    case assigned(partition: Int32, start: Int64)
    /// A record of the partition's ledger, in the order of the ledger.
    case ledger(partition: Int32, LedgerEntry)
    /// The ledger of the partition was read to the end captured after the assignment.
    case restored(partition: Int32)
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
    /// A batch of lookups ended; a reference that is missing could not be looked up, because of
    /// `failure` if the whole request failed.
    case lookedUp(LookupNumber, [RecordID: Sighting], failure: Outcome?)
    /// What was asked of the provider for a check was answered, or could not be had at present.
    case answered(Ticket, failure: Outcome?)
    /// The harmless read ended.
    case probed(ProbeResult)
    /// The process ends: drain everything.
    case stop
}

/// A command as the engine sees it.
public enum Arrival: Hashable, Sendable {
    /// Creates an invoice or requests a payout.
    case create(Order)
    /// Asks the provider for the state of something, in order behind the commands of its key.
    case check(ReferenceKey)
    /// Asks the provider for its payout methods.
    case methods
    /// Refused before anything else: a reference is readable, so the answer keeps its order.
    case invalid(ReferenceKey)
    /// Cannot be processed and has no usable reference.
    case malformed
}

/// A command that moves money.
public struct Order: Hashable, Sendable {
    /// Whose reference it is.
    public var key: ReferenceKey
    /// What it asks for.
    public var fingerprint: Fingerprint
    /// Past this it is not sent any more: milliseconds since 1970.
    public var notAfter: Int64?

    /// An order as decoded from a command.
    public init(key: ReferenceKey, fingerprint: Fingerprint, notAfter: Int64?) {
        self.key = key
        self.fingerprint = fingerprint
        self.notAfter = notAfter
    }
}

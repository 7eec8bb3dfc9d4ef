/// Where a command was read: the identity of everything the engine does for it.
public struct RecordID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The partition of the command topic.
    public var partition: Int32
    /// The offset within the partition.
    public var offset: Int64

    /// Names the record at an offset of a partition.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// One word is hashed, at half the cost of two: few records share it.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(offset ^ Int64(partition) << 48)
    }

    /// Partition and offset, as in "3/42".
    public var description: String { "\(partition)/\(offset)" }

    /// Orders by partition, then by offset.
    public static func < (left: RecordID, right: RecordID) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }
}

/// A transaction reference, case folded and hashed to 16 bytes.
///
/// The shell computes it (DESIGN.md §4, "in memory a settled reference is a 16-byte hash"), so that
/// the engine holds no text.
public struct ReferenceKey: Hashable, Sendable {
    /// The first eight bytes of the hash.
    public var high: UInt64
    /// The last eight bytes of the hash.
    public var low: UInt64

    /// Joins the two halves of a hash.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// It is a hash already: one word is enough.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(high ^ low)
    }
}

/// A digest of what a command asks for: two commands with one reference are the same or in conflict.
public struct Fingerprint: Hashable, Sendable {
    /// The first eight bytes of the digest.
    public var high: UInt64
    /// The last eight bytes of the digest.
    public var low: UInt64

    /// Joins the two halves of a digest.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Ties the answer of an effect to the moment that asked for it.
///
/// A number is never used twice, so an answer that comes after its work was given up is recognised
/// and ignored, even when the same record has been read again meanwhile.
public struct Ticket: Hashable, Sendable {
    /// The command the effect belongs to.
    public var record: RecordID
    /// Distinguishes this request from every other one of this engine.
    public var number: UInt64

    /// Names one request made for a record.
    public init(record: RecordID, number: UInt64) {
        self.record = record
        self.number = number
    }
}

extension Ticket {
    /// A claim belongs to no command: what it is asked for is the beginning of the partition.
    init(claimOf partition: Int32, number: UInt64) {
        self.init(record: RecordID(partition: partition, offset: -1), number: number)
    }

    /// Whether it is the ticket of a claim.
    package var isClaim: Bool { record.offset < 0 }
}

/// Names one offset commit.
public typealias CommitNumber = UInt64

/// Names one batch of lookups.
public typealias LookupNumber = UInt64

/// Names what was found out about a reference: the same number, the same finding.
public typealias FindingNumber = UInt64

/// Names what an operator has decided; the shell knows who and why.
public typealias DecisionNumber = UInt64

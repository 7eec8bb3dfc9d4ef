import Aspayds
import Crypto

/// Everything the engine needs of a ledger record, in a header of fixed length.
///
/// A ledger is restored from it without parsing JSON. One writer writes both, and where there is no
/// index, the JSON tells the same. Numbers are in network order. What is absent is `Int64.min` among times, and 0 among hashes.
///
/// | at | bytes | |
/// |---|---|---|
/// | 0 | 1 | version |
/// | 1 | 1 | kind |
/// | 2 | 2 | flags; 1: its event is still to be published |
/// | 4 | 4 | attempt |
/// | 8 | 4 | sequence |
/// | 12 | 4 | partition where the command was read first |
/// | 16 | 16 | key |
/// | 32 | 16 | fingerprint |
/// | 48 | 8 | offset of the command in its home partition |
/// | 56 | 8 | offset where it was read first |
/// | 64 | 8 | not_after |
/// | 72 | 8 | at |
/// | 80 | 8 | since |
/// | 88 | 8 | hash of the owner |
/// | 96 | 8 | hash of the group |
/// | 104 | 8 | number of the decision |
/// | 112 | 8 | what the order comes to, in thousandths; 0 in what is settled |
/// | 120 | 8 | hash of the finding |
package struct LedgerIndex: Hashable, Sendable {
    /// What the record says; the states of an outcome are kinds of their own.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case claim = 1
        case intent
        case accepted
        case refused
        case notSent
        case inDoubt
        case review
        case released
        case expired
        case conflict
        case processing
        case completed
        case rejected
        case cancelled
        case changed
        case overdue
        case disputed
        case held
        case approved

        /// Whether work is left on the reference.
        package var isOpen: Bool {
            switch self {
            case .intent, .inDoubt, .review, .released, .held, .approved: true
            case .claim, .accepted, .refused, .notSent, .expired, .conflict, .processing,
                .completed, .rejected, .cancelled, .changed, .overdue, .disputed:
                false
            }
        }
    }

    /// The header's name.
    package static let header = "index"
    /// The header's length.
    package static let length = 128
    private static let version: UInt8 = 2

    /// What the record says.
    package var kind: Kind
    /// Whose attempt it is.
    package var key = ReferenceKey(high: 0, low: 0)
    /// What the order was.
    package var fingerprint = Fingerprint(high: 0, low: 0)
    /// Counts from 1; 0 in a claim.
    package var attempt = 0
    /// How many events the reference has had.
    package var sequence = 0
    /// Whether its event is still to be published.
    package var isUnannounced = false
    /// Where the command was read in its home partition; −1 in a claim.
    package var offset: Int64 = -1
    /// The partition where the command was read first.
    package var originPartition: Int32 = -1
    /// The offset there.
    package var originOffset: Int64 = -1
    /// Past this (milliseconds since 1970) nothing is sent any more.
    package var notAfter: Int64?
    /// When it was written, in milliseconds since 1970.
    package var at: Int64
    /// When the attempt's first doubt began, in milliseconds since 1970.
    package var since: Int64?
    /// Who wrote it, as `hash(of:)` says.
    package var owner: UInt64
    /// The consumer group, likewise; outcomes do not name it.
    package var group: UInt64?
    /// The number of the operator's decision that led to it; never 0.
    package var decision: UInt64?
    /// What the order comes to, in thousandths of the currency's unit.
    package var amount: Int64 = 0
    /// By what it is known again, for what is changed or disputed; never 0.
    package var finding: UInt64?

    /// The first eight bytes of the SHA-256 of an owner's or a group's name.
    package static func hash(of name: String) -> UInt64 {
        SHA256.hash(data: Array(name.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

// MARK: Of a record

extension LedgerIndex {
    /// The index of a record.
    package init(_ record: LedgerRecord) {
        switch record {
        case .claim(let claim):
            self.init(kind: .claim, at: claim.at, owner: Self.hash(of: claim.owner))
            group = Self.hash(of: claim.group)
        case .intent(let intent):
            self.init(kind: .intent, at: intent.at, owner: Self.hash(of: intent.owner))
            note(intent.command, intent.offset)
            key = ReferenceKey(intent.reference)
            fingerprint = intent.fingerprint
            attempt = intent.attempt
            sequence = intent.sequence
            notAfter = intent.order.notAfter
            amount = intent.order.amount.thousandths
            group = Self.hash(of: intent.group)
            decision = intent.decision?.number
        case .outcome(let outcome):
            self.init(
                kind: Kind(outcome.state),
                at: outcome.at,
                owner: Self.hash(of: outcome.owner)
            )
            note(outcome.command, outcome.offset)
            key = ReferenceKey(outcome.reference)
            fingerprint = outcome.fingerprint
            attempt = outcome.attempt
            sequence = outcome.sequence
            isUnannounced = outcome.isUnannounced
            notAfter = outcome.order?.notAfter
            amount = outcome.order?.amount.thousandths ?? 0
            since = outcome.since
            decision = outcome.decision?.number
            finding = outcome.finding
        }
    }

    /// The index of a record as it was read: of its header, or of its value where that is no use.
    package init(
        header: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?
    ) throws(UnreadableRecord) {
        if let header, let index = LedgerIndex(bytes: header) {
            self = index
        } else {
            guard let value else { throw UnreadableRecord(what: "no value") }
            self.init(try LedgerRecord(value: value))
        }
    }

    private mutating func note(_ command: Event.Origin, _ offset: Int64) {
        self.offset = offset
        originPartition = command.source.partition
        originOffset = command.source.offset
    }
}

extension LedgerIndex.Kind {
    init(_ state: LedgerRecord.State) {
        switch state {
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .notSent: self = .notSent
        case .inDoubt: self = .inDoubt
        case .review: self = .review
        case .released: self = .released
        case .expired: self = .expired
        case .conflict: self = .conflict
        case .processing: self = .processing
        case .completed: self = .completed
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .changed: self = .changed
        case .overdue: self = .overdue
        case .disputed: self = .disputed
        case .held: self = .held
        case .approved: self = .approved
        }
    }
}

// MARK: Bytes

extension LedgerIndex {
    /// The header's value.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(Self.version)
        append(kind.rawValue)
        append(UInt16(isUnannounced ? 1 : 0))
        append(UInt32(clamping: attempt))
        append(UInt32(clamping: sequence))
        append(originPartition)
        append(key.high)
        append(key.low)
        append(fingerprint.high)
        append(fingerprint.low)
        append(offset)
        append(originOffset)
        append(notAfter ?? .min)
        append(at)
        append(since ?? .min)
        append(owner)
        append(group ?? 0)
        append(decision ?? 0)
        append(amount)
        append(finding ?? 0)
        return bytes
    }

    /// Reads a header's value; nil when it is of another version, or no index at all.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.length, bytes[0] == Self.version,
            let kind = Kind(rawValue: bytes[1])
        else { return nil }
        func number<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Number {
            Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
        func time(_ offset: Int) -> Int64? {
            let time: Int64 = number(offset)
            return time == .min ? nil : time
        }
        func hash(_ offset: Int) -> UInt64? {
            let hash: UInt64 = number(offset)
            return hash == 0 ? nil : hash
        }
        self.init(kind: kind, at: number(72), owner: number(88))
        isUnannounced = (number(2) as UInt16) & 1 != 0
        attempt = Int(number(4) as UInt32)
        sequence = Int(number(8) as UInt32)
        originPartition = number(12)
        key = ReferenceKey(high: number(16), low: number(24))
        fingerprint = Fingerprint(high: number(32), low: number(40))
        offset = number(48)
        originOffset = number(56)
        notAfter = time(64)
        since = time(80)
        group = hash(96)
        decision = hash(104)
        amount = number(112)
        finding = hash(120)
    }
}

extension ReferenceKey {
    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension Fingerprint {
    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

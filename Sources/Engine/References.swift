/// What the ledger of one partition says of every reference.
package struct References: Sendable {
    private var settled = SettledTable()
    /// Commands that were answered for good although the reference has gone on, or may: a copy of
    /// theirs, or they themselves read again, must not be tried.
    private var answered: [CommandDigest: Answer] = [:]
    /// What is not settled: intents without an outcome, what is in doubt, in review or released.
    private(set) var open: [ReferenceKey: OpenReference] = [:]
    let partition: Int32

    package init(partition: Int32) {
        self.partition = partition
    }

    /// The latest of a reference.
    package subscript(key: ReferenceKey) -> Standing? {
        open[key]?.standing ?? settled.standing(of: key, in: partition)
    }

    /// Notes the latest of an order that is settled.
    package mutating func settle(_ standing: Standing, of key: ReferenceKey) {
        noteEnd(of: key, before: standing)
        open[key] = nil
        settled.set(standing, of: key)
    }

    /// Notes the latest of an order that is not settled.
    mutating func reopen(_ reference: OpenReference) {
        let key = reference.order.key
        noteEnd(of: key, before: reference.standing)
        let last = open.updateValue(reference, forKey: key)
        guard let late = last?.lateAcceptance, !reference.standing.state.isAccepted else { return }
        // It stood in the ledger before this, which was written without knowing of it.
        open[key]?.lateAcceptance = late
    }

    /// The record that tells of a reference was written again.
    mutating func move(_ key: ReferenceKey, from old: Int64, to offset: Int64) {
        guard var standing = self[key], standing.ledgerOffset == old else { return }
        standing.ledgerOffset = offset
        if open[key] == nil {
            settled.set(standing, of: key)
        } else {
            open[key]?.standing = standing
        }
    }

    /// How a command was answered before, if it was and the reference does not say so.
    func answer(of order: Order) -> Answer? {
        answered.isEmpty ? nil : answered[CommandDigest(order.key, order.origin.digest)]
    }

    /// Notes that a command was told of a conflict.
    mutating func noteConflict(of order: Order) {
        answered[CommandDigest(order.key, order.origin.digest)] = .conflict
    }

    /// Notes that another command has taken up a reference after one that came to nothing.
    private mutating func noteEnd(of key: ReferenceKey, before next: Standing) {
        guard let last = self[key], last.origin != next.origin else { return }
        guard last.state == .refused || last.state == .expired else { return }
        answered[CommandDigest(key, last.origin)] = .ended
    }

    /// Notes that somebody who has lost the partition has said late that the provider has it.
    ///
    /// What has ended stays as it ended, even if its event is still to be published. And of what was
    /// not sent only a person can have said so, who has told the owner too.
    mutating func noteLateAcceptance(_ entry: LedgerEntry) {
        guard let known = open[entry.key], known.standing.isOpen else { return }
        let attempt = known.standing.attempt
        let isOfThis = entry.attempt == attempt && known.standing.state.mayHaveArrived
        guard isOfThis || entry.attempt < attempt,
            entry.attempt >= known.lateAcceptance?.attempt ?? 0
        else { return }
        open[entry.key]?.lateAcceptance = LateAcceptance(
            attempt: entry.attempt,
            decision: entry.decision
        )
    }

    /// How many references are remembered, and in how many bytes those that are settled.
    var size: (references: Int, bytes: Int) { (open.count + settled.count, settled.bytes) }
}

/// The latest attempt of a reference.
package struct Standing: Hashable {
    /// The command, where it was read.
    var record: RecordID
    /// A digest of where it stood first.
    var origin: UInt32
    /// The first half of the order's fingerprint.
    var fingerprint: UInt64
    var attempt: Int
    var sequence: Int
    var state: LedgerState
    /// Where the record that says so stands in the ledger.
    var ledgerOffset: Int64

    /// Whether it is not known what became of it, or something is still to be done.
    var isOpen: Bool {
        switch state {
        case .intent, .inDoubt, .review, .released, .held, .approved: true
        case .accepted, .refused, .notSent, .expired, .conflict, .processing, .completed, .rejected,
            .cancelled, .changed, .overdue, .disputed:
            false
        }
    }

    /// Keeps what later records of an attempt do not tell anew: what is answered is the review
    /// before a release or an approval, and the acceptance before what became of it.
    mutating func continues(_ known: Standing) {
        guard known.attempt == attempt else { return }
        // A word that we do not know may come at any time: what was said before stays said.
        if state == .changed && known.state.isProgress { state = known.state }
        if state == .released || state == .approved || (state.isAccepted && known.state.isAccepted)
        {
            ledgerOffset = known.ledgerOffset
            origin = known.origin
        }
    }

    /// What is said of it to those who ask.
    var answeredState: LedgerState {
        switch state {
        // What may have been sent is in doubt.
        case .intent: .inDoubt
        // What is released was in review, and still has that for an answer.
        case .released: .review
        case .approved: .held
        // What became of it later has events of its own.
        case .processing, .completed, .rejected, .cancelled, .changed, .overdue, .disputed:
            .accepted
        case .accepted, .refused, .notSent, .inDoubt, .review, .expired, .conflict, .held: state
        }
    }

    /// Whether an order asks for the same.
    func agrees(with order: Order) -> Bool { fingerprint == order.fingerprint.high }

    /// Whether a command is the one that this was done for, or a copy of it: forwarded ones may be
    /// doubled on their way.
    func belongs(to order: Order, readAt id: RecordID) -> Bool {
        record == id || (order.origin != id && order.origin.digest == origin)
    }
}

/// How a command was answered for good.
enum Answer: UInt8 {
    /// By what became of it.
    case ended
    /// With a conflict.
    case conflict
}

/// A command of a reference, in eight bytes.
struct CommandDigest: Hashable {
    private let digest: UInt64

    init(_ key: ReferenceKey, _ origin: UInt32) {
        digest = key.low &+ UInt64(origin) &* 0x9E37_79B9_7F4A_7C15
    }
}

/// A reference that is not settled, or whose end was perhaps not said.
struct OpenReference: Hashable {
    var standing: Standing
    var order: Order
    /// When the doubt began, if it did: milliseconds since 1970.
    var since: Int64?
    /// When the ledger was told: milliseconds since 1970.
    var at: Int64
    var decision: DecisionNumber?
    /// The event of a record that may not have been published.
    var unannounced: LedgerWrite?
    /// What somebody who had lost the partition has said: that the provider has it.
    var lateAcceptance: LateAcceptance?
}

/// A late record that the provider has accepted an attempt: the latest one, or one before it, after
/// which none may be sent any more.
struct LateAcceptance: Hashable {
    var attempt: Int
    /// The decision that it follows: of the person who has let the attempt be sent, or who says
    /// that it was done.
    var decision: DecisionNumber?
}

extension RecordID {
    /// 32 bits of it, the same everywhere.
    var digest: UInt32 {
        var mixed = UInt64(bitPattern: offset) ^ UInt64(UInt32(bitPattern: partition)) << 40
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }
}

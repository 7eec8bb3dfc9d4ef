/// What the engine knows of a partition it owns.
struct PartitionState {
    enum Phase: Hashable {
        /// Its ledger is being read; nothing is taken from it.
        case restoring
        /// Commands are worked on.
        case active
        /// It is being given back: nothing new is begun.
        case draining(until: Instant)
    }

    var phase: Phase = .restoring
    /// Told from an earlier assignment of the same partition by this.
    let epoch: UInt64
    var progress: OffsetProgress
    /// The offset the group was last told, or the one it began with.
    var committed: Int64
    /// Intents acknowledged by the ledger that wait for the next commit.
    var fenceQueue: [RecordID] = []
    /// Not before this: the last commit was not accepted.
    var fenceAt: Instant?
    var isPaused = true
    /// Records taken and not finished.
    var held = 0
    /// What the ledger says of each reference.
    var standings: [ReferenceKey: Standing] = [:]
    /// References whose outcome is being looked up.
    var doubts: [ReferenceKey: Doubt] = [:]

    init(epoch: UInt64, start: Int64) {
        self.epoch = epoch
        progress = OffsetProgress(start: start)
        committed = start
    }

    /// Whether commands were finished that the group does not know of.
    var hasUncommittedProgress: Bool { progress.watermark != committed }

    var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }
}

/// The latest attempt of a reference.
struct Standing: Hashable {
    var fingerprint: Fingerprint
    var record: RecordID
    var attempt: Int
    var sequence: Int
    var state: LedgerState
    /// Where the record that says so stands in the ledger.
    var ledgerOffset: Int64
    var notAfter: Int64?
    /// When the record was written: milliseconds since 1970.
    var at: Int64
    /// Who wrote it; 0 for what this engine wrote itself.
    var owner: UInt64 = 0
    /// Whether two owners wrote an intent for the same attempt: one of them was late, and may have
    /// said that nothing was sent while the other one sent.
    var isContested = false
}

extension Standing {
    init(_ entry: LedgerEntry) {
        self.init(
            fingerprint: entry.fingerprint,
            record: entry.record,
            attempt: entry.attempt,
            sequence: entry.sequence,
            state: entry.state,
            ledgerOffset: entry.offset,
            notAfter: entry.notAfter,
            at: entry.at,
            owner: entry.owner
        )
    }

    /// Whether a record says of an attempt what only the writer of its intent can know.
    func canBeClosed(by entry: LedgerEntry) -> Bool {
        guard attempt == entry.attempt, state == .intent, entry.state == .notSent else {
            return true
        }
        return !isContested && owner == entry.owner
    }

    private var isOpen: Bool { [.intent, .inDoubt, .review].contains(state) }

    /// Whether another record of the same reference says nothing new.
    ///
    /// An accepted reference is never tried again; otherwise the latest attempt counts.
    func isAhead(of other: Standing) -> Bool {
        if state == .accepted { return other.state != .accepted || attempt > other.attempt }
        if other.state == .accepted { return false }
        // That a later attempt was not sent settles nothing of an earlier one.
        if other.state == .notSent && attempt < other.attempt && isOpen { return true }
        if state == .notSent && other.attempt < attempt && other.isOpen { return false }
        if attempt != other.attempt { return attempt > other.attempt }
        return state.rank > other.state.rank
    }
}

extension LedgerState {
    /// How far an attempt has come.
    fileprivate var rank: Int {
        switch self {
        case .intent: 0
        case .notSent: 1
        case .inDoubt: 2
        case .refused: 3
        case .review: 4
        case .accepted: 5
        }
    }
}

/// An attempt whose outcome is not known.
struct Doubt: Hashable {
    let record: RecordID
    let order: Order
    let attempt: Int
    /// Lookups so far.
    var lookups = 0
    var nextLookup: Instant
    /// Set while the answer of a lookup is awaited.
    var isBeingLookedUp = false
    /// Absence is not judged before this: the settle window after the send deadline.
    let judgedFrom: Instant
    var inReview = false
    /// Whether the attempt itself was refused: only an earlier one can have been executed.
    var wasRefused = false
}

internal import DequeModule

/// What the engine knows of a partition it owns.
///
/// A class, because it is far too large to be copied whenever one asks for a part of it; the engine
/// that has it cannot be copied.
final class PartitionState {
    enum Phase: Hashable {
        /// Its ledger is being read; nothing is taken from it.
        case restoring
        /// Its ledger was read and is being claimed.
        case claiming(ClaimStage)
        /// Commands are worked on.
        case active
        /// It is being given back: nothing new is begun.
        case draining(until: Instant)
    }

    /// A claim is made behind a fence: who has lost the partition does not disturb its successor.
    enum ClaimStage: Hashable {
        case fencing
        case appending
    }

    /// Which partition it is.
    let number: Int32
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
    /// Whether it is among the busy ones.
    var isBusy = false
    /// Records taken and not finished.
    var unfinished = 0

    /// What the ledger says of each reference.
    var references: References
    /// References whose outcome is being looked up.
    var doubts: [ReferenceKey: Doubt] = [:]
    /// References whose end is not known, although they were accepted.
    var tracked: [ReferenceKey: Tracked] = [:]
    /// References that a person has to look at although nothing is in doubt, because what was
    /// accepted is disputed or overdue, or an order is held, and since when: milliseconds since 1970.
    var disputes: [ReferenceKey: Int64] = [:]
    /// What the orders of the day come to.
    var spent = DailyTotal()
    /// What is open, doubts and disputes and what is followed: where and when the ledger was told.
    var told: [ReferenceKey: Told] = [:]
    /// What was disputed before, whether a person has closed it or not: it is said once.
    var findings: [ReferenceKey: Set<FindingNumber>] = [:]
    /// Everything before this offset of the ledger is known.
    var ledgerEnd: Int64 = 0
    /// Whether the ledger was read to its end; until then more is known than `ledgerEnd` says.
    var isRead = false
    /// The latest command in what was read of the ledger in this assignment; nil for none.
    var latestCommand: Int64?
    /// The owner of the latest claim: whoever else writes is late.
    var claimant: UInt64?
    /// Whether a claim of ours is the latest; before it, what others write still counts.
    var isClaimed = false
    /// The ticket of a claim on its way.
    var claimTicket: Ticket?
    /// When it was last claimed: milliseconds since 1970.
    var claimedAt: Int64 = 0
    /// Acknowledgements that came behind a gap, or while one is read.
    var heldAcknowledgements: Deque<Acknowledgement> = []
    var isReadingGap = false
    /// Whether somebody else has claimed it after us.
    var isDisplaced = false
    /// Whether another consumer group has claimed it last.
    var isForeign = false

    init(_ partition: Int32, epoch: UInt64, start: Int64) {
        number = partition
        self.epoch = epoch
        progress = OffsetProgress(start: start)
        committed = start
        references = References(partition: partition)
    }

    /// Whether commands were finished that the group does not know of.
    var hasUncommittedProgress: Bool { progress.watermark != committed }

    var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }

    /// Whether nothing is under way, and the group was told how far it got.
    var isIdle: Bool { unfinished == 0 && !hasUncommittedProgress && claimTicket == nil }

    /// Whether something waits for a commit, and has to wait no longer than one takes.
    var isFenceDue: Bool {
        if phase == .claiming(.fencing) || !fenceQueue.isEmpty { return true }
        return isDraining && unfinished == 0 && hasUncommittedProgress
    }

    /// Whether a fence waits for a commit, or progress does.
    var hasSomethingToCommit: Bool {
        phase != .restoring && (isFenceDue || hasUncommittedProgress)
    }

    /// What may be kept while somebody else has the partition, or nobody: all is settled in what is
    /// known, and so a reader of what follows knows all.
    var memory: Remembered? {
        guard isDraining, isIdle, !isReadingGap, !isDisplaced, !isForeign, claimant != nil,
            references.open.isEmpty
        else { return nil }
        return Remembered(
            references: references,
            tracked: tracked,
            disputes: disputes,
            spent: spent,
            findings: findings,
            told: told,
            end: ledgerEnd,
            claimant: claimant
        )
    }

    /// What is to be committed for it.
    var mark: CommitMark { CommitMark(offset: progress.watermark, ledgerEnd: ledgerEnd) }
}

/// What is known of a ledger that was read before.
struct Remembered {
    var references: References
    var tracked: [ReferenceKey: Tracked]
    var disputes: [ReferenceKey: Int64]
    var spent: DailyTotal
    var findings: [ReferenceKey: Set<FindingNumber>]
    var told: [ReferenceKey: Told]
    var end: Int64
    var claimant: UInt64?
}

/// The ledger has stored a record.
struct Acknowledgement: Hashable {
    var ticket: Ticket
    var offset: Int64
}

/// An attempt whose outcome is not known.
struct Doubt: Hashable {
    let record: RecordID
    let order: Order
    let attempt: Int
    /// When it began: milliseconds since 1970.
    let since: Int64
    /// Lookups so far.
    var lookups = 0
    var nextLookup: Instant
    /// Set while the answer of a lookup is awaited.
    var isBeingLookedUp = false
    /// A lookup has found it: it is asked for in full before that counts.
    var isConfirming = false
    /// A lookup of many was refused as a whole: it is looked up by itself.
    var isAlone = false
    /// Absence is not judged before this: the settle window after the send deadline.
    let judgedFrom: Instant
    var inReview = false
    /// Whether the attempt itself was refused: only an earlier one can have been executed.
    var wasRefused = false
    /// The operator's decision that has let the attempt be sent.
    let release: DecisionNumber?
    /// What an operator wants, as soon as the record is free.
    var decision: ReviewDecision?
}

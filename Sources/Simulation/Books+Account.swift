import Engine

extension Books {
    /// What is known of a reference: a class, because a copy would copy its sets.
    final class Account {
        var executions = 0
        var executedAttempts: Set<Int> = []
        /// The latest attempt that was handed over and may have been executed.
        var openAttempt = 0
        /// The latest in the ledger.
        var attempt = 0
        var state: LedgerState?
        /// Since when it is in doubt: milliseconds since 1970.
        var inDoubtSince: Int64 = 0
        /// The attempt after which another one may be sent.
        var releasedAttempt = 0
        /// The day on which the intent of the latest attempt counts.
        var day: Int64 = 0
        /// Whether a person has let go what was held.
        var isApproved = false
        /// The one that a person has let another one follow.
        var releasedByPerson: Int?
        /// The latest event about it that the partition's owner has published, and whether it was
        /// accepted by then.
        var sequence = 0
        var wasAccepted = false
        var seen: Set<EventID> = []
        /// The sequence of each event that tells what became of it, as its owner has published it.
        var told: [EventID: Int] = [:]
        /// What each worker's last poll of it has found, and when the provider had it last for all
        /// that the worker was told.
        var polls: [UInt64: (number: LookupNumber, sighting: Sighting?, seenAt: Time?)] = [:]
        var isAccepted = false
        var needsReview = false
        /// What was said last of what became of it.
        var progress: EventKind?
        /// Whether a person has said what became of it.
        var isClosedByHand = false
        /// The latest attempt of which it was said that nothing came of it.
        var refusedAttempt = 0

        func noteRefusal(_ attempt: Int) {
            refusedAttempt = max(refusedAttempt, attempt)
        }
    }
}

/// A way to break the world or the shell on purpose, to see whether the checkers notice.
///
/// Each one takes away something that DESIGN.md §4 rests on. None of them touches the engine.
public enum Sabotage: String, CaseIterable, Sendable {
    /// The broker accepts commits of members and generations that are gone.
    case staleCommits = "stale-commits"
    /// Appends to the ledger are acknowledged before they are stored, and may then be lost.
    case earlyAcknowledgement = "early-acknowledgement"
    /// The ledger is read to an end that was captured before the assignment.
    case earlyLedgerEnd = "early-ledger-end"
    /// Nothing is checked at the last moment before sending.
    case uncheckedLease = "unchecked-lease"
    /// Nothing is checked there, nor whether the assignment was lost when a commit is answered.
    case uncheckedEpoch = "unchecked-epoch"
    /// The order is sent again under the same intent after *not sent* was recorded.
    case notSentInLedger = "not-sent-in-ledger"
    /// Offsets are committed before what they pass is answered.
    case earlyOffsets = "early-offsets"
    /// The second fence is off: what somebody else has written to the ledger is not seen.
    case unseenGaps = "unseen-gaps"
    /// A payout that a lookup does not find is transmitted again at once.
    case lookUpThenPost = "look-up-then-post"
    /// Intents and outcomes of an attempt have one key in the compacted ledger.
    case sharedLedgerKey = "shared-ledger-key"
    /// What was handed over and not answered is reported as not sent.
    case doubtAsNotSent = "doubt-as-not-sent"
    /// Events are acknowledged to the engine without having been published.
    case unpublishedEvents = "unpublished-events"
    /// Whoever takes a partition over does not hear what operators have decided before.
    case unheardDecisions = "unheard-decisions"
    /// Lenders of the rate take back what they have lent long before borrowers stop using it.
    case earlyTakeBack = "early-take-back"
    /// The term of a loan runs from when the borrower hears of it.
    case loansFromHearing = "loans-from-hearing"
    /// No worker hears what the others tell of their parts of the rate, so nothing is lent.
    case unheardNotices = "unheard-notices"
}

import Contract

/// What a ledger record says of a reference, as far as the next one is judged by it.
struct Step {
    /// Nil for an intent.
    let state: LedgerRecord.State?
    let attempt: Int32
    let fingerprint: UInt64
    /// The command, where it was read first.
    let command: PageID
    /// Milliseconds since 1970, as all times here.
    let at: Int64
    /// When the doubt began.
    let since: Int64
    let decision: (verdict: Decision.Verdict, at: Int64)?
    let isUnannounced: Bool
    /// Whether an earlier attempt may have been executed, so that this one was allowed by a person or
    /// by absence.
    var isRepeat = false

    init(_ intent: LedgerRecord.Intent) {
        state = nil
        attempt = Int32(clamping: intent.attempt)
        fingerprint = intent.fingerprint.high
        command = PageID(intent.domain, intent.command.source)
        at = intent.at
        since = intent.at
        decision = nil
        isUnannounced = false
    }

    init(_ outcome: LedgerRecord.Outcome) {
        state = outcome.state
        attempt = Int32(clamping: outcome.attempt)
        fingerprint = outcome.fingerprint.high
        command = PageID(outcome.domain, outcome.command.source)
        at = outcome.at
        since = outcome.since ?? outcome.at
        decision = outcome.decision.map { ($0.verdict, $0.at) }
        isUnannounced = outcome.isUnannounced
    }

    /// The word of the ledger for it.
    var word: String { state?.rawValue ?? "intent" }

    /// Whether a person has said what became of it.
    var isByHand: Bool { decision.map { $0.verdict != .release } ?? false }

    /// Whether it is not known yet what becomes of it, and no person has to decide.
    var isUnderWay: Bool { state == nil || state == .inDoubt || mayBeSent }

    /// Whether there is leave to send another attempt.
    var mayBeSent: Bool { state == .released || state == .approved }
}

extension LedgerRecord.State {
    /// Whether the provider has it, whatever became of it since.
    var isAccepted: Bool { self == .accepted || isProgress }

    /// Whether it says what became of what was accepted.
    var isProgress: Bool {
        switch self {
        case .processing, .completed, .rejected, .cancelled, .changed, .overdue, .disputed: true
        case .accepted, .refused, .notSent, .inDoubt, .review, .released, .expired, .conflict,
            .held,
            .approved:
            false
        }
    }
}

/// A reference that the provider has accepted, and whose end is not known.
struct Tracked: Hashable {
    /// When it was accepted: milliseconds since 1970.
    let since: Int64
    var nextPoll: Instant
    /// What made us look.
    var cause = Cause.poll
    /// The last words of the provider's that we do not know and have said, by their hashes.
    var words: [FindingNumber] = []
    /// Whether its end is known, and somebody said otherwise: it is asked for once.
    var isOnce = false
    var polledAt: Instant?
    var isBeingPolled = false
    /// Whether a poll has found it; what a person has called done, the provider may never have had.
    private(set) var wasSeen = false
    /// Since when every answer is that the provider does not know it any more.
    private(set) var absentSince: Instant?
    /// Whether something was found out that could not be recorded yet.
    var hasNews = false
    /// Whether somebody has hinted since the last poll began.
    var isHinted = false
    /// Polls that were hurried by hints, one after the other.
    var hints = 0
    /// Polls in a row that the provider has had, and that told nothing of it.
    private(set) var unanswered = 0

    /// So many may be asked for in one request with it: half as many after each that told nothing,
    /// since something in it may be what the provider does not like (100, 50, 25, 12, 6, 3, 1).
    var mostTogether: Int { CommandEngine.maxLookupBatchSize >> min(unanswered, Self.mostHalvings) }

    private static let mostHalvings = 6

    private static let mostWords = 8

    /// Notes that a word was said.
    mutating func note(word: FindingNumber) {
        words = words.suffix(Self.mostWords - 1).filter { $0 != word } + [word]
    }

    /// Notes whether the provider says that it has it.
    mutating func note(isThere: Bool, _ now: Instant) {
        if isThere { wasSeen = true }
        absentSince = isThere || !wasSeen ? nil : absentSince ?? now
    }

    /// Whether the provider has it is to be found out anew.
    mutating func forgetAbsence() { absentSince = nil }

    /// Notes how a poll ended: one that was refused as a whole lets its members go alone.
    mutating func note(isAnswered: Bool, _ failure: Outcome?) {
        unanswered = isAnswered ? 0 : failure == .refused ? Self.mostHalvings : unanswered + 1
    }
}

extension EngineSettings {
    /// Whether more is to come of a reference.
    func isFollowed(_ state: LedgerState) -> Bool {
        switch state {
        case .accepted, .changed, .processing: true
        // A customer who cancels may come back and pay.
        case .cancelled: !isCancellingFinal
        default: false
        }
    }

    /// The state that follows from what the provider says; nil when nothing has changed.
    func step(from state: LedgerState, to status: ProviderStatus) -> LedgerState? {
        guard let next = status.state, next != state else { return nil }
        if state == .disputed { return nil }
        if rank(of: next) > rank(of: state) { return next }
        // Of two ends, one is wrong; what is merely behind may lag.
        return rank(of: next) == 3 && rank(of: state) == 3 ? .disputed : nil
    }

    private func rank(of state: LedgerState) -> Int {
        switch state {
        // Of what is overdue, only an end is news.
        case .processing, .overdue: 1
        case .cancelled where !isCancellingFinal: 2
        case .completed, .rejected, .cancelled: 3
        default: 0
        }
    }
}

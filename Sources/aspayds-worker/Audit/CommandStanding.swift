import Contract

/// How a command stands that no answer has ended.
enum CommandStanding: String {
    /// By what was said of its reference before.
    case answeredAgain = "answered_again"
    case hint
    case needsReview = "needs_review"
    case inDoubt = "in_doubt"
    /// There is an intent, and no outcome.
    case inFlight = "in_flight"
    /// The ledger knows how it ended.
    case notSaid = "not_said"
    case waiting
    case unanswered
    case unjudged = "not_judged"

    /// Whether its end is still to come.
    var isOpen: Bool {
        switch self {
        case .inDoubt, .inFlight, .notSaid, .waiting: true
        case .answeredAgain, .hint, .needsReview, .unanswered, .unjudged: false
        }
    }

    /// How a command of which nothing was said stands by what the ledger says last of its reference;
    /// `missing` where that is about another one.
    ///
    /// The same order again is answered by what became of the first, once the group has passed it.
    init(_ id: PageID, _ page: Page, isPassed: Bool?, by step: Step?, missing: CommandStanding) {
        let isOwn = step?.command == id
        guard page.kind == .order, let step, isOwn || step.fingerprint == page.fingerprint else {
            self = page.flags.contains(.isNamed) ? .inDoubt : missing
            return
        }
        let isAnswered = isOwn || isPassed != false
        switch step.state {
        case .review, .held: self = isAnswered ? .needsReview : .waiting
        case .inDoubt, .released: self = isAnswered ? .inDoubt : .waiting
        // What is sent once more was passed before.
        case nil where isOwn: self = isPassed == true && !step.isRepeat ? missing : .inFlight
        case .refused where isOwn, .expired where isOwn: self = .notSaid
        case nil, .approved: self = .waiting
        case .refused, .expired, .notSent, .conflict: self = missing
        case .accepted, .processing, .completed, .rejected, .cancelled, .changed, .overdue,
            .disputed:
            self = isOwn ? .notSaid : isAnswered ? .answeredAgain : .waiting
        }
    }
}

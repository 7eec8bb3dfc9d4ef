import Engine

/// What an event says, as far as the checkers care.
enum EventKind: UInt8 {
    case accepted, refused, inDoubt, review, expired, conflict, invalid, answer, deadLetter, forward
    case processing, completed, rejected, cancelled, changed, overdue, disputed, held

    init(_ state: LedgerState) {
        switch state {
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .review: self = .review
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
        case .inDoubt, .intent, .notSent, .released, .approved: self = .inDoubt
        }
    }

    init?(_ end: ProviderStatus) {
        switch end {
        case .completed: self = .completed
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .pending, .processing, .other: return nil
        }
    }

    /// Whether the command it answers has ended by it.
    var isFinal: Bool { self != .inDoubt && !isForPerson }

    /// Whether nothing came of the order.
    var isFruitless: Bool { self == .refused || self == .expired }

    /// Whether its command waits for a person.
    var isForPerson: Bool { self == .review || self == .held }

    /// Whether it tells what became of what was accepted: it answers no command.
    var isProgress: Bool {
        switch self {
        case .processing, .completed, .rejected, .cancelled, .changed, .overdue, .disputed: true
        default: false
        }
    }
}

/// The deterministic id of an event (DESIGN.md §4).
enum EventID: Hashable {
    /// About a reference; the word tells two of a kind apart: what was found, or which closing it is.
    case reference(ReferenceKey, EventKind, attempt: Int, word: UInt64?)
    /// The answer to one command.
    case command(RecordID, EventKind)
}

/// An event as it is published.
struct Event {
    var id: EventID
    var kind: EventKind
    /// The number of the command that it answers.
    var command: Int
    /// What the ledger recorded, if the event is about a reference.
    var write: LedgerWrite?
    var isReplay = false
    /// Which assignment of its worker it was made in.
    var assignment = 0
    /// The generation that its worker knew of.
    var generation = -1
}

import Contract

/// Something that must not be, and the record in which it shows.
struct Breach: Hashable {
    /// The rules of the books; their raw values are stable.
    enum Rule: String, CaseIterable {
        // Commands
        /// A command ended in two ways.
        case endedTwice = "ended_twice"
        /// The group has passed a command, and nothing was said of it.
        case unanswered
        /// With `--complete`: a command or a reference is not at its end.
        case open
        /// A command was answered with what answers another kind.
        case wrongAnswer = "wrong_answer"
        /// An answer names a command that is not there.
        case noCommand = "no_command"
        /// A forwarded copy is not what was read first.
        case forward
        /// What came in is not what ended and what is open.
        case balance
        // Events
        /// An event comes after one that should follow it.
        case sequence
        /// An event takes back what was said before.
        case state
        /// One id has two contents.
        case content
        /// An amount is not that of the command.
        case amount
        /// An event is not in the ledger.
        case unrecorded
        /// An event is in the ledger, and was not published.
        case unsaid
        /// A notification is missing, unfounded, or says something else than the event.
        case notification
        // Ledgers
        /// A record cannot be read.
        case unreadable
        /// A record does not lie in its home partition.
        case home
        /// Another consumer group has claimed the ledger.
        case group
        /// The ledger has another order than the command.
        case order
        /// An outcome has no intent before it.
        case noIntent = "no_intent"
        /// An attempt was begun although the one before did not allow it.
        case attempt
        /// A record contradicts the one before it.
        case ledger
        /// An operator's decision does not fit, or came too early.
        case decision
        // Provider's ids
        /// A reference has two ids of the provider.
        case twoIDs = "two_ids"
        /// An id of the provider belongs to two references.
        case sharedID = "shared_id"
        // The provider
        /// What was accepted is unknown to the provider.
        case providerAbsent = "provider_absent"
        /// The provider has what was never accepted.
        case providerHas = "provider_has"
        /// The provider has two under one reference.
        case providerTwice = "provider_twice"
        /// The provider has another id.
        case providerID = "provider_id"
        /// The provider has another amount.
        case providerAmount = "provider_amount"
        /// The provider says another end.
        case providerState = "provider_state"
    }

    let rule: Rule
    let place: CommandSource
    let reference: String?
    let what: String

    /// A line for people.
    var line: String {
        "\(place)  \(rule.rawValue)  \(printable(reference ?? "-"))  \(printable(what))"
    }
}

/// What was found: breaches, and what could not be judged and why.
struct Findings {
    /// So many breaches are kept; the rest are counted.
    static let mostKept = 10_000

    /// What shows in older records is left out: milliseconds since 1970.
    let since: Int64
    /// When the record was written that is being judged, in milliseconds since 1970.
    var time: Int64 = .max
    private(set) var breaches: [Breach] = []
    private(set) var count = 0
    private(set) var unjudged: [Unjudged: Int] = [:]

    init(since: Int64? = nil) { self.since = since ?? .min }

    mutating func add(
        _ rule: Breach.Rule,
        _ place: CommandSource,
        _ reference: String?,
        _ what: String
    ) {
        guard time >= since else { return leave(.earlier) }
        count += 1
        guard breaches.count < Self.mostKept else { return }
        breaches.append(Breach(rule: rule, place: place, reference: reference, what: what))
    }

    mutating func leave(_ what: Unjudged, _ number: Int = 1) {
        if number > 0 { unjudged[what, default: 0] += number }
    }
}

/// What could not be judged.
enum Unjudged: String, CaseIterable {
    case oldCommands = "commands from before the oldest answers that are kept"
    case goneCommands = "answers to commands that are not kept any more"
    case oldOutcomes = "outcomes from before the oldest events that are kept"
    case oldEvents = "events from before the oldest ledger records that are kept"
    case cutHistories = "references whose first ledger records are not kept any more"
    case oldNotifications = "notifications from before the oldest that are kept"
    case spellings = "references written in several ways, whose events lie in several partitions"
    case unknownOffsets = "partitions of commands of which the group's offset is not known"
    case earlier = "breaches in records from before --since"
    case provider = "references that the provider did not tell of"
}

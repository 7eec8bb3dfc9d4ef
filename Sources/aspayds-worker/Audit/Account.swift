import Aspayds
import Contract

/// What is known of a reference.
struct Account {
    let domain: Domain
    /// As it was written first.
    let reference: String
    /// What the ledger says last, of what counts.
    private(set) var standing: Step?
    /// The events of its ledger records, and events that the ledger does not know.
    var entries: [Entry] = []
    /// What was ordered last.
    var amount: Amount?
    var currency: UInt16 = 0
    /// The digest of the provider's id, 0 for none; and where that was said first.
    var providerID: UInt64 = 0
    var providerIDPlace: Place?
    /// What the events have said so far.
    var told = Told()
    /// How many records answer a command of it by what became of it.
    var publications: Int32 = 0
    /// Whether a command of it was refused, and nothing else is known.
    var isRefused = false
    /// Where the ledger has its last word, or the first event where no ledger knows it.
    var place: Place?

    init(_ domain: Domain, _ reference: String) {
        (self.domain, self.reference) = (domain, reference)
    }

    /// Whether the ledger or an event knows of it.
    var isKnown: Bool { standing != nil || !entries.isEmpty || told.kind != nil }

    /// What is known of it last; nil for an intent, and where nothing is known.
    var state: LedgerRecord.State? {
        standing.map(\.state) ?? entries.last?.state ?? (isRefused ? .refused : nil)
    }

    mutating func take(_ step: Step) {
        var step = step
        if let standing, standing.attempt == step.attempt {
            step.isRepeat = standing.isRepeat
        } else {
            step.isRepeat = standing?.state == .inDoubt || standing?.state == .released
        }
        standing = step
    }

    /// The entries of an event, by the digest of its id; the last of them is the latest.
    func entries(of id: UInt64) -> [Int] { entries.indices.filter { entries[$0].id == id } }
}

/// The place of a record in one of the topics of a reference, in 16 bytes.
struct Place: Hashable {
    let offset: Int64
    let partition: Int32
    let topic: Topic

    enum Topic: UInt8 {
        case commands
        case ledger
        case events
        case notifications
    }
}

extension Topics {
    /// The name and place of a record of a domain.
    func source(_ place: Place, _ domain: Domain) -> CommandSource {
        let name =
            switch place.topic {
            case .commands: commands(of: domain)
            case .ledger: ledger(of: domain)
            case .events: events(of: domain)
            case .notifications: notifications
            }
        return CommandSource(topic: name, partition: place.partition, offset: place.offset)
    }
}

/// An event as a ledger record has it, or as it was published where no record has it.
struct Entry {
    let id: UInt64
    let content: UInt64
    let at: Int64
    /// Where it lies in the ledger.
    let offset: Int64
    /// Where its command was read in its home partition.
    let home: Int64
    let sequence: Int32
    /// Counts the claims of the ledger's partition before it.
    let reign: Int32
    let attempt: Int32
    let partition: Int32
    let state: LedgerRecord.State
    var flags: Flags

    struct Flags: OptionSet {
        let rawValue: UInt16
        /// The ledger does not have it.
        static let isUnrecorded = Flags(rawValue: 128)
        /// A person has said what became of it.
        static let isByHand = Flags(rawValue: 256)
        /// Its writer had lost the partition already.
        static let isLate = Flags(rawValue: 1)
        /// It was recorded before it was said, and once more after that.
        static let isSettlement = Flags(rawValue: 2)
        /// The record that says that it was said.
        static let isAnnounced = Flags(rawValue: 4)
        /// It was published.
        static let isSaid = Flags(rawValue: 8)
        /// There is a notification of it.
        static let isNotified = Flags(rawValue: 16)
        /// There must be one.
        static let wantsNotification = Flags(rawValue: 32)
        /// It stood in the ledger before the ends of the events were known.
        static let isSettled = Flags(rawValue: 64)
    }

    /// Whether the same may be said again with another content: a doubt or a review lasts, and the
    /// provider may come back to what it has said before.
    var mayRepeat: Bool {
        switch state {
        case .inDoubt, .review, .changed, .processing, .cancelled, .overdue, .disputed: true
        default: flags.contains(.isByHand)
        }
    }
}

/// What the events of a reference have said so far, and by whom.
struct Told {
    /// The kind of the last one that the ledger has; nil before the first.
    var kind: Event.Kind?
    /// How far the reference has got (see `Event.stage`).
    var stage: UInt8 = 0
    var isDisputed = false
    var sequence: Int32 = 0
    /// Whose record it was: see `Entry.reign`.
    var reign: Int32 = 0
    var partition: Int32 = 0
    /// Whether its events lie in several partitions, so that they have no order.
    var isSpread = false
}

/// All references, by domain and hash.
struct Accounts {
    private(set) var list: [Account] = []
    private var indices: [Domain: [ReferenceKey: Int32]] = [:]

    /// The index of a reference; it has one from now on.
    mutating func index(_ domain: Domain, _ reference: String) -> Int {
        let key = ReferenceKey(reference)
        if let index = indices[domain]?[key] { return Int(index) }
        indices[domain, default: [:]][key] = Int32(list.count)
        list.append(Account(domain, reference))
        return list.count - 1
    }

    /// The index of a reference, if it is known.
    func known(_ domain: Domain, _ reference: String) -> Int? {
        indices[domain]?[ReferenceKey(reference)].map { Int($0) }
    }

    subscript(_ index: Int) -> Account {
        get { list[index] }
        _modify { yield &list[index] }
    }
}

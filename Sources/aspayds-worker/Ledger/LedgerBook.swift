import Contract
import Kafka

/// A record of a ledger, with its place.
struct LedgerLine {
    let place: CommandSource
    let record: LedgerRecord
    /// Its writer had lost the partition already.
    let isLate: Bool

    /// Whether it says, late, that the provider has accepted the order.
    var isEvidence: Bool { isLate && record.word == LedgerRecord.State.accepted.rawValue }

    /// Whether it says what is so; a conflict is about a command, not about the reference.
    var counts: Bool { !isLate && !isConflict }

    fileprivate var isConflict: Bool {
        record.word == LedgerRecord.State.conflict.rawValue
    }
}

/// What a ledger says of one reference, in the order in which it was written.
struct History {
    let domain: Domain
    private(set) var lines: [LedgerLine]

    init(_ domain: Domain, _ line: LedgerLine) {
        self.domain = domain
        lines = [line]
    }

    mutating func add(_ line: LedgerLine) { lines.append(line) }

    /// The last word: the last record that counts.
    var standing: LedgerLine? { lines.last(where: \.counts) }

    /// The reference as it was written last.
    var reference: String { (standing ?? lines.last)?.record.reference ?? "-" }

    /// What a person must decide about, if there is something.
    var review: LedgerRecord.Outcome? {
        guard case .outcome(let outcome)? = standing?.record else { return nil }
        return outcome.needsPerson ? outcome : nil
    }

    /// What was ordered, as far as the ledger still has it.
    var order: OrderDetails? {
        lines.last { !$0.isConflict && $0.record.order != nil }?.record.order
    }

    /// Late records that say the provider has accepted the order.
    var lateAcceptances: [LedgerLine] { lines.filter(\.isEvidence) }
}

/// What ledgers say of references, read in the order in which they were written.
///
/// The latest claim before a record says who may write: what anybody else wrote is late.
struct LedgerBook {
    /// What is kept; the rest is read and forgotten.
    enum Interest {
        /// All that is known of one reference, whatever its case.
        case reference(String)
        /// All that is known of these references, and what was written about these commands, named
        /// by the places where they were read first.
        case some(references: Set<Key>, commands: Set<CommandSource>)
        /// What is not settled.
        case open
    }

    /// Names a reference.
    struct Key: Hashable {
        let domain: Domain
        let reference: String

        init(_ domain: Domain, _ reference: String) {
            self.domain = domain
            self.reference = Reference.uppercased(reference)
        }
    }

    private let interest: Interest
    private(set) var histories: [Key: History] = [:]
    private var claims = LedgerClaims()

    init(_ interest: Interest) { self.interest = interest }

    /// Takes the next record of its partition.
    mutating func add(_ record: LedgerRecord, at place: CommandSource) {
        let partition = TopicPartition(topic: place.topic, partition: place.partition)
        if case .claim(let claim) = record {
            claims.note(claim, in: partition)
            return
        }
        guard let key = record.subject, isWanted(record, of: key) else { return }
        // A ledger that retention has cut may begin in the middle of somebody's records.
        let isLate = claims.isLate(record, in: partition)
        let line = LedgerLine(place: place, record: record, isLate: isLate)
        if case .open = interest {
            // Nothing is known of it but what does not count.
            if !line.counts, histories[key] == nil { return }
            if line.counts, !record.isOpen {
                histories[key] = nil
                return
            }
        }
        if histories[key]?.add(line) == nil { histories[key] = History(key.domain, line) }
    }

    private func isWanted(_ record: LedgerRecord, of key: Key) -> Bool {
        switch interest {
        case .reference(let reference): Reference.uppercased(reference) == key.reference
        case .some(let keys, let places):
            keys.contains(key) || record.command.map { places.contains($0.source) } ?? false
        case .open: true
        }
    }
}

/// Who may write to each partition of a ledger: whoever claimed it last.
struct LedgerClaims {
    private struct Reign {
        var claim: LedgerRecord.Claim
        var number: Int
    }

    private var reigns: [TopicPartition: Reign] = [:]

    /// Takes the next claim of a partition; answers the one before it.
    @discardableResult
    mutating func note(
        _ claim: LedgerRecord.Claim,
        in partition: TopicPartition
    ) -> LedgerRecord.Claim? {
        let last = reigns[partition]
        reigns[partition] = Reign(claim: claim, number: (last?.number ?? 0) + 1)
        return last?.claim
    }

    /// Whether somebody wrote who had lost the partition already.
    ///
    /// A ledger that retention has cut may begin in the middle of somebody's records.
    func isLate(_ record: LedgerRecord, in partition: TopicPartition) -> Bool {
        reigns[partition].map { $0.claim.owner != record.owner } ?? false
    }

    /// Counts the claims of a partition so far.
    func number(in partition: TopicPartition) -> Int { reigns[partition]?.number ?? 0 }
}

extension LedgerRecord {
    /// Whose record it is; nil for a claim.
    var subject: LedgerBook.Key? {
        switch self {
        case .claim: nil
        case .intent(let intent): LedgerBook.Key(intent.domain, intent.reference)
        case .outcome(let outcome): LedgerBook.Key(outcome.domain, outcome.reference)
        }
    }

    /// The reference, as it was written; nil for a claim.
    var reference: String? {
        switch self {
        case .claim: nil
        case .intent(let intent): intent.reference
        case .outcome(let outcome): outcome.reference
        }
    }

    /// Which attempt it is about; nil for a claim.
    var attempt: Int? {
        switch self {
        case .claim: nil
        case .intent(let intent): intent.attempt
        case .outcome(let outcome): outcome.attempt
        }
    }

    /// When it was written, in milliseconds since 1970.
    var at: Int64 {
        switch self {
        case .claim(let claim): claim.at
        case .intent(let intent): intent.at
        case .outcome(let outcome): outcome.at
        }
    }

    /// What it says, in one word.
    var word: String {
        switch self {
        case .claim: "claim"
        case .intent: "intent"
        case .outcome(let outcome): outcome.state.rawValue
        }
    }

    /// What was ordered, where it says so.
    var order: OrderDetails? {
        switch self {
        case .claim: nil
        case .intent(let intent): intent.order
        case .outcome(let outcome): outcome.order
        }
    }

    /// The command that it is about, and where that was read first; nil for a claim.
    var command: Event.Origin? {
        switch self {
        case .claim: nil
        case .intent(let intent): intent.command
        case .outcome(let outcome): outcome.command
        }
    }

    /// The operator's decision that led to it.
    var decision: Decision? {
        switch self {
        case .claim: nil
        case .intent(let intent): intent.decision
        case .outcome(let outcome): outcome.decision
        }
    }

    /// Whether it leaves work to do, for a worker or for a person.
    fileprivate var isOpen: Bool {
        switch self {
        case .claim: false
        case .intent: true
        case .outcome(let outcome): outcome.state.isOpen || outcome.isDispute
        }
    }
}

extension LedgerRecord.Outcome {
    /// Whether the provider has it for certain, and a person must find out what became of it.
    var isDispute: Bool { state == .overdue || state == .disputed }

    /// Whether it was not sent for certain, and a person must let it go.
    var isHeld: Bool { state == .held }

    /// Whether a person must decide about it.
    var needsPerson: Bool { state == .review || isHeld || isDispute }

    /// Since when a person is needed: milliseconds since 1970.
    var neededSince: Int64 { since ?? at }
}

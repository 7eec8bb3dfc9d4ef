/// What is not over is written again now and then, so that the ledger's retention (90 days) cannot
/// forget it (DESIGN.md §4): claims, doubts, reviews, and what is followed.
extension CommandEngine {
    /// So many records of one partition are written again at one look.
    private static let mostRepeated = 100

    private var repetition: Int64 { settings.repetition.wholeNanoseconds / 1_000_000 }

    /// Looks for what was written long ago.
    mutating func repeatOldRecords() {
        guard now.wallClock >= nextRepetition else { return }
        nextRepetition = now.wallClock + repetition / 30
        for state in owned where state.phase == .active {
            repeatClaim(of: state)
            repeatWhatIsOpen(in: state)
        }
    }

    /// Claims again what was claimed long ago, so that no ledger is ever empty.
    private mutating func repeatClaim(of state: PartitionState) {
        if state.claimTicket == nil && now.wallClock >= state.claimedAt + repetition {
            claim(state.number)
        }
    }

    /// Notes where the ledger tells of a reference last, as long as that must not be forgotten.
    mutating func noteTold(_ id: DoubtID, _ state: LedgerState, offset: Int64, at time: Int64) {
        let isOpen =
            state == .inDoubt || state == .review || state.needsPerson
            || settings.isFollowed(state)
        partitions[id.partition]?.told[id.key] = isOpen ? Told(ledgerOffset: offset, at: time) : nil
    }

    private mutating func repeatWhatIsOpen(in state: PartitionState) {
        let old = state.told.filter { now.wallClock >= $0.value.at + repetition }
            // In the same order every time, so that a run can be repeated.
            .sorted { $0.value.ledgerOffset < $1.value.ledgerOffset }
        if old.count > Self.mostRepeated { nextRepetition = now.wallClock + 1000 }
        for (key, record) in old.prefix(Self.mostRepeated) {
            writeAgain(DoubtID(partition: state.number, key: key), record)
        }
    }

    /// Writes a record again as it stands; there is no event in that.
    ///
    /// What something is being said of is told anew by that, and what is yet to be answered waits
    /// for the answer.
    private mutating func writeAgain(_ id: DoubtID, _ told: Told) {
        guard let state = partitions[id.partition], let standing = state.references[id.key],
            works[standing.record] == nil, state.progress.isRead(standing.record.offset)
        else { return }
        let write = LedgerWrite(
            attempt: standing.attempt,
            state: standing.state,
            sequence: standing.sequence,
            repeats: told.ledgerOffset
        )
        take(standing.record, Work(goingOnWith: standing, of: id.key))
        move(standing.record, to: .recording(write))
        append(standing.record, write)
    }

    /// The ledger has a record again.
    mutating func repeated(_ id: RecordID, of key: ReferenceKey, offset: Int64) {
        if let told = partitions[id.partition]?.told[key] {
            let again = Told(ledgerOffset: offset, at: now.wallClock)
            partitions[id.partition]?.told[key] = again
            partitions[id.partition]?.references.move(key, from: told.ledgerOffset, to: offset)
        }
        finish(id)
    }
}

/// What the ledger was told of a reference last.
struct Told: Hashable {
    var ledgerOffset: Int64
    /// When: milliseconds since 1970.
    var at: Int64
}

extension LedgerState {
    /// Whether a person has to look at what is not in doubt.
    var needsPerson: Bool { self == .overdue || self == .disputed || self == .held }
}

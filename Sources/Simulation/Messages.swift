import Engine

/// What an event says, as far as the checkers care.
enum EventKind: UInt8 {
    case accepted, refused, inDoubt, review, expired, conflict, invalid, answer, deadLetter

    init(_ state: LedgerState) {
        switch state {
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .review: self = .review
        case .inDoubt, .intent, .notSent: self = .inDoubt
        }
    }

    /// Whether the command it answers has ended by it.
    var isFinal: Bool { self != .inDoubt && self != .review }
}

/// The deterministic id of an event (DESIGN.md §4).
enum EventID: Hashable {
    /// About a reference.
    case reference(ReferenceKey, EventKind, attempt: Int)
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
}

/// A record of the ledger.
struct LedgerRecord {
    /// The compaction key.
    struct Key: Hashable {
        var reference: ReferenceKey
        var attempt: Int
        var isIntent: Bool
    }

    var offset: Int64 = 0
    var storedAt: Time = 0
    var reference: ReferenceKey
    var fingerprint: Fingerprint
    /// The number of the command whose attempt it is.
    var command: Int
    var write: LedgerWrite
    var notAfter: Int64?
    /// When it was written, in milliseconds since 1970, and by which process.
    var at: Int64
    var owner: UInt64
    var event: Event?

    func key(isShared: Bool) -> Key {
        Key(
            reference: reference,
            attempt: write.attempt,
            isIntent: write.state == .intent && !isShared
        )
    }
}

/// A partition of the ledger: an append-only log with compaction.
struct LedgerPartition {
    private(set) var records: [LedgerRecord] = []
    private(set) var end: Int64 = 0

    mutating func append(_ record: LedgerRecord, at now: Time) -> Int64 {
        var record = record
        record.offset = end
        record.storedAt = now
        records.append(record)
        end += 1
        return record.offset
    }

    /// The records before an offset.
    func records(before end: Int64) -> ArraySlice<LedgerRecord> {
        records.prefix(through: end - 1)
    }

    func record(at offset: Int64) -> LedgerRecord? {
        let slice = records.prefix(through: offset)
        return slice.last?.offset == offset ? slice.last : nil
    }

    /// Keeps the last record of each key among those that are older than the lag.
    mutating func compact(before time: Time, isShared: Bool) {
        var last: [LedgerRecord.Key: Int64] = [:]
        for record in records { last[record.key(isShared: isShared)] = record.offset }
        records.removeAll { record in
            record.storedAt < time && last[record.key(isShared: isShared)] != record.offset
        }
    }
}

extension [LedgerRecord] {
    /// The records up to an offset; offsets rise but may have gaps.
    fileprivate func prefix(through offset: Int64) -> ArraySlice<LedgerRecord> {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return self[..<low]
    }
}

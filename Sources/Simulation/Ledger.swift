import Engine

/// A record of the ledger.
struct LedgerRecord {
    /// What it says.
    enum Content {
        /// From here on the partition has another writer.
        case claim(group: Int)
        /// An intent, or what became of it.
        case attempt(Attempt)
    }

    /// What is written of an attempt.
    struct Attempt {
        var order: Order
        /// The number of the command whose attempt it is.
        var command: Int
        var write: LedgerWrite
        var event: Event?
    }

    /// The compaction key.
    enum Key: Hashable {
        case shared(ReferenceKey, Int)
        case own(owner: UInt64, number: UInt64)
    }

    var offset: Int64 = 0
    var storedAt: Time = 0
    /// When it was written, in milliseconds since 1970, and by which process.
    var at: Int64
    var owner: UInt64
    /// Counts what its writer has written.
    var number: UInt64
    var content: Content

    /// No two records have the same, unless this is sabotaged.
    func key(isShared: Bool) -> Key {
        guard isShared, case .attempt(let attempt) = content else {
            return .own(owner: owner, number: number)
        }
        return .shared(attempt.order.key, attempt.write.attempt)
    }
}

/// A partition of the ledger: an append-only log with compaction.
struct LedgerPartition {
    private(set) var records: [LedgerRecord] = []
    private(set) var end: Int64 = 0
    /// Whose records count at the end of the log.
    private(set) var claimant: UInt64?
    /// The latest record of each key, and whether it has followed another one.
    private var latest: [LedgerRecord.Key: Int64] = [:]
    private var isCompact = true
    private let hasSharedKeys: Bool

    init(hasSharedKeys: Bool) {
        self.hasSharedKeys = hasSharedKeys
    }

    mutating func append(_ record: LedgerRecord, at now: Time) -> Int64 {
        var record = record
        record.offset = end
        record.storedAt = now
        records.append(record)
        let earlier = latest.updateValue(end, forKey: record.key(isShared: hasSharedKeys))
        if earlier != nil { isCompact = false }
        end += 1
        if case .claim = record.content { claimant = record.owner }
        return record.offset
    }

    /// The records from an offset to another one, which is not included.
    func records(from start: Int64 = 0, before end: Int64) -> ArraySlice<LedgerRecord> {
        let slice = records.prefix(through: end - 1)
        return slice.dropFirst(records.prefix(through: start - 1).count)
    }

    func record(at offset: Int64) -> LedgerRecord? {
        let slice = records.prefix(through: offset)
        return slice.last?.offset == offset ? slice.last : nil
    }

    /// Keeps the last record of each key among those that are older than the lag.
    mutating func compact(before time: Time) {
        if isCompact { return }
        records.removeAll { record in
            record.storedAt < time
                && latest[record.key(isShared: hasSharedKeys)] != record.offset
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

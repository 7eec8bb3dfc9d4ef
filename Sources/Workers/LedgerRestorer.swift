import Contract
import Engine
import Kafka

/// Reads ledger partitions back: whole at an assignment, single records for answers given again.
struct LedgerRestorer: Sendable {
    let domain: Domain
    let topic: String
    let kafka: KafkaConfiguration

    /// What was found in a partition.
    struct Contents: Sendable {
        var entries: [LedgerEntry] = []
        /// Intents whose outcome is not final: what is needed to look them up.
        var open: [RecordID: LedgerRecord.Intent] = [:]
        /// Records that could not be read; each is said in the log.
        var unreadable: [(offset: Int64, what: String)] = []
    }

    /// Reads a partition from its beginning to the end that it has now.
    ///
    /// The caller has the partition assigned already, so whoever owned it before can add nothing
    /// more that was fenced (DESIGN.md §4, step 1).
    func contents(of partition: Int32) async throws -> Contents {
        let reader = try Reader(kafka)
        do {
            let contents = try await read(partition, reader)
            await reader.close(timeout: .seconds(2))
            return contents
        } catch {
            await reader.close(timeout: .seconds(2))
            throw error
        }
    }

    private func read(_ partition: Int32, _ reader: Reader) async throws -> Contents {
        let place = TopicPartition(topic: topic, partition: partition)
        let (low, high) = try await reader.watermarks(place, timeout: .seconds(10))
        var contents = Contents()
        guard low < high else { return contents }
        try reader.assign([Position(topicPartition: place, offset: low)])
        while true {
            try Task.checkCancellation()
            for event in await reader.next() {
                switch event {
                case .records(let records):
                    for record in records where record.offset < high {
                        contents.add(record)
                    }
                    if let last = records.last, last.offset >= high - 1 { return contents }
                // The last offsets may hold no record (transaction markers, compaction).
                case .endOfPartition(let position) where position.offset >= high: return contents
                case .error(let error) where error.isFatal || error.topicPartition == place:
                    throw error
                default: break
                }
            }
        }
    }

    /// The event that an outcome was answered with.
    func event(at offset: Int64, of partition: Int32) async throws -> Event? {
        let reader = try Reader(kafka)
        let place = TopicPartition(topic: topic, partition: partition)
        try reader.assign([Position(topicPartition: place, offset: offset)])
        var event: Event?
        search: for _ in 0..<20 {
            for found in await reader.next() {
                guard case .records(let records) = found, let record = records.first else {
                    continue
                }
                if record.offset == offset, case .outcome(let outcome) = try record.ledgerRecord() {
                    event = outcome.event
                }
                break search
            }
        }
        await reader.close(timeout: .seconds(2))
        return event
    }
}

extension Record {
    fileprivate func ledgerRecord() throws(UnreadableRecord) -> LedgerRecord {
        let result = withValue { value -> Result<LedgerRecord, UnreadableRecord> in
            let value = value ?? UnsafeRawBufferPointer(start: nil, count: 0)
            return Result { () throws(UnreadableRecord) in try LedgerRecord(value: value) }
        }
        return try result.get()
    }
}

extension LedgerRestorer.Contents {
    fileprivate mutating func add(_ record: Record) {
        do throws(UnreadableRecord) {
            switch try record.ledgerRecord() {
            case .intent(let intent): add(intent, at: record.offset)
            case .outcome(let outcome): add(outcome, at: record.offset)
            }
        } catch {
            unreadable.append((record.offset, error.what))
        }
    }

    private mutating func add(_ intent: LedgerRecord.Intent, at offset: Int64) {
        let id = RecordID(intent.command.source)
        open[id] = intent
        entries.append(
            LedgerEntry(
                key: .init(intent.reference), fingerprint: .init(intent.fingerprint), record: id,
                attempt: intent.attempt, state: .intent, sequence: 0, offset: offset,
                notAfter: intent.notAfter))
    }

    private mutating func add(_ outcome: LedgerRecord.Outcome, at offset: Int64) {
        let id = RecordID(outcome.command.source)
        if outcome.state.isFinal { open[id] = nil }
        entries.append(
            LedgerEntry(
                key: .init(outcome.reference), fingerprint: .init(outcome.fingerprint), record: id,
                attempt: outcome.attempt, state: .init(outcome.state), sequence: outcome.sequence,
                offset: offset))
    }
}

extension LedgerRecord.State {
    /// Whether nothing more is to be found out.
    fileprivate var isFinal: Bool {
        switch self {
        case .accepted, .refused, .notSent: true
        case .inDoubt, .review: false
        }
    }

    init?(_ state: LedgerState) {
        switch state {
        case .intent: return nil
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .notSent: self = .notSent
        case .inDoubt: self = .inDoubt
        case .review: self = .review
        }
    }
}

extension LedgerState {
    init(_ state: LedgerRecord.State) {
        switch state {
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .notSent: self = .notSent
        case .inDoubt: self = .inDoubt
        case .review: self = .review
        }
    }
}

extension RecordID {
    init(_ source: CommandSource) {
        self.init(partition: source.partition, offset: source.offset)
    }
}

extension Engine.ReferenceKey {
    init(_ reference: String) {
        let key = Contract.ReferenceKey(reference)
        self.init(high: key.high, low: key.low)
    }
}

extension Engine.Fingerprint {
    init(_ fingerprint: Contract.Fingerprint) {
        self.init(high: fingerprint.high, low: fingerprint.low)
    }
}

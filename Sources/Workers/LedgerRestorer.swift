import Contract
import Engine
import Kafka

/// Reads ledger partitions back: whole at an assignment, single records for answers given again.
struct LedgerRestorer: Sendable {
    let topic: String
    let kafka: KafkaConfiguration

    /// What was found in a partition.
    struct Contents: Sendable {
        var entries: [LedgerEntry] = []
        /// Intents whose outcome is not final: what is needed to look them up.
        var open: [RecordID: LedgerRecord.Intent] = [:]
        /// Of those, the ones that have been in doubt.
        var doubtful: Set<RecordID> = []
        /// Records that could not be read; each is said in the log.
        var unreadable: [(offset: Int64, what: String)] = []
    }

    /// Reads partitions from their beginnings to the ends that they have now, and hands each over
    /// as soon as it is read.
    ///
    /// The caller has the partitions assigned already, so whoever owned them before can add nothing
    /// more that was fenced (DESIGN.md §4, step 1).
    func restore(
        _ partitions: [Int32],
        each: @Sendable (Int32, Contents) -> Void
    ) async throws {
        let reader = try Reader(kafka)
        do {
            try await read(partitions, reader, each: each)
        } catch {
            await reader.close(timeout: .seconds(2))
            throw error
        }
        await reader.close(timeout: .seconds(2))
    }

    private func read(
        _ partitions: [Int32],
        _ reader: Reader,
        each: @Sendable (Int32, Contents) -> Void
    ) async throws {
        var unread: [Int32: (end: Int64, contents: Contents)] = [:]
        var positions: [Position] = []
        let places = partitions.map { TopicPartition(topic: topic, partition: $0) }
        for (place, log) in try await reader.watermarks(places, timeout: .seconds(10)) {
            guard log.low < log.high else {
                each(place.partition, Contents())
                continue
            }
            unread[place.partition] = (log.high, Contents())
            positions.append(Position(topicPartition: place, offset: log.low))
        }
        try reader.assign(positions)
        func finish(_ partition: Int32, at offset: Int64) {
            guard let (end, contents) = unread[partition], offset >= end else { return }
            unread[partition] = nil
            each(partition, contents)
        }
        while !unread.isEmpty {
            try Task.checkCancellation()
            for event in await reader.next() {
                switch event {
                case .records(let records):
                    for record in records {
                        unread[record.partition]?.contents.add(record)
                        finish(record.partition, at: record.offset + 1)
                    }
                // The last offsets may hold no record (transaction markers, compaction).
                case .endOfPartition(let position):
                    finish(position.topicPartition.partition, at: position.offset)
                case .error(let error) where error.isFatal || error.topicPartition != nil:
                    throw error
                default: break
                }
            }
        }
    }
}

/// Reads single records again, by where they stand: one after the other, through one client.
actor RecordFetcher {
    private let kafka: KafkaConfiguration
    private var reader: Reader?
    private var last: Task<Void, Never>?

    init(_ kafka: KafkaConfiguration) {
        self.kafka = kafka
    }

    /// The record at a position; nil if there is none any more.
    func record(at position: Position) async throws -> Record? {
        let before = last
        let fetching = Task { () async throws -> Record? in
            await before?.value
            return try await fetch(position)
        }
        last = Task { _ = try? await fetching.value }
        return try await fetching.value
    }

    private func fetch(_ position: Position) async throws -> Record? {
        let reader = try reader ?? Reader(kafka)
        self.reader = reader
        try reader.assign([position])
        // Reader.next waits for a second at most.
        for _ in 0..<10 {
            for event in await reader.next() {
                switch event {
                case .records(let records):
                    // What an earlier fetch had asked for may still arrive.
                    let here = records.filter { $0.topicPartition == position.topicPartition }
                    guard let first = here.first(where: { $0.offset >= position.offset }) else {
                        continue
                    }
                    return first.offset == position.offset ? first : nil
                case .endOfPartition(let end)
                where end.topicPartition == position.topicPartition:
                    return nil
                case .error(let error) where error.isFatal || error.topicPartition != nil:
                    throw error
                default: break
                }
            }
        }
        throw KafkaError(code: KafkaError.Code.timedOut)
    }

    /// Ends the client.
    func close() async {
        await reader?.close(timeout: .seconds(2))
        reader = nil
    }

    /// The event that the outcome at a place in the ledger was answered with.
    func event(at position: Position) async throws -> Event? {
        guard let record = try await record(at: position),
            case .outcome(let outcome) = try record.ledgerRecord()
        else { return nil }
        return outcome.event
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
            case .claim: break
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
                key: .init(intent.reference),
                fingerprint: .init(intent.fingerprint),
                record: id,
                attempt: intent.attempt,
                state: .intent,
                sequence: 0,
                offset: offset,
                notAfter: intent.order.notAfter,
                at: intent.at,
                owner: Contract.ReferenceKey(intent.owner).high
            )
        )
    }

    private mutating func add(_ outcome: LedgerRecord.Outcome, at offset: Int64) {
        let id = RecordID(outcome.command.source)
        // What was written late does not close what is in doubt; only acceptance settles it all.
        if !outcome.state.isFinal { doubtful.insert(id) }
        let closes = open[id]?.attempt == outcome.attempt && !doubtful.contains(id)
        if outcome.state == .accepted || (closes && outcome.state.isFinal) { open[id] = nil }
        entries.append(
            LedgerEntry(
                key: .init(outcome.reference),
                fingerprint: .init(outcome.fingerprint),
                record: id,
                attempt: outcome.attempt,
                state: .init(outcome.state),
                sequence: outcome.sequence,
                offset: offset,
                at: outcome.at,
                owner: Contract.ReferenceKey(outcome.owner).high
            )
        )
    }
}

extension LedgerRecord.State {
    /// Whether nothing more is to be found out.
    fileprivate var isFinal: Bool {
        switch self {
        case .accepted, .refused, .notSent: true
        case .inDoubt, .review, .released: false
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
        // Nothing writes releases yet.
        case .review, .released: self = .review
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

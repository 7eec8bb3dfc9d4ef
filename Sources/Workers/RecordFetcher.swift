import Contract
import Engine
import Kafka

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
                // Its offset is not in the log any more.
                case .error(let error) where Self.isGone(error): return nil
                case .error(let error) where error.isFatal || error.topicPartition != nil:
                    throw error
                default: break
                }
            }
        }
        throw KafkaError(code: KafkaError.Code.timedOut)
    }

    private static func isGone(_ error: KafkaError) -> Bool {
        [KafkaError.Code.autoOffsetReset, KafkaError.Code.offsetOutOfRange].contains(error.code)
    }

    /// The record at a place in the ledger; nil if there is none any more.
    func ledgerRecord(at position: Position) async throws -> LedgerRecord? {
        try await record(at: position)?.ledgerRecord()
    }

    /// The order that the outcome at a place in the ledger tells of.
    func order(at position: Position) async throws -> OrderSummary? {
        guard case .outcome(let outcome)? = try await ledgerRecord(at: position) else {
            return nil
        }
        return OrderSummary(outcome)
    }

    /// Ends the client.
    func close() async {
        await reader?.close(timeout: .seconds(2))
        reader = nil
    }

    /// The event that the outcome at a place in the ledger was answered with.
    func event(at position: Position) async throws -> Event? {
        guard case .outcome(let outcome)? = try await ledgerRecord(at: position) else {
            return nil
        }
        return outcome.event
    }
}

extension Record {
    /// What a record of the ledger says.
    func ledgerRecord() throws(UnreadableRecord) -> LedgerRecord {
        try withValue { value throws(UnreadableRecord) in
            try LedgerRecord(value: value ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}

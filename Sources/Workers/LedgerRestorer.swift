package import Contract
package import Engine
package import Kafka

/// Reads parts of ledger partitions back, from the index of each record.
package struct LedgerRestorer: Sendable {
    private let topic: String
    private let commands: String?
    private let group: UInt64
    private let kafka: KafkaConfiguration

    /// A restorer for a consumer group: claims of another one are foreign.
    ///
    /// With the topic of the commands it finds out where they end, too.
    package init(
        topic: String,
        of commands: String? = nil,
        group: String,
        kafka: KafkaConfiguration
    ) {
        self.topic = topic
        self.commands = commands
        self.group = LedgerIndex.hash(of: group)
        self.kafka = kafka
    }

    /// Reads the spans side by side and hands over what they hold, chunk by chunk, each partition
    /// in its order.
    ///
    /// Nothing more is decoded before `take` returns, and little more is fetched. After a fault of
    /// Kafka, which `onFault` hears of, reading goes on a second later where it was; every record is
    /// given once. Whoever restores a partition has it assigned already, so that its owner before
    /// can add nothing more that was fenced (DESIGN.md §4, step 1).
    ///
    /// Throws `ShortLedger`, `CancellationError`, and a `KafkaError` that is fatal.
    package func read(
        _ spans: [LedgerSpan],
        onProgress: ([LedgerProgress]) -> Void = { _ in },
        onFault: (KafkaError) -> Void = { _ in },
        take: (LedgerChunk) async -> Void
    ) async throws {
        var unread: [Int32: LedgerReading] = [:]
        for span in spans { unread[span.partition] = LedgerReading(span, group: group) }
        while !unread.isEmpty {
            do {
                return try await read(&unread, onProgress, take)
            } catch let error as KafkaError where !error.isFatal {
                onFault(error)
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Reads through one client what is left, until it is read or the client fails.
    private func read(
        _ unread: inout [Int32: LedgerReading],
        _ onProgress: ([LedgerProgress]) -> Void,
        _ take: (LedgerChunk) async -> Void
    ) async throws {
        let reader = try Reader(kafka)
        do {
            try await read(&unread, reader, onProgress, take)
        } catch {
            await reader.close(timeout: .seconds(2))
            throw error
        }
        await reader.close(timeout: .seconds(2))
    }

    private func read(
        _ unread: inout [Int32: LedgerReading],
        _ reader: Reader,
        _ onProgress: ([LedgerProgress]) -> Void,
        _ take: (LedgerChunk) async -> Void
    ) async throws {
        try await begin(unread.values, reader)
        for reading in unread.values where reading.isDone {
            unread[reading.partition] = nil
            await take(reading.chunk([]))
        }
        try reader.assign(
            unread.values.map { Position(topicPartition: place($0.partition), offset: $0.next) }
        )
        var told = ContinuousClock.now
        while !unread.isEmpty {
            try Task.checkCancellation()
            for event in await reader.next() {
                for (partition, records, end) in try Self.runs(in: event) {
                    guard let reading = unread[partition] else { continue }
                    let chunk = reading.chunk(records, upTo: end)
                    if chunk.isLast { unread[partition] = nil }
                    if chunk.isLast || !records.isEmpty { await take(chunk) }
                }
            }
            guard ContinuousClock.now - told >= .seconds(1) else { continue }
            told = .now
            onProgress(unread.values.map(\.progress).sorted { $0.partition < $1.partition })
        }
    }

    /// Fits each span to the log as it is now.
    private func begin(_ readings: some Collection<LedgerReading>, _ reader: Reader) async throws {
        let logs = try await reader.watermarks(
            readings.map { place($0.partition) },
            timeout: .seconds(10)
        )
        for reading in readings {
            guard let log = logs[place(reading.partition)] else { continue }
            try reading.fit(low: log.low, high: log.high)
        }
        // After the ledgers: a command is there before what is written of it.
        guard let commands else { return }
        let places = readings.map { TopicPartition(topic: commands, partition: $0.partition) }
        let ends = try await reader.watermarks(places, timeout: .seconds(10))
        for (place, reading) in zip(places, readings) { reading.commandsEnd = ends[place]?.high }
    }

    private func place(_ partition: Int32) -> TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// What an event says of partitions: records that follow one another, and the offset before
    /// which there is nothing more.
    ///
    /// The last offsets of a log may hold no record (transactions, compaction).
    private static func runs(
        in event: ConsumerEvent
    ) throws(KafkaError) -> [(partition: Int32, records: ArraySlice<Record>, end: Int64)] {
        switch event {
        case .records(let records):
            var runs: [(Int32, ArraySlice<Record>, Int64)] = []
            var rest = records[...]
            while let first = rest.first?.partition {
                let run = rest.prefix { $0.partition == first }
                rest = rest.dropFirst(run.count)
                runs.append((first, run, (run.last?.offset ?? 0) + 1))
            }
            return runs
        case .endOfPartition(let end): return [(end.topicPartition.partition, [], end.offset)]
        case .error(let error) where error.isFatal || error.topicPartition != nil: throw error
        default: return []
        }
    }
}

/// A part of a ledger partition.
package struct LedgerSpan: Sendable, Hashable {
    /// The partition.
    package var partition: Int32
    /// The first offset; nil for the oldest record.
    package var from: Int64?
    /// The offset after the last; nil for the end that the log has when reading begins.
    package var to: Int64?
    /// The owner of the latest claim before `from`; nil when it is not known.
    package var owner: UInt64?

    package init(partition: Int32, from: Int64? = nil, to: Int64? = nil, owner: UInt64? = nil) {
        self.partition = partition
        self.from = from
        self.to = to
        self.owner = owner
    }
}

/// The ledger ends before a place up to which it is known to have been written: records were lost.
package struct ShortLedger: Error, Sendable, Hashable {
    /// The partition.
    package let partition: Int32
    /// Where it ends.
    package let end: Int64
    /// Up to where it was written.
    package let known: Int64
}

/// How far the reading of a partition is, in offsets.
package struct LedgerProgress: Sendable, Hashable {
    /// The partition.
    package let partition: Int32
    /// What is read.
    package let read: Int64
    /// What there is to read in all.
    package let total: Int64
}

/// What a record of the ledger means to the engine.
package enum LedgerItem: Sendable, Hashable {
    /// Something of an attempt.
    case entry(LedgerEntry)
    /// A new owner.
    case claim(LedgerClaim)
}

/// Records of one partition that follow one another; at most as many as one drain takes (1024).
package struct LedgerChunk: Sendable {
    /// The partition.
    package let partition: Int32
    /// What the records say.
    package let items: [LedgerItem]
    /// Everything before this offset has been given.
    package let end: Int64
    /// Records that could not be read: what they meant is not known.
    package var unreadable: [(offset: Int64, what: String)]
    /// Whether the span ends with it; the rest is empty before.
    package let isLast: Bool
    /// The latest record of each command whose reference is still open, by the command's place in
    /// its home partition.
    ///
    /// There may be more than the engine finds open, never less.
    package var open: [RecordID: LedgerRecord] = [:]
    /// What late owners wrote of success, while nobody in charge has: it holds the event.
    package var accepted: [RecordID: LedgerRecord.Outcome] = [:]
    /// Whose claim was the latest.
    package var owner: UInt64?
    /// That claim, if it is among what was read so far.
    package var claim: LedgerRecord.Claim?
    /// The offset that the next command of the partition will get, as it was once the end of the
    /// span was known; nil where nobody asked.
    package var commandsEnd: Int64?
}

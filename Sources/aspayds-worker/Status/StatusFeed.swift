import Contract
import Kafka

/// What processes tell of themselves on the topic `worker.status`: the latest, then what comes.
struct StatusFeed {
    private var scan: TopicScan

    /// Begins with what was told at a time, in milliseconds since 1970; nil where there is no such
    /// topic.
    init?(
        since time: Int64,
        _ settings: Settings,
        complain: @escaping @Sendable (String) -> Void = { Terminal.complain("warning: \($0)") }
    ) async throws(Failure) {
        let topic = Topics(prefix: settings.topicPrefix).workerStatus
        guard let found = try await KafkaAccess.describe([topic], settings)[topic] else {
            return nil
        }
        let partitions = (0..<found.partitions).map {
            TopicPartition(topic: topic, partition: Int32($0))
        }
        scan = try await TopicScan(partitions, since: time, settings, complain: complain)
    }

    /// The same, for those who can do nothing without the topic.
    static func open(
        since time: Int64,
        _ settings: Settings,
        complain: @escaping @Sendable (String) -> Void = { Terminal.complain("warning: \($0)") }
    ) async throws(Failure) -> StatusFeed {
        if let feed = try await StatusFeed(since: time, settings, complain: complain) {
            return feed
        }
        let topic = Topics(prefix: settings.topicPrefix).workerStatus
        throw Failure("the topic \(topic) does not exist; see `aspayds-worker topics apply`")
    }

    /// Shows everything that is there, in the order of each process.
    mutating func readToEnd(_ see: (WorkerStatus) -> Void) async throws(Failure) {
        do throws(Failure) {
            try await scan.readToEnd { if let status = Self.status($0) { see(status) } }
        } catch {
            await close()
            throw error
        }
    }

    /// Shows what comes, until `see` says that it has seen enough, or the time, if any, is over.
    ///
    /// - Returns: Whether enough was seen in time.
    mutating func follow(
        for time: Duration?,
        _ see: (WorkerStatus) -> Bool
    ) async throws(Failure) -> Bool {
        do throws(Failure) {
            return try await scan.follow(for: time) { Self.status($0).map(see) ?? false }
        } catch {
            await close()
            throw error
        }
    }

    /// Stops reading.
    func close() async { await scan.close() }

    /// What another version tells in a way of its own is passed over.
    private static func status(_ record: Record) -> WorkerStatus? {
        record.withHeader("ce_type") { type in
            record.withValue { value in try? WorkerStatus(type: type, value: value) }
        }
    }
}

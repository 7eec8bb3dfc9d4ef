package import Contract
import JSON
package import Kafka
package import Logging
import ServiceLifecycle
import Synchronization
import Telemetry

/// Hears what the other processes tell of their parts of the rate, in their heartbeats.
///
/// One reader for all domains of a process. It begins at the end of the topic, since what was said
/// before counts for nothing, and keeps the newest of each process until its domain takes it.
package final class Neighbours: Service, Sendable {
    /// What a process has told.
    struct News: Sendable {
        var worker: String
        var share: RateShare
    }

    private struct Listener {
        var group: String
        var news: [String: RateShare] = [:]
        var wake: @Sendable () -> Void
    }

    /// What the client may fetch ahead, in KiB: heartbeats are small, and old ones are worth nothing.
    private static let queueLimit = "1024"
    /// Of more processes than this, some are not heard until the others were.
    private static let mostWorkers = 1000

    private let me: String
    private let topic: String
    private let kafka: KafkaConfiguration
    private let logger: Logger
    private let listeners = Mutex<[Domain: Listener]>([:])

    /// Listens for a process, which does not hear itself.
    package init(worker: String, topics: Topics, kafka: KafkaConfiguration, logger: Logger) {
        me = worker
        topic = topics.workerStatus
        var kafka = kafka
        kafka.properties["queued.max.messages.kbytes"] = Self.queueLimit
        self.kafka = kafka
        self.logger = logger
    }

    // MARK: Listeners

    /// Listens for a domain from now on; `wake` is called when there is news after there was none.
    func listen(for domain: Domain, in group: String, wake: @escaping @Sendable () -> Void) {
        listeners.withLock { $0[domain] = Listener(group: group, wake: wake) }
    }

    func stopListening(for domain: Domain) {
        listeners.withLock { $0[domain] = nil }
    }

    /// The newest of each process that was heard since the last time.
    func takeNews(of domain: Domain) -> [News] {
        let news = listeners.withLock { listeners in
            defer { listeners[domain]?.news = [:] }
            return listeners[domain]?.news ?? [:]
        }
        return news.map { News(worker: $0.key, share: $0.value) }
    }

    private func pass(_ share: RateShare, of worker: String, to domain: Domain) {
        let wake: (@Sendable () -> Void)? = listeners.withLock { listeners in
            guard let listener = listeners[domain], listener.group == share.group,
                listener.news.count < Self.mostWorkers || listener.news[worker] != nil
            else { return nil }
            listeners[domain]?.news[worker] = share
            return listener.news.isEmpty ? listener.wake : nil
        }
        wake?()
    }

    // MARK: Reading

    /// Reads until a graceful shutdown; a topic that cannot be read is tried again.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.read() }
    }

    private func read() async {
        let follower = TopicFollower(
            topic,
            kafka,
            logger,
            complaint: "heartbeats of others cannot be read; rate is shared by partitions alone"
        )
        await follower.run(from: ends) { event in
            if case .records(let records) = event { records.forEach(hear) }
        }
    }

    /// Where the partitions of the topic end.
    private func ends(_ reader: Reader) async throws(KafkaError) -> [Position] {
        let timeout = Duration.seconds(10)
        let count = try await reader.partitionCount(of: topic, timeout: timeout)
        let places = (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
        return try await reader.watermarks(places, timeout: timeout).map {
            Position(topicPartition: $0.key, offset: $0.value.high)
        }
    }

    private func hear(_ record: Record) {
        guard isHeartbeat(record), let heartbeat = value(of: record),
            let worker = heartbeat["worker"]?.text, worker != me
        else { return }
        for domain in Domain.allCases {
            guard let share = RateShare(of: domain, in: heartbeat) else { continue }
            pass(share, of: worker, to: domain)
        }
    }

    private func isHeartbeat(_ record: Record) -> Bool {
        record.withHeader("ce_type") { type in
            type?.elementsEqual(WorkerStatus.Kind.heartbeat.type.utf8) ?? false
        }
    }

    private func value(of record: Record) -> JSONObject? {
        record.withValue { value in
            value.flatMap { try? JSONValue.parse($0, duplicates: .refuse) }
        }?.object
    }
}

import Synchronization
import Testing

@testable import Kafka

/// A consumer with the owner's loop: wakes, drains, and lets a test wait for what it expects.
final class Owner: Sendable {
    let consumer: Consumer
    private let signal: Signal
    private let buffered = Mutex<[ConsumerEvent]>([])

    init(_ properties: [String: String], _ cluster: EmbeddedCluster) throws {
        let signal = Signal()
        self.signal = signal
        consumer = try Consumer(.testing(cluster, properties)) { signal.fire() }
    }

    /// The next event, or nil when none comes for the time.
    func next(within timeout: Duration = .seconds(30)) async -> ConsumerEvent? {
        let deadline = ContinuousClock.now + timeout
        while true {
            let event: ConsumerEvent? = buffered.withLock { buffered in
                if buffered.isEmpty { buffered = consumer.drain(max: 500) }
                return buffered.isEmpty ? nil : buffered.removeFirst()
            }
            if let event { return event }
            let left = deadline - .now
            guard left > .zero else { return nil }
            await signal.wait(atMost: min(left, .seconds(1)))
        }
    }

    /// The first value that the body makes of an event; the others are dropped.
    func first<T: Sendable>(
        within timeout: Duration = .seconds(30),
        _ body: (ConsumerEvent) throws -> T?
    ) async throws -> T {
        let deadline = ContinuousClock.now + timeout
        while let event = await next(within: deadline - .now) {
            if let value = try body(event) { return value }
        }
        throw Missing()
    }

    /// That many records, whatever else comes between them.
    func records(_ count: Int, within timeout: Duration = .seconds(30)) async throws -> [Record] {
        var all: [Record] = []
        while all.count < count {
            all += try await first(within: timeout) { event in
                if case .records(let records) = event { records } else { nil }
            }
        }
        return all
    }

    func assigned(within timeout: Duration = .seconds(30)) async throws -> [TopicPartition] {
        try await first(within: timeout) { event in
            if case .assigned(let partitions) = event { partitions } else { nil }
        }
    }

    /// Answers the group until each of two members has one partition, which stays paused.
    ///
    /// The embedded cluster may take several rounds, and both must go on answering until the last.
    func share(
        _ shares: Locked<[ObjectIdentifier: [TopicPartition]]>,
        from offset: Int64
    ) async throws {
        let me = ObjectIdentifier(self)
        let deadline = ContinuousClock.now + .seconds(60)
        while shares.value.values.map(\.count) != [1, 1] {
            guard ContinuousClock.now < deadline else { throw Missing() }
            switch await next(within: .milliseconds(100)) {
            case .assigned(let partitions):
                try consumer.assign(
                    partitions.map { Position(topicPartition: $0, offset: offset) },
                    paused: true
                )
                shares.change { $0[me] = partitions }
            case .revoked, .lost:
                shares.change { $0[me] = nil }
                try consumer.unassign()
            default:
                break
            }
        }
    }

    func committed() async throws -> CommitReply {
        try await first { event in
            if case .committed(let reply) = event { reply } else { nil }
        }
    }
}

struct Missing: Error {}

/// A value that closures share.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    init(_ value: Value) { mutex = Mutex(value) }
    var value: Value { mutex.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

extension KafkaConfiguration {
    /// Properties that suit the embedded cluster.
    static func testing(
        _ cluster: EmbeddedCluster,
        _ properties: [String: String] = [:]
    ) -> KafkaConfiguration {
        var all = ["bootstrap.servers": cluster.bootstrapServers]
        all.merge(properties) { _, new in new }
        return KafkaConfiguration(properties: all)
    }
}

/// Properties of a consumer that reads what is assigned by hand, or as a member of the group.
func member(of group: String = "group", _ more: [String: String] = [:]) -> [String: String] {
    [
        "group.id": group, "fetch.wait.max.ms": "10", "session.timeout.ms": "3000",
        "heartbeat.interval.ms": "300",
    ].merging(more) { _, new in new }
}

extension Producer {
    static func testing(
        _ cluster: EmbeddedCluster,
        _ properties: [String: String] = [:]
    ) throws -> Producer {
        try Producer(.testing(cluster, properties)) { error in
            Issue.record("the producer died of \(error)")
        }
    }
}

extension Record {
    var key: [UInt8]? { withKey { $0.map { Array($0) } } }
    var value: [UInt8]? { withValue { $0.map { Array($0) } } }
    var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}

func position(_ topic: String, _ partition: Int32 = 0, _ offset: Int64 = 0) -> Position {
    Position(
        topicPartition: TopicPartition(topic: topic, partition: partition),
        offset: offset
    )
}

func messages(_ topic: String, _ range: Range<Int>, partition: Int32 = 0) -> [Message] {
    range.map { Message(topic: topic, partition: partition, value: Array("\($0)".utf8)) }
}

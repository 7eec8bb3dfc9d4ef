import Contract
import JSON
import Kafka
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Workers

/// What a process tells of itself on `worker.status`.
@Suite(.timeLimit(.minutes(1))) struct StatusReporterTests {
    private func reporter(_ producer: Producer, every interval: Duration) -> StatusReporter {
        StatusReporter(
            worker: "w/1/a",
            process: ProcessFigures(version: "1", host: "w", startedAt: 0, roles: ["payouts"]),
            topics: Topics(prefix: "t."),
            interval: interval,
            producer: producer,
            logger: Logger(label: "t")
        )
    }

    private func configuration(_ cluster: EmbeddedCluster) -> KafkaConfiguration {
        KafkaConfiguration(
            properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            ]
        )
    }

    /// The first records of the topic: their type, and their value.
    private func told(
        _ cluster: EmbeddedCluster,
        _ count: Int
    ) async throws
        -> [(type: String, body: JSONValue)]
    {
        let reader = try Reader(configuration(cluster))
        let place = TopicPartition(topic: "t.worker.status", partition: 0)
        try reader.assign([Position(topicPartition: place, offset: Position.beginning)])
        var told: [(type: String, body: JSONValue)] = []
        while told.count < count {
            for case .records(let records) in await reader.next() {
                for record in records {
                    let type = record.headers.first { $0.name == "ce_type" }?.value ?? []
                    let body = try record.withValue { value in
                        try value.map { try JSONValue.parse($0, duplicates: .refuse) }
                    }
                    told.append((String(decoding: type, as: UTF8.self), try #require(body)))
                }
            }
        }
        await reader.close(timeout: .seconds(5))
        return told
    }

    @Test func tellsOfItsStartThenBeatsAndAlerts() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t.worker.status", partitions: 1)
        let producer = try Producer(configuration(cluster)) { Issue.record("\($0)") }
        let reporter = reporter(producer, every: .milliseconds(200))
        var figures = DomainFigures()
        figures.partitions = [3, 4]
        figures.inReview = 1
        figures.oldestInReview = 1000
        reporter.set(figures, of: .payout)
        let beating = Task { try await reporter.run() }
        let first = try await told(cluster, 3)
        #expect(
            first.map(\.type).prefix(3) == [
                "aspayds.worker.started", "aspayds.worker.heartbeat", "aspayds.worker.heartbeat",
            ]
        )
        guard case .object(let body) = first[1].body else {
            Issue.record("no object: \(first[1].body)")
            return
        }
        let text = "\(body)"
        #expect(text.contains("payouts") && text.contains("in_review"))
        reporter.tell(.reviewNeeded, of: .payout, message: "look", reference: "WD-1")
        var types: [String] = []
        for _ in 0..<20 where !types.contains("aspayds.worker.review_needed") {
            types = try await told(cluster, types.count + 1).map(\.type)
        }
        #expect(types.contains("aspayds.worker.review_needed"))
        beating.cancel()
        try await beating.value
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }

    @Test func neverWaitsForABrokerThatIsAway() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t.worker.status", partitions: 1)
        try cluster.setBroker(up: false)
        let producer = try Producer(configuration(cluster)) { _ in }
        let reporter = reporter(producer, every: .seconds(60))
        for number in 0..<1000 { reporter.tell(.ledgerGap, message: "\(number)") }
        // What was handed over is bounded.
        #expect(reporter.pending == 100)
        _ = await producer.close(timeout: .milliseconds(100))
        cluster.close()
    }

    /// The ages of the figures in heartbeats, of which each answers one question.
    @Test func asksForFiguresBeforeEachHeartbeat() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t.worker.status", partitions: 1)
        let producer = try Producer(configuration(cluster)) { Issue.record("\($0)") }
        let reporter = reporter(producer, every: .milliseconds(200))
        let asked = Mutex(0)
        reporter.ask(.payout) {
            var figures = DomainFigures()
            figures.unfinished = asked.withLock { count in
                count += 1
                return count
            }
            reporter.set(figures, of: .payout)
        }
        let beating = Task { try await reporter.run() }
        let taken = try await told(cluster, 4).dropFirst().map {
            try figures($0.body)["unfinished"]
        }
        #expect(taken.prefix(3) == [.number("1"), .number("2"), .number("3")])
        beating.cancel()
        try await beating.value
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }

    @Test func beatsAlthoughNobodyAnswersAndDoesNotAskAgain() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t.worker.status", partitions: 1)
        let producer = try Producer(configuration(cluster)) { Issue.record("\($0)") }
        let reporter = reporter(producer, every: .milliseconds(200))
        let asked = Mutex(0)
        reporter.set(DomainFigures(), of: .payout)
        reporter.ask(.payout) { asked.withLock { $0 += 1 } }
        let beating = Task { try await reporter.run() }
        let types = try await told(cluster, 4).map(\.type)
        #expect(types.dropFirst().allSatisfy { $0 == "aspayds.worker.heartbeat" })
        #expect(asked.withLock { $0 } == 1)
        beating.cancel()
        try await beating.value
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }

    private func figures(_ heartbeat: JSONValue) throws -> JSONObject {
        try #require(heartbeat.object?["payouts"]?.object)
    }
}

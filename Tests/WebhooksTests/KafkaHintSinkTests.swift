import Contract
import Kafka
import Logging
import ServiceLifecycle
import Testing
import Workers

@testable import Webhooks
@testable import aspayds_worker

@Suite(.timeLimit(.minutes(2))) struct KafkaHintSinkTests {
    private let topics = Topics(prefix: "t.")

    private func kafka(_ cluster: EmbeddedCluster) -> KafkaConfiguration {
        KafkaConfiguration(properties: [
            "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
        ])
    }

    /// Serves a receiver over an embedded cluster for as long as the body runs.
    private func withReceiver(
        _ body: (Stage, EmbeddedCluster, Readiness) async throws -> Void
    ) async throws {
        let cluster = try EmbeddedCluster()
        for name in [topics.webhooks, topics.paymentEvents] {
            try cluster.createTopic(name, partitions: 1)
        }
        try cluster.createTopic(topics.paymentCommands, partitions: 5)
        try cluster.createTopic(topics.payoutCommands, partitions: 3)
        let outage = Mailbox<Void>()
        let producer = try Producer(
            kafka(cluster),
            onError: { if $0.isOutage { outage.signal() } },
            onFatal: { Issue.record("\($0)") }
        )
        let readiness = Readiness()
        let sink = try KafkaHintSink(
            topics: topics,
            producer: producer,
            kafka: kafka(cluster),
            readiness: readiness,
            logger: Logger(label: "sink", factory: { _ in SwiftLogNoOpLogHandler() }),
            outage: outage
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await sink.run() }
            try await Stage.with(sink) { stage in
                while !readiness.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                try await body(stage, cluster, readiness)
            }
            tasks.cancelAll()
        }
        await producer.close(timeout: .seconds(1))
        cluster.close()
    }

    /// Everything in the first partition of a topic, or another one.
    private func records(
        _ topic: String,
        _ cluster: EmbeddedCluster,
        partition: Int32 = 0,
        count: Int
    ) async throws -> [Record] {
        let reader = try Reader(kafka(cluster))
        let place = TopicPartition(topic: topic, partition: partition)
        try reader.assign([Position(topicPartition: place, offset: Position.beginning)])
        var found: [Record] = []
        while found.count < count {
            for case .records(let records) in await reader.next() { found += records }
        }
        _ = await reader.close(timeout: .seconds(5))
        return found
    }

    private func header(_ record: Record, _ name: String) -> String? {
        record.withHeader(name) { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func aHintIsInKafkaBeforeItIsAnswered() async throws {
        try await withReceiver { stage, cluster, _ in
            let path = stage.path(.payment, "trx-1")
            let body = webhook("payment.completed", "TRX-1")
            try await stage.expect(200, "POST", path, body)
            try await stage.expect(200, "GET", path + "?status=success")
            let audits = try await records(topics.webhooks, cluster, count: 2)
            #expect(audits.map { header($0, "aspayds_verdict") } == ["checked", "checked"])
            let home = HomePartition.of("TRX-1", partitions: 5)
            let checks = try await records(
                topics.paymentCommands,
                cluster,
                partition: home,
                count: 2
            )
            #expect(checks.map { header($0, "aspayds_trigger") } == ["webhook", "return"])
            let events = try await records(topics.paymentEvents, cluster, count: 1)
            #expect(header(events[0], "ce_type") == "aspayds.payment.returned")
        }
    }

    @Test func itIsReadyAsLongAsKafkaAnswers() async throws {
        try await withReceiver { _, cluster, readiness in
            try cluster.setBroker(up: false)
            while readiness.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            try cluster.setBroker(up: true)
            while !readiness.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    @Test func withoutABrokerItIsA503InTime() async throws {
        try await withReceiver { stage, cluster, _ in
            try cluster.setBroker(up: false)
            let start = ContinuousClock.now
            let body = webhook("payout.completed", "WD1")
            try await stage.expect(503, "POST", stage.path(.payout, "WD1"), body)
            #expect(ContinuousClock.now - start < .seconds(3))
            try cluster.setBroker(up: true)
            try await stage.expect(200, "POST", stage.path(.payout, "WD1"), body)
        }
    }
}

import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Sandbox
import ServiceLifecycle
import Testing

@testable import Workers

/// Kafka and the provider, and a worker of payouts whenever one is wanted.
struct Stage {
    let cluster: EmbeddedCluster
    let sandbox = SandboxServer()
    let topics = Topics()
    let transport = HTTPTransport()
    let readiness = Readiness()

    /// Runs a body while the sandbox serves; the topics have two partitions, the ledger perhaps
    /// another number or, with 0, does not exist.
    static func with(
        ledgerPartitions: Int32 = 2,
        _ body: (Stage) async throws -> Void
    ) async throws {
        let stage = try Stage(ledgerPartitions: ledgerPartitions)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await stage.sandbox.run() }
            try await body(stage)
            tasks.cancelAll()
        }
        await stage.transport.shutdown()
        stage.cluster.close()
    }

    private init(ledgerPartitions: Int32) throws {
        cluster = try EmbeddedCluster()
        for name in [topics.payoutCommands, topics.payoutEvents, topics.deadLetters] {
            try cluster.createTopic(name, partitions: 2)
        }
        try cluster.createTopic(topics.workerControl, partitions: 1)
        if ledgerPartitions > 0 {
            try cluster.createTopic(topics.payoutLedger, partitions: ledgerPartitions)
        }
    }

    var kafka: KafkaConfiguration {
        KafkaConfiguration(properties: [
            "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            "session.timeout.ms": "6000", "heartbeat.interval.ms": "300",
        ])
    }

    // MARK: Workers

    /// Runs a worker until the body is done, then stops it gracefully.
    ///
    /// Throws what the worker throws.
    func work<R: Sendable>(
        group: String = "g",
        owner: String = "test",
        settleWindow: Duration = .seconds(60),
        repetition: Duration = .seconds(2_592_000),
        _ body: @escaping @Sendable (Producer) async throws -> R
    ) async throws -> R {
        let producer = try Producer(kafka) { error in Issue.record("\(error)") }
        let worker = CommandWorker(
            settings: WorkerSettings(
                domain: .payout,
                topics: topics,
                group: group,
                owner: owner,
                kafka: kafka,
                engine: EngineSettings(
                    rateLimit: 1000,
                    settleWindow: settleWindow,
                    repetition: repetition,
                    drainTimeout: .seconds(5)
                )
            ),
            client: try await client(),
            producer: producer,
            readiness: readiness,
            logger: Self.quiet
        )
        let services = ServiceGroup(services: [worker], logger: Self.quiet)
        return try await withThrowingTaskGroup(of: R?.self) { tasks in
            tasks.addTask {
                try await services.run()
                return nil
            }
            tasks.addTask { try await body(producer) }
            var result: R?
            do {
                while result == nil, let next = try await tasks.next() { result = next }
            } catch {
                tasks.cancelAll()
                await producer.close(timeout: .seconds(1))
                throw error
            }
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
            await producer.close(timeout: .seconds(5))
            return try #require(result)
        }
    }

    /// Runs a worker that ends by itself, and gives what it throws.
    func refusal(group: String = "g") async -> UntrustedLedger? {
        do {
            try await work(group: group, owner: "refused") { _ in
                // Cancelled when the worker ends; a worker that does not is a failure.
                try await Task.sleep(for: .seconds(30))
            }
        } catch {
            return error as? UntrustedLedger
        }
        return nil
    }

    func client() async throws -> AspaydsClient {
        AspaydsClient(
            baseURL: try await sandbox.baseURL,
            credentials: Credentials(key: "sandbox-key", secret: "sandbox-secret"),
            transport: transport,
            requestTimeout: .seconds(1)
        )
    }

    /// The latest requests that the provider got, as the sandbox tells them.
    func requests() async throws -> String {
        let address = try await sandbox.baseURL.replacing("/api", with: "/_sandbox/requests/last")
        let answer = await transport.send(
            TransportRequest(
                method: .get,
                url: address,
                headers: [],
                timeout: .seconds(5),
                maxAnswerBytes: 1 << 20
            )
        )
        guard case .answered(200, _, let body) = answer else {
            Issue.record("the sandbox does not tell: \(answer)")
            return ""
        }
        return String(decoding: body, as: UTF8.self)
    }

    private static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    // MARK: Topics

    /// A payout's command; in its home partition unless another is named.
    func command(
        _ reference: String,
        amount: Int = 500,
        partition: Int32? = nil,
        headers: [Header] = []
    ) -> Kafka.Message {
        let value = """
            {"transaction_reference":"\(reference)","payout_method_id":1,"amount":\(amount),\
            "recipient_name":"Rahim","recipient_account":"01712345678"}
            """
        return Message(
            topic: topics.payoutCommands,
            partition: partition ?? HomePartition.of(reference, partitions: 2),
            key: Array(reference.utf8),
            value: Array(value.utf8),
            headers: headers
        )
    }

    /// The home of a reference.
    func home(_ reference: String) -> Int32 { HomePartition.of(reference, partitions: 2) }

    /// Writes records as they were encoded.
    func write(_ record: EncodedRecord, topic: String, partition: Int32) async throws {
        let producer = try Producer(kafka) { _ in }
        let headers = record.headers.map { Header(name: $0.name, value: $0.value) }
        let reports = await producer.send([
            Message(
                topic: topic,
                partition: partition,
                key: record.key,
                value: record.value,
                headers: headers
            )
        ])
        await producer.close(timeout: .seconds(5))
        _ = try #require(reports.first).get()
    }

    /// Reads events from the beginning until a number of them are there.
    func events(_ count: Int) async throws -> [Event] {
        try await records(count, in: topics.payoutEvents).map { record in
            let headers = record.headers.map { (name: $0.name, value: $0.value) }
            return try record.withValue { try Event(headers: headers, value: $0) }
        }
    }

    /// Reads a topic from the beginning until a number of records are there; 30 s at most.
    func records(
        _ count: Int,
        in topic: String,
        partitions: Range<Int32> = 0..<2
    ) async throws -> [Record] {
        let reader = try Reader(kafka)
        try reader.assign(
            partitions.map {
                Position(
                    topicPartition: TopicPartition(topic: topic, partition: $0),
                    offset: Position.beginning
                )
            }
        )
        var found: [Record] = []
        let end = Clock.uptime + .seconds(30)
        while found.count < count, Clock.uptime < end, !Task.isCancelled {
            for case .records(let records) in await reader.next() { found += records }
        }
        await reader.close(timeout: .seconds(2))
        return found
    }

    /// What the group has committed of the commands.
    func committed(partition: Int32) async throws -> Int64? {
        let consumer = try Consumer(member) {}
        let place = TopicPartition(topic: topics.payoutCommands, partition: partition)
        let found = try await consumer.committed([place], timeout: .seconds(10))
        _ = await consumer.close(timeout: .seconds(2))
        return found[place]?.offset
    }

    private var member: KafkaConfiguration {
        var kafka = kafka
        kafka.properties["group.id"] = "g"
        return kafka
    }

    /// Commits offsets of the commands for a group that has no members.
    func commit(_ offset: Int64, partition: Int32 = 0, metadata: String?) async throws {
        let mailbox = Mailbox<Void>()
        let consumer = try Consumer(member) { mailbox.signal() }
        let place = TopicPartition(topic: topics.payoutCommands, partition: partition)
        try consumer.commit(
            [CommitOffset(topicPartition: place, offset: offset, metadata: metadata)],
            id: 1
        )
        let end = Clock.uptime + .seconds(10)
        while Clock.uptime < end {
            _ = await mailbox.next(until: Clock.uptime + .seconds(1))
            for case .committed(let reply) in consumer.drain(max: 10) {
                #expect(reply.error == nil && reply.partitions.allSatisfy { $0.error == nil })
                _ = await consumer.close(timeout: .seconds(2))
                return
            }
        }
        Issue.record("the offset was not committed")
    }
}

import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Sandbox
import ServiceLifecycle
import Testing

@testable import Workers

/// A worker in this process, on the embedded Kafka, against the sandbox.
@Suite(.serialized) struct CommandWorkerTests {
    /// Kafka and the provider, and a worker whenever one is wanted.
    private struct Stage {
        let cluster: EmbeddedCluster
        let sandbox = SandboxServer()
        let topics = Topics()
        let transport = HTTPTransport()

        init() throws {
            cluster = try EmbeddedCluster()
            for name in [
                topics.payoutCommands, topics.payoutLedger, topics.payoutEvents, topics.deadLetters,
            ] {
                try cluster.createTopic(name, partitions: 2)
            }
        }

        var kafka: KafkaConfiguration {
            KafkaConfiguration(properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
                "session.timeout.ms": "6000", "heartbeat.interval.ms": "300",
            ])
        }

        /// Runs a worker until the body is done, then stops it gracefully.
        func work<R: Sendable>(
            group: String = "g",
            _ body: @escaping @Sendable (Producer) async throws -> R
        ) async throws -> R {
            let producer = try Producer(kafka) { error in Issue.record("\(error)") }
            let worker = CommandWorker(
                settings: WorkerSettings(
                    domain: .payout,
                    topics: topics,
                    group: group,
                    owner: "test",
                    kafka: kafka,
                    engine: EngineSettings(
                        rateLimit: 1000,
                        settleWindow: .seconds(60),
                        drainTimeout: .seconds(5)
                    )
                ),
                client: AspaydsClient(
                    baseURL: try await sandbox.baseURL,
                    credentials: Credentials(key: "sandbox-key", secret: "sandbox-secret"),
                    transport: transport,
                    requestTimeout: .seconds(1)
                ),
                producer: producer,
                readiness: Readiness(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let services = ServiceGroup(
                services: [worker],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            return try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await services.run() }
                let result = try await body(producer)
                await services.triggerGracefulShutdown()
                try await tasks.waitForAll()
                await producer.close(timeout: .seconds(5))
                return result
            }
        }

        func command(_ reference: String, amount: Int = 500) -> Kafka.Message {
            let value = """
                {"transaction_reference":"\(reference)","payout_method_id":1,"amount":\(amount),\
                "recipient_name":"Rahim","recipient_account":"01712345678"}
                """
            return Message(
                topic: topics.payoutCommands,
                partition: 0,
                key: Array(reference.utf8),
                value: Array(value.utf8)
            )
        }

        /// Reads events from the beginning until a number of them are there.
        func events(_ count: Int) async throws -> [Event] {
            let reader = try Reader(kafka)
            try reader.assign(
                (0..<2).map {
                    Position(
                        topicPartition: TopicPartition(topic: topics.payoutEvents, partition: $0),
                        offset: Position.beginning
                    )
                }
            )
            var events: [Event] = []
            let end = Clock.uptime + .seconds(30)
            while events.count < count, Clock.uptime < end {
                for case .records(let records) in await reader.next() {
                    for record in records {
                        let headers = record.headers.map { (name: $0.name, value: $0.value) }
                        events.append(
                            try record.withValue { try Event(headers: headers, value: $0) }
                        )
                    }
                }
            }
            await reader.close(timeout: .seconds(2))
            return events
        }
    }

    /// Runs a body while the sandbox of a stage serves.
    private func withStage(_ body: (Stage) async throws -> Void) async throws {
        let stage = try Stage()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await stage.sandbox.run() }
            try await body(stage)
            tasks.cancelAll()
        }
        await stage.transport.shutdown()
        stage.cluster.close()
    }

    @Test func aRestartAnswersFromTheLedger() async throws {
        try await withStage { stage in
            let first = try await stage.work { producer in
                _ = await producer.send([stage.command("WD-1"), stage.command("WD-2")])
                return try await stage.events(2)
            }
            #expect(Set(first.map(\.kind)) == [.requested])
            // The same order again, in other letters, and another one under its reference.
            let all = try await stage.work { producer in
                _ = await producer.send([stage.command("wd-1"), stage.command("WD-2", amount: 600)])
                return try await stage.events(4)
            }
            #expect(stage.sandbox.executions.count == 2)
            let ids = all.filter { $0.kind == .requested && $0.reference == "WD-1" }.map(\.id)
            #expect(ids == ["payout/WD-1/requested/1", "payout/WD-1/requested/1"])
            let conflict = try #require(all.first { $0.kind == .refused })
            #expect(conflict.reason?.code == "reference_conflict" && conflict.status == "accepted")
        }
    }

    @Test func anOpenIntentIsLookedUpAndNotSentAgain() async throws {
        try await withStage { stage in
            // What a worker leaves behind that was killed after its POST.
            let command = PayoutCommand(
                order: PayoutOrder(
                    transactionReference: "WD-1",
                    payoutMethodID: 1,
                    amount: Amount(thousandths: 500_000),
                    recipientName: "Rahim",
                    recipientAccount: "01712345678"
                )
            )
            let intent = LedgerRecord.intent(
                LedgerRecord.Intent(
                    domain: .payout,
                    reference: "WD-1",
                    attempt: 1,
                    fingerprint: Contract.Fingerprint(command),
                    sequence: 0,
                    group: "g",
                    owner: "killed",
                    at: 0,
                    command: Event.Origin(
                        id: "x",
                        source: CommandSource(
                            topic: stage.topics.payoutCommands,
                            partition: 0,
                            offset: 0
                        )
                    ),
                    offset: 0,
                    order: OrderDetails(
                        amount: command.order.amount,
                        payoutMethodID: 1,
                        recipientAccount: "01712345678"
                    )
                )
            )
            let producer = try Producer(stage.kafka) { _ in }
            let record = intent.encoded()
            _ = await producer.send([
                Message(
                    topic: stage.topics.payoutLedger,
                    partition: 0,
                    key: record.key,
                    value: record.value
                ), stage.command("WD-1"),
            ])
            await producer.close(timeout: .seconds(5))
            let client = AspaydsClient(
                baseURL: try await stage.sandbox.baseURL,
                credentials: Credentials(key: "sandbox-key", secret: "sandbox-secret"),
                transport: stage.transport
            )
            let receipt = try await client.requestPayout(command.order)

            let events = try await stage.work { _ in try await stage.events(2) }
            #expect(events.map(\.kind) == [.inDoubt, .requested])
            #expect(events.last?.providerID == receipt.payoutID)
            #expect(stage.sandbox.executions.count == 1)
        }
    }
}

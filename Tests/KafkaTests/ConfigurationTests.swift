import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(1)))
struct ConfigurationTests {
    private func error(_ properties: [String: String]) -> KafkaError? {
        do throws(KafkaError) {
            _ = try Consumer(
                KafkaConfiguration(properties: ["group.id": "g"].merging(properties) { $1 })
            ) {}
            return nil
        } catch {
            return error
        }
    }

    @Test("What is wrong is named, with its value unless it is a secret")
    func errors() throws {
        let unknown = try #require(error(["no.such.property": "1"]))
        #expect(unknown.message.contains("\"no.such.property\""))
        let invalid = try #require(error(["session.timeout.ms": "soon"]))
        #expect(invalid.message.contains("\"session.timeout.ms\""))
        #expect(invalid.message.contains("\"soon\""))
        let secret = try #require(
            error(["ssl.key.pem": "hunter2"]) ?? error(["ssl_key": "hunter2"])
        )
        #expect(!secret.message.contains("hunter2"))
        let cooperative = try #require(
            error(["partition.assignment.strategy": "cooperative-sticky"])
        )
        #expect(cooperative.message.contains("cooperative-sticky"))
        #expect(error(["group.id": ""]) != nil)
    }

    @Test("The description hides secrets")
    func description() {
        let configuration = KafkaConfiguration(properties: [
            "sasl.username": "me", "sasl.password": "p", "ssl.key.pem": "k",
            "sasl.oauthbearer.client.secret": "s",
        ])
        #expect(
            configuration.description == "sasl.oauthbearer.client.secret=**** sasl.password=**** "
                + "sasl.username=me ssl.key.pem=****"
        )
    }

    @Test("What safety rests on cannot be overridden")
    func forced() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let lines = Locked<[KafkaLogLine]>([])
        var configuration = KafkaConfiguration.testing(
            cluster,
            ["acks": "0", "enable.idempotence": "false", "debug": "eos"]
        )
        configuration.log = { line in lines.change { $0.append(line) } }
        let producer = try Producer(configuration) { _ in }
        // With acks=0 there would be no offset.
        #expect(try await producer.send(messages("t", 0..<1))[0].get().offset == 0)
        // librdkafka's log arrives here, and tells of the producer id that idempotence needs.
        #expect(
            lines.value.contains { $0.facility.contains("PID") || $0.message.contains("PID") }
        )
        await producer.close(timeout: .seconds(5))

        let owner = try Owner(
            member(of: "g", ["auto.offset.reset": "earliest", "enable.auto.commit": "true"]),
            cluster
        )
        try owner.consumer.assign([position("t", 0, 99)])
        let error = try await owner.first { event -> KafkaError? in
            if case .error(let error) = event { error } else { nil }
        }
        #expect(error.code == KafkaError.Code.autoOffsetReset)
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("Topics are described; those that do not exist are absent, and stay so")
    func admin() async throws {
        let cluster = try EmbeddedCluster(brokers: 3)
        try cluster.createTopic("three", partitions: 5, replication: 3)
        try cluster.createTopic("one", partitions: 1)
        let admin = try Admin(.testing(cluster))
        for _ in 0..<2 {
            let topics = try await admin.describe(["three", "one", "none"], timeout: .seconds(5))
            #expect(Set(topics.keys) == ["three", "one"])
            #expect(topics["three"]?.partitions == 5)
            #expect(topics["three"]?.replicationFactor == 3)
        }
        // The embedded cluster cannot create topics; the answer says so for each.
        let results = await admin.createTopics(
            [
                Admin.NewTopic(name: "new", partitions: 1, replicationFactor: 1),
                Admin.NewTopic(name: "one", partitions: 1, replicationFactor: 1),
            ],
            timeout: .seconds(2)
        )
        #expect(results.count == 2)
        for case .failed(let error) in results.values {
            #expect(error.code == KafkaError.Code.unsupportedFeature)
        }
        #expect(results["one"] == .alreadyExists)
        #expect(results["new"] != .created && results["new"] != .alreadyExists)
    }

    @Test("Milliseconds are rounded up, and never endless")
    func milliseconds() {
        #expect(Duration.microseconds(1).milliseconds == 1)
        #expect(Duration.milliseconds(1500).milliseconds == 1500)
        #expect(Duration.seconds(-1).milliseconds == 0)
        #expect(Duration.seconds(1 << 40).milliseconds == Int32.max)
    }
}

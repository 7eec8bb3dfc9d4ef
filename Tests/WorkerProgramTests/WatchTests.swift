import ArgumentParser
import Contract
import Foundation
import JSON
import Kafka
import Synchronization
import Testing

@testable import aspayds_worker

/// What `send` and `watch` do with a cluster, and how a line reads.
@Suite struct WatchTests {
    private func event(_ reference: String, _ kind: Event.Kind) -> Event {
        var event = Event(
            domain: .payment,
            kind: kind,
            id: "id-\(reference)-\(kind)",
            reference: reference,
            occurredAt: 1_767_225_661_123
        )
        event.certainty = .accepted
        event.providerID = "ATINV1"
        return event
    }

    private func message(_ record: EncodedRecord, topic: String) -> Message {
        Message(
            topic: topic,
            partition: nil,
            key: record.key,
            value: record.value,
            headers: record.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }

    @Test func aLineLinesUp() throws {
        let record = event("TRX-1", .created).encoded()
        let source = CommandSource(topic: "t", partition: 0, offset: 0)
        let sighting = Sighting(
            event: record.headers,
            value: record.value ?? [],
            at: source,
            timestamp: 0
        )
        #expect(
            sighting.line(colour: false)
                == "00:01:01.123  payment  TRX-1                 created         accepted  -             ATINV1"
        )
        #expect(sighting.line(colour: true).contains("\u{1B}[32mcreated"))
        let json = try JSONValue.parse(sighting.json(), duplicates: .refuse).object
        #expect(json?["state"]?.text == "created")
        #expect(json?["event"]?.object?["invoice_id"]?.text == "ATINV1")
    }

    @Test func whatIsThereIsShownInTheOrderOfTime() {
        var backlog = Backlog(most: 4)
        func add(_ name: String, _ partition: Int32, _ time: Int64) -> [String] {
            let sighting = Sighting(
                source: CommandSource(topic: "t", partition: partition, offset: 0),
                time: time,
                domain: nil,
                reference: name,
                state: "paid",
                certainty: nil,
                amount: nil,
                reason: nil,
                endsCommand: false,
                value: nil
            )
            return backlog.add(sighting).compactMap(\.reference)
        }
        #expect(add("b", 0, 20) == [] && add("d", 0, 40) == [])
        // What lies behind another is not older, whatever its clock says.
        #expect(add("e", 0, 10) == [] && add("a", 1, 5) == [])
        #expect(add("c", 1, 30) == ["a", "b"])
        #expect(backlog.takeAll().compactMap(\.reference) == ["c", "d", "e"])
        #expect(backlog.takeAll().isEmpty)
    }

    @Test func aDeadLetterShowsItsReasonAndNotItsValue() {
        let source = CommandSource(topic: "payment.commands", partition: 3, offset: 9)
        let rejection = Rejection(
            code: .notJSON,
            message: "expected \u{1B}[2J",
            commandID: "x",
            source: source
        )
        let record = DeadLetter.encoded(
            key: Array("K-1".utf8),
            value: Array("01712345678".utf8),
            headers: [],
            source: source,
            rejection: rejection,
            now: 0
        )
        let sighting = Sighting(
            deadLetter: record.headers,
            key: record.key,
            at: source,
            timestamp: 0
        )
        let line = sighting.line(colour: false)
        #expect(line.contains("K-1"))
        #expect(line.contains("not_json expected ?[2J (payment.commands/3/9)"))
        #expect(!(line + sighting.json()).contains("0171"))
        #expect(sighting.endsCommand)
    }

    @Test func whatIsNoEventIsShownAsSuch() {
        let source = CommandSource(topic: "t", partition: 0, offset: 0)
        let sighting = Sighting(event: [], value: [0xFF], at: source, timestamp: 0)
        #expect(sighting.state == "unreadable")
        #expect(!sighting.endsCommand)
    }

    @Test(.timeLimit(.minutes(1))) func whatIsSentLiesInItsHomePartition() async throws {
        let cluster = try EmbeddedCluster()
        defer { cluster.close() }
        try cluster.createTopic("aspayds.payment.commands", partitions: 12)
        let settings = try Settings(
            Resolution(
                SettingInputs(flags: ["--kafka-bootstrap-servers", cluster.bootstrapServers]),
                need: .kafka
            )
        )
        let rows = ["trx-1", "TRX-2"].map { reference in
            CommandRow(
                line: nil,
                content: .success(JSONObject([("transaction_reference", .string(reference))]))
            )
        }
        let printed = Mutex<[String]>([])
        let sender = Sender(
            settings: settings,
            topic: "aspayds.payment.commands",
            json: true,
            print: { line in printed.withLock { $0.append(line) } }
        )
        try await sender.send(SendPlan(rows, domain: .payment, command: "check").items)
        try await sender.send(raw: Array("no JSON".utf8), key: "TRX-1")
        let places = try printed.withLock { $0 }.map {
            try JSONValue.parse($0, duplicates: .refuse).object?["partition"]
        }
        // Where Java's client puts the keys TRX-1, TRX-2 and TRX-1.
        let homes = ["TRX-1", "TRX-2", "TRX-1"].map {
            JSONValue.number("\(HomePartition.of($0, partitions: 12))")
        }
        #expect(places == homes)
    }

    @Test(.timeLimit(.minutes(1))) func aClusterThatTellsNoSettingsIsNoFailure() async throws {
        let cluster = try EmbeddedCluster()
        defer { cluster.close() }
        for topic in try TopicTable.bundled(prefix: "aspayds.", partitions: 3).topics {
            try cluster.createTopic(topic.name, partitions: Int32(topic.partitions))
        }
        let flags = [
            "--kafka-bootstrap-servers", cluster.bootstrapServers, "--partitions", "3",
            "--replication-factor", "1",
        ]
        try await TopicsCommand.Apply.parse(flags).run()
        try await TopicsCommand.Check.parse(flags).run()
        // A second prefix has no topics there, and they cannot be created: said, not failed.
        let other = flags + ["--topic-prefix", "other."]
        try await TopicsCommand.Apply.parse(other).run()
        await #expect(throws: Failure.self) { try await TopicsCommand.Check.parse(other).run() }
    }

    @Test(.timeLimit(.minutes(1))) func aMissingTopicIsAClearFailure() async throws {
        let cluster = try EmbeddedCluster()
        defer { cluster.close() }
        let settings = try Settings(
            Resolution(
                SettingInputs(flags: ["--kafka-bootstrap-servers", cluster.bootstrapServers]),
                need: .kafka
            )
        )
        let sender = Sender(settings: settings, topic: "nowhere", json: false)
        let failure = await #expect(throws: Failure.self) {
            try await sender.send(raw: [], key: nil)
        }
        #expect(failure?.message?.contains("nowhere does not exist") == true)
    }

    @Test(.timeLimit(.minutes(1))) func watchEndsAtTheEndOrWhenAllHaveEnded() async throws {
        let cluster = try EmbeddedCluster()
        defer { cluster.close() }
        let topics = Topics(prefix: "t.")
        try cluster.createTopic(topics.paymentEvents, partitions: 3)
        try cluster.createTopic(topics.deadLetters, partitions: 1)
        let configuration = KafkaConfiguration(
            properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            ])
        let producer = try Producer(configuration) { error in Issue.record("\(error)") }
        let messages = [
            event("A-1", .inDoubt), event("A-1", .created), event("a-2", .refused),
            event("A-2", .refused),
        ].map { message($0.encoded(), topic: topics.paymentEvents) }
        for report in await producer.send(messages) { _ = try report.get() }

        let positions =
            (0..<3).map { TopicPartition(topic: topics.paymentEvents, partition: $0) }
            + [TopicPartition(topic: topics.deadLetters, partition: 0)]
        func watch(
            _ reference: String?,
            follow: Bool,
            _ timeout: Duration?,
            _ final: Int?
        ) async throws
            -> (seen: [String], reached: Bool)
        {
            let seen = Mutex<[String]>([])
            var watcher = Watcher(deadLetters: topics.deadLetters, reference: reference) {
                sighting in
                seen.withLock { $0.append("\(sighting.reference ?? "-") \(sighting.state)") }
            }
            let reader = try Reader(configuration)
            let start = positions.map {
                Position(topicPartition: $0, offset: Position.beginning)
            }
            try reader.assign(start)
            let reached = await watcher.watch(
                reader,
                positions: start,
                follow: follow,
                timeout: timeout,
                untilFinal: final
            )
            await reader.close(timeout: .seconds(5))
            return (seen.withLock { $0 }, reached)
        }
        let all = try await watch(nil, follow: false, nil, nil)
        #expect(all.seen.sorted() == ["A-1 created", "A-1 in_doubt", "A-2 refused", "a-2 refused"])
        #expect(all.reached)
        let one = try await watch("a-1", follow: false, nil, nil)
        #expect(one.seen == ["A-1 in_doubt", "A-1 created"])
        let both = try await watch(nil, follow: true, nil, 2)
        #expect(both.reached)
        let three = try await watch(nil, follow: true, .milliseconds(500), 3)
        #expect(!three.reached)
        await producer.close(timeout: .seconds(5))
    }
}

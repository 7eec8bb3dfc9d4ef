import ArgumentParser
import Contract
import Kafka
import Testing
import Workers

@testable import aspayds_worker

/// `dead-letters` with a cluster.
@Suite(.timeLimit(.minutes(2))) struct DeadLetterCommandTests {
    /// A cluster with dead letters in it.
    private final class Stage: Sendable {
        let cluster: EmbeddedCluster
        let producer: Producer
        let topics = LetterScript.topics

        init() throws {
            cluster = try EmbeddedCluster()
            for topic in [topics.payoutCommands, topics.payoutLedger] {
                try cluster.createTopic(topic, partitions: 3)
            }
            try cluster.createTopic(topics.deadLetters, partitions: 2)
            producer = try Producer(
                KafkaConfiguration(properties: ["bootstrap.servers": cluster.bootstrapServers])
            ) { Issue.record("\($0)") }
        }

        func setAside(_ records: [EncodedRecord], in partition: Int32 = 1) async throws {
            let messages = records.map {
                Message(topic: topics.deadLetters, partition: partition, $0)
            }
            for report in await producer.send(messages) { _ = try report.get() }
        }

        func arguments(_ words: String...) -> [String] {
            words + [
                "--kafka-bootstrap-servers", cluster.bootstrapServers, "--topic-prefix", "t.",
                "--kafka-fetch-wait-max-ms", "10",
            ]
        }

        var settings: Settings {
            get throws { try SettingsOptions.parse(arguments()).load(.kafka) }
        }

        /// Everything in the command topic.
        func commands() async throws -> [Record] {
            let places = (0..<3).map {
                TopicPartition(topic: topics.payoutCommands, partition: Int32($0))
            }
            var scan = try TopicScan(places, try settings)
            var records: [Record] = []
            try await scan.readToEnd { records.append($0) }
            await scan.close()
            return records
        }

        func close() async {
            await producer.close(timeout: .seconds(5))
            cluster.close()
        }
    }

    private typealias Replay = DeadLettersCommand.ReplayCommand

    private func misplaced(_ count: Int) -> [EncodedRecord] {
        (0..<count).map { number in
            LetterScript.record(
                key: "WD-\(number)",
                value: LetterScript.payout("WD-\(number)"),
                .misplaced,
                from: LetterScript.source(.payout, Int64(number)),
                at: LetterScript.start + Int64(number)
            )
        }
    }

    @Test func allThatMatchGoHome() async throws {
        let stage = try Stage()
        try await stage.setAside(misplaced(25))
        try await stage.setAside([LetterScript.record(value: nil)], in: 0)
        let words = stage.arguments("--reason", "misplaced", "--yes", "--rate", "100")
        try await Replay.parse(words + ["--dry-run"]).run()
        #expect(try await stage.commands().isEmpty)
        try await Replay.parse(words + ["--json"]).run()
        let records = try await stage.commands()
        #expect(records.count == 25)
        for record in records {
            let key = record.withKey {
                String(decoding: $0 ?? .init(start: nil, count: 0), as: UTF8.self)
            }
            #expect(record.partition == HomePartition.of(key, partitions: 3))
            let headers = record.headers.map { (name: $0.name, value: $0.value) }
            let number = String(key.dropFirst(3))
            #expect(
                Contract.Replay.deadLetter(headers)?.description == "t.dead-letters/1/\(number)"
            )
            let here = CommandSource(topic: record.topic, partition: 0, offset: 0)
            #expect(Forward.origin(headers, readAt: here).offset == Int64(number))
        }
        let refused = try await failure(
            of: try Replay.parse(stage.arguments("--all", "--yes", "--rate", "100"))
        )
        #expect(refused == "1 of 26 were refused")
        try await DeadLettersCommand.List.parse(stage.arguments("--unanswered")).run()
        try await DeadLettersCommand.Show.parse(stage.arguments("1/3", "--json")).run()
        await stage.close()
    }

    @Test func tooManyAreNotBegun() async throws {
        let stage = try Stage()
        try await stage.setAside(misplaced(4))
        let told = try await failure(
            of: try Replay.parse(stage.arguments("--all", "--yes", "--limit", "3"))
        )
        #expect(told?.hasPrefix("4 dead letters match, and --limit is 3") == true)
        #expect(try await stage.commands().isEmpty)
        await stage.close()
    }

    @Test func aPlaceIsFoundOrNamed() async throws {
        let stage = try Stage()
        try await stage.setAside(misplaced(5))
        let box = LetterBox(try stage.settings)
        func find(_ words: String...) async throws -> [String] {
            try await box.letters(at: words.compactMap { LetterPlace($0) }).map { "\($0.place)" }
        }
        #expect(try await find("1/3", "1/1") == ["1/1", "1/3"])
        for (word, told) in [
            ("2/0", "t.dead-letters has 2 partitions"), ("0/0", "the partition is empty"),
            ("1/5", "the partition has 0 to 4"),
        ] {
            let failure = await #expect(throws: Failure.self) { _ = try await find("1/1", word) }
            #expect(failure?.message == "there is no dead letter \(word): \(told)")
        }
        await stage.close()
    }

    @Test func withoutALedgerNothingIsReplayed() async throws {
        let stage = try Stage()
        let source = LetterScript.source(.payment)
        try stage.cluster.createTopic(source.topic, partitions: 1)
        let value =
            #"{"transaction_reference":"TRX-1","amount":1,"customer_name":"R","#
            + #""callback_url":"https://shop.example/cb"}"#
        let record = LetterScript.record(value: Array(value.utf8), .misplaced, from: source)
        try await stage.setAside([record], in: 0)
        let told = try await failure(of: try Replay.parse(stage.arguments("0/0", "--yes")))
        #expect(told?.hasPrefix("the topic t.payment.ledger does not exist") == true)
        await stage.close()
    }

    @Test(arguments: [
        ([], "say which: positions such as 3/17, or filters, or --all"),
        (["3/17", "--all"], "say which"), (["--all", "--reason", "misplaced"], "say which"),
        (["3/17", "3/18", "--value", "x"], "--value corrects one dead letter"),
        (["--reason", "misplaced", "--value", "x"], "--value corrects one dead letter"),
        (["3/17", "--rate", "1001"], "--rate 1001.0: must be 0.1 to 1000"),
        (["3/17", "--limit", "10001"], "--limit 10001: must be 1 to 10000"),
        (["--since", "2026-02-09"], "is not a time like 2026-02-09T21:30:00Z"),
        (["3.17"], "\"3.17\": must be a position such as 3/17"), (["3/17", "--yes"], ""),
    ])
    func whatIsMissingIsNamed(arguments: [String], told: String) {
        var message = ""
        do {
            _ = try Replay.parseAsRoot(arguments)
        } catch { message = Replay.message(for: error) }
        #expect(told.isEmpty ? message.isEmpty : message.contains(told))
    }
}

import ArgumentParser
import Contract
import Kafka
import Testing

@testable import aspayds_worker

/// `review` and `ledger` with a cluster, and somebody who plays the worker.
@Suite(.timeLimit(.minutes(2))) struct ReviewCommandTests {
    /// A cluster with ledgers in it.
    private final class Stage: Sendable {
        let cluster: EmbeddedCluster
        let producer: Producer
        let topics = Topics(prefix: "t.")

        init() throws {
            cluster = try EmbeddedCluster()
            try cluster.createTopic(topics.paymentLedger, partitions: 2)
            try cluster.createTopic(topics.payoutLedger, partitions: 3)
            try cluster.createTopic(topics.workerControl, partitions: 1)
            producer = try Producer(Self.configuration(cluster)) { Issue.record("\($0)") }
        }

        static func configuration(_ cluster: EmbeddedCluster) -> KafkaConfiguration {
            KafkaConfiguration(
                properties: [
                    "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
                ]
            )
        }

        /// Writes records where their owner would: in the home partitions of their references.
        func write(_ records: LedgerRecord...) async throws {
            let messages = records.map { record in
                let key = record.subject
                let count = key?.domain == .payment ? 2 : 3
                let encoded = record.encoded()
                return Message(
                    topic: topics.ledger(of: key?.domain ?? .payout),
                    partition: HomePartition.of(key?.reference ?? "", partitions: count),
                    key: encoded.key,
                    value: encoded.value
                )
            }
            for report in await producer.send(messages) { _ = try report.get() }
        }

        /// Does what a worker does with orders about a domain, until it is cancelled.
        func work(on domain: Domain) async throws {
            let partition = TopicPartition(topic: topics.workerControl, partition: 0)
            let reader = try Reader(Self.configuration(cluster))
            try reader.assign([Position(topicPartition: partition, offset: Position.beginning)])
            while !Task.isCancelled {
                for case .records(let records) in await reader.next() {
                    for record in records {
                        let order = try record.withValue { value in
                            try value.map { try ControlOrder(value: $0) }
                        }
                        guard case .review(let order)? = order, order.domain == domain else {
                            continue
                        }
                        try await write(try LedgerScript.taken(order))
                    }
                }
            }
            await reader.close(timeout: .seconds(5))
        }

        var brokers: [String] { ["--kafka-bootstrap-servers", cluster.bootstrapServers] }

        func arguments(_ words: String...) -> [String] {
            words + brokers + ["--topic-prefix", "t."]
        }

        func close() async {
            await producer.close(timeout: .seconds(5))
            cluster.close()
        }
    }

    @Test func whatIsInReviewIsFoundInEveryPartition() async throws {
        let stage = try Stage()
        let names = (1...9).map { "WD-\($0)" }
        for name in names { try await stage.write(try LedgerScript.review(of: name)) }
        try await stage.write(
            try LedgerScript.record("refused", of: "wd-9"),
            try LedgerScript.review(of: "PAY-1", domain: .payment)
        )
        let options = try SettingsOptions.parse(stage.arguments())
        let view = try await LedgerView(.open, of: Domain.allCases, options.load(.kafka))
        await view.close()
        let found = view.book.histories.values.filter { $0.review != nil }.map(\.reference)
        #expect(found.sorted() == ["PAY-1"] + names.dropLast())
        try await ReviewCommand.List.parse(stage.arguments()).run()
        try await ReviewCommand.List.parse(stage.arguments("--json", "--domain", "payment")).run()
        try await ReviewCommand.Show.parse(stage.arguments("wd-1")).run()
        try await ReviewCommand.Show.parse(stage.arguments("wd-9", "--json")).run()
        try await LedgerCommand.Show.parse(stage.arguments("pay-1", "--json")).run()
        await stage.close()
    }

    @Test func aReleaseIsTakenOnce() async throws {
        let stage = try Stage()
        try await stage.write(try LedgerScript.review())
        let worker = Task { try await stage.work(on: .payout) }
        let release = stage.arguments("wd-1", "--by", "amina", "--why", "not there", "--yes")
        try await ReviewCommand.Release.parse(release).run()
        let again = try await failure(of: try ReviewCommand.Release.parse(release))
        #expect(again?.contains("is not in review: released") == true)

        let options = try SettingsOptions.parse(stage.arguments())
        let view = try await LedgerView(.reference("WD-1"), of: [.payout], options.load(.kafka))
        await view.close()
        let decision = view.book.histories.values.first?.standing?.record.decision
        #expect(decision?.by == "amina" && decision?.why == "not there")
        worker.cancel()
        try await worker.value
        await stage.close()
    }

    @Test func anOrderThatNobodyTakesIsSaidToWait() async throws {
        let stage = try Stage()
        try await stage.write(try LedgerScript.review())
        let close = stage.arguments("WD-1", "--by", "amina", "--why", "w", "--done", "--yes")
        try await ReviewCommand.Close.parse(close + ["--no-wait"]).run()
        let twice = try await failure(of: try ReviewCommand.Close.parse(close))
        #expect(twice?.contains("was ordered already (done, by amina") == true)
        let late = try await failure(
            of: try ReviewCommand.Close.parse(close + ["--again", "--wait", "200ms"])
        )
        #expect(late?.contains("no worker has taken it within 200ms") == true)
        try await ReviewCommand.Show.parse(stage.arguments("WD-1")).run()
        await stage.close()
    }

    @Test func whatCannotBeDecidedIsRefused() async throws {
        let stage = try Stage()
        try await stage.write(
            try LedgerScript.review(),
            try LedgerScript.review(domain: .payment),
            try LedgerScript.review(of: "WD-2", since: Moment.now),
            try LedgerScript.record("accepted", of: "WD-3")
        )
        func release(_ words: String...) async throws -> String? {
            let arguments = stage.arguments("--by", "amina", "--why", "w", "--yes") + words
            return try await failure(of: try ReviewCommand.Release.parse(arguments))
        }
        #expect(try await release("WD-9")?.contains("knows no payment or payout") == true)
        #expect(try await release("wd-1")?.contains("add --domain payment or") == true)
        #expect(try await release("WD-2")?.contains("may still be on its way until") == true)
        #expect(try await release("WD-3")?.contains("not in review: accepted") == true)
        let nowhere = ["WD-1", "--topic-prefix", "x."] + stage.brokers
        let missing = try await failure(of: try LedgerCommand.Show.parse(nowhere))
        #expect(missing?.contains("there is no ledger to read") == true)
        await stage.close()
    }

    @Test func helpTellsTheDefaults() {
        for (command, told) in [
            (ReviewCommand.Release.self, "order (default: 30s)."),
            (PauseCommand.self, "(default: 30s)."),
            (StatusCommand.self, "(default: 1h)."), (TopCommand.self, "(default: 1h)."),
        ] as [(any ParsableCommand.Type, String)] {
            let words = command.helpMessage(columns: 500).split(whereSeparator: \.isWhitespace)
            #expect(words.joined(separator: " ").contains(told))
        }
    }

    @Test func whatIsMissingIsNamed() {
        func message(_ command: any ParsableCommand.Type, _ arguments: [String]) -> String {
            do {
                _ = try command.parseAsRoot(arguments)
                return ""
            } catch { return command.message(for: error) }
        }
        let release = ReviewCommand.Release.self
        #expect(message(release, ["WD-1", "--by", " ", "--why", "w"]).contains("--by \" \""))
        #expect(message(release, ["WD-1", "--by", "b", "--why", ""]).contains("--why \"\""))
        #expect(message(release, ["--by", "b", "--why", "w"]).contains("a reference is missing"))
        let close = ReviewCommand.Close.self
        let who = ["WD-1", "--by", "b", "--why", "w"]
        #expect(message(close, who).contains("one of --done and --not-done"))
        #expect(message(close, who + ["--done", "--not-done"]).contains("one of --done"))
        let id = message(close, who + ["--not-done", "--provider-id", "ATPAY1"])
        #expect(id.contains("--provider-id \"ATPAY1\": must be only for what was done"))
        #expect(message(close, who + ["--done", "--provider-id", "ATPAY1", "--yes"]) == "")
    }
}

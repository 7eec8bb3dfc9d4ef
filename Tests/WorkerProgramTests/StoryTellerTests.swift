import Contract
import Kafka
import Synchronization
import Testing

@testable import aspayds_worker

/// The story of one reference, out of the topics of a cluster.
@Suite(.timeLimit(.minutes(2))) struct StoryTellerTests {
    private let topics = Topics(prefix: "t.")

    private func event(_ kind: Event.Kind, _ reference: String, at time: Int64) -> EncodedRecord {
        var event = Event(
            domain: .payout,
            kind: kind,
            id: "payout/\(reference)/\(kind.rawValue)/1",
            reference: reference,
            occurredAt: time
        )
        event.certainty = kind == .needsReview ? .inDoubt : .accepted
        event.trigger = .poll
        return event.encoded()
    }

    private func record(_ value: String, _ headers: [String: String] = [:]) -> EncodedRecord {
        EncodedRecord(
            key: Array("wd-1".utf8),
            value: Array(value.utf8),
            headers: headers.map { (name: $0.key, value: Array($0.value.utf8)) }
        )
    }

    /// Calls the body with a cluster that has every topic, and what writes to it.
    private func withCluster(
        _ body: (EmbeddedCluster, Producer) async throws -> Void
    ) async throws {
        let cluster = try EmbeddedCluster()
        for topic in try TopicTable.bundled(prefix: topics.prefix, partitions: 3).topics {
            try cluster.createTopic(topic.name, partitions: Int32(topic.partitions))
        }
        let configuration = KafkaConfiguration(
            properties: ["bootstrap.servers": cluster.bootstrapServers]
        )
        let producer = try Producer(configuration) { Issue.record("\($0)") }
        try await body(cluster, producer)
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }

    private func send(_ record: EncodedRecord, to topic: String, _ producer: Producer) async throws
    {
        let message = Message(
            topic: topic,
            partition: nil,
            key: record.key,
            value: record.value,
            headers: record.headers.map { Header(name: $0.name, value: $0.value) }
        )
        for report in await producer.send([message]) { _ = try report.get() }
    }

    private func settings(_ cluster: EmbeddedCluster) throws -> Settings {
        let flags = [
            "--kafka-bootstrap-servers", cluster.bootstrapServers, "--topic-prefix", topics.prefix,
            "--kafka-fetch-wait-max-ms", "10",
        ]
        return try Settings(Resolution(SettingInputs(flags: flags), need: .kafka))
    }

    private func request(
        _ reference: String = "WD-1",
        follow: Bool = false,
        untilFinal: Int? = nil
    ) -> StoryTeller.Request {
        StoryTeller.Request(
            reference: reference,
            fromBeginning: true,
            follow: follow,
            timeout: follow ? .seconds(60) : nil,
            untilFinal: untilFinal
        )
    }

    @Test func gathersWhatEveryTopicHas() async throws {
        try await withCluster { cluster, producer in
            let now = Moment.now
            let command = #"{"transaction_reference":"WD-1","amount":400}"#
            try await send(record(command), to: topics.payoutCommands, producer)
            let other = EncodedRecord(key: nil, value: Array(command.utf8), headers: [])
            try await send(other, to: topics.payoutCommands, producer)
            let hint = ["aspayds_domain": "payout", "aspayds_method": "POST"]
            try await send(record(#"{"event":"payout.x"}"#, hint), to: topics.webhooks, producer)
            let notice = record(#"{"event":"payout.completed"}"#, ["event_id": "e"])
            try await send(notice, to: topics.notifications, producer)
            for reference in ["WD-1", "WD-2"] {
                let event = event(.needsReview, reference, at: now)
                try await send(event, to: topics.payoutEvents, producer)
            }
            let review = try LedgerScript.review(since: now - 900_000)
            try await send(review.encoded(), to: topics.payoutLedger, producer)

            var lines: [String] = []
            var teller = StoryTeller(request("wd-1"), try settings(cluster)) {
                lines.append($0.text)
            }
            try await teller.tell()
            let tellers = lines.compactMap { line in
                line.split(separator: " ").first {
                    ["command", "webhook", "event", "notification"].contains($0)
                }
            }
            #expect(tellers.sorted() == ["command", "command", "event", "notification", "webhook"])
            #expect(lines.first?.lowercased() == "payout wd-1")
            #expect(lines.contains { $0.hasSuffix("needs_review  in_doubt  (by poll)") })
            #expect(lines.last?.hasSuffix("review show wd-1 --domain payout") == true)
        }
    }

    @Test func goesOnUntilItHasEnded() async throws {
        try await withCluster { cluster, producer in
            let (topics, settings) = (topics, try settings(cluster))
            let told = Mutex<[String]>([])
            let (heard, hear) = AsyncStream.makeStream(of: Void.self)
            let request = request(follow: true, untilFinal: 1)
            let teller = Task {
                var teller = StoryTeller(request, settings) { line in
                    told.withLock { $0.append(line.text) }
                    hear.yield()
                }
                try await teller.tell()
            }
            let command = record(#"{"transaction_reference":"WD-1","amount":400}"#)
            try await send(command, to: topics.payoutCommands, producer)
            // It hears of the command before there is an answer.
            for await _ in heard where told.withLock({ $0.contains { $0.contains("command") } }) {
                break
            }
            let event = event(.requested, "WD-1", at: Moment.now)
            try await send(event, to: topics.payoutEvents, producer)
            try await teller.value
            #expect(told.withLock { $0.last?.contains("requested") } == true)
        }
    }

    @Test func anUnknownReferenceIsAFailure() async throws {
        try await withCluster { cluster, _ in
            var teller = StoryTeller(request("WD-9"), try settings(cluster)) { _ in }
            let failure = await #expect(throws: Failure.self) { try await teller.tell() }
            #expect(failure?.message == "nothing is known of WD-9; is it spelt right?")
        }
    }

    /// As a broker answers somebody who has no right to read: 29 is TOPIC_AUTHORIZATION_FAILED.
    @Test func whatMayNotBeReadIsLeftOutOrAFailureAtOnce() async throws {
        try await withCluster { cluster, producer in
            try await send(record("{}"), to: topics.workerControl, producer)
            let settings = try settings(cluster)
            let place = TopicPartition(topic: topics.workerControl, partition: 0)
            for skips in [true, false] {
                try cluster.pushErrors(.fetch, Array(repeating: 29, count: 1000))
                let complaints = Mutex<[String]>([])
                var scan = try TopicScan([place], settings) { text in
                    complaints.withLock { $0.append(text) }
                }
                scan.skipsUnreadable = skips
                do throws(Failure) {
                    try await scan.readToEnd { _ in }
                    #expect(skips)
                } catch {
                    #expect(!skips)
                    #expect(error.message?.contains("denies this client the topic") == true)
                }
                #expect(complaints.withLock { $0.count } == (skips ? 1 : 0))
                await scan.close()
                try cluster.clearErrors(.fetch)
            }
        }
    }

    /// The embedded Kafka tells no offsets for times.
    @Test func whoLooksBackReadsTheEndWhereKafkaKnowsNoTimes() async throws {
        try await withCluster { cluster, producer in
            for number in 0..<1203 {
                try await send(record("\(number)"), to: topics.workerControl, producer)
            }
            let place = TopicPartition(topic: topics.workerControl, partition: 0)
            var scan = try await TopicScan([place], since: Moment.now - 60_000, settings(cluster))
            var offsets: [Int64] = []
            try await scan.readToEnd { offsets.append($0.offset) }
            await scan.close()
            #expect(offsets == Array(203..<1203))
        }
    }
}

import Contract
import Kafka
import Logging
import Synchronization
import Testing

@testable import Workers

/// What others tell of their parts of the rate, read from `worker.status`.
@Suite(.timeLimit(.minutes(1))) struct NeighboursTests {
    private let me = "me/1/00000001"
    private let topic = Topics(prefix: "t.").workerStatus

    private func configuration(_ cluster: EmbeddedCluster) -> KafkaConfiguration {
        KafkaConfiguration(
            properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            ]
        )
    }

    private func share(_ number: UInt64, group: String = "g") -> RateShare {
        RateShare(
            group: group,
            number: number,
            base: 250_000,
            wants: 12_500,
            loanTerm: 15_000,
            loans: [.init(worker: me, answers: 3, part: 237_500)]
        )
    }

    private func heartbeat(_ worker: String, _ share: RateShare?) -> Message {
        var figures = DomainFigures()
        figures.rateShare = share
        let process = ProcessFigures(
            version: "1",
            host: "h",
            startedAt: 0,
            roles: ["payouts"],
            domains: [.payout: figures]
        )
        let status = WorkerStatus(
            worker: worker,
            kind: .heartbeat,
            number: 1,
            at: 0,
            process: process
        )
        let record = status.encoded()
        return Message(
            topic: topic,
            key: record.key,
            value: record.value,
            headers: record.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }

    @Test func hearsTheNewestOfEachOtherProcessOfItsGroup() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic(topic, partitions: 3)
        let producer = try Producer(configuration(cluster)) { Issue.record("\($0)") }
        // What was told before counts for nothing.
        _ = await producer.send([heartbeat("early/1/00000009", share(1))])
        let neighbours = Neighbours(
            worker: me,
            topics: Topics(prefix: "t."),
            kafka: configuration(cluster),
            logger: Logger(label: "t")
        )
        let (woken, wake) = AsyncStream.makeStream(of: Void.self)
        neighbours.listen(for: .payout, in: "g") { wake.yield() }
        let reading = Task { try await neighbours.run() }
        // It is heard once the reader stands at the end.
        var first: [Neighbours.News] = []
        for number in UInt64(1)... {
            _ = await producer.send([heartbeat("a/1/00000002", share(number))])
            first = neighbours.takeNews(of: .payout)
            if !first.isEmpty { break }
        }
        #expect(first.map(\.worker) == ["a/1/00000002"])

        var news = woken.makeAsyncIterator()
        var garbage = heartbeat("d/1/00000005", share(1))
        garbage.value = Array("{\"worker\":".utf8)
        _ = await producer.send([
            heartbeat(me, share(1)), heartbeat("b/1/00000003", share(1, group: "other")),
            heartbeat("c/1/00000004", nil), garbage, heartbeat("e/1/00000006", share(7)),
            heartbeat("e/1/00000006", share(8)),
        ])
        var heard: [String: RateShare] = [:]
        while heard["e/1/00000006"]?.number != 8 {
            await news.next()
            for one in neighbours.takeNews(of: .payout) { heard[one.worker] = one.share }
        }
        #expect(Set(heard.keys).subtracting(["a/1/00000002"]) == ["e/1/00000006"])
        #expect(heard["e/1/00000006"] == share(8))
        #expect(neighbours.takeNews(of: .payment).isEmpty)
        reading.cancel()
        try await reading.value
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }
}

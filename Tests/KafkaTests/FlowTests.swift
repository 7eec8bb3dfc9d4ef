import Synchronization
import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(2)))
struct FlowTests {
    @Test("Pausing and resuming under load loses nothing and repeats nothing")
    func flips() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 2)
        let producer = try Producer.testing(cluster)
        let count = 5000
        producer.send(messages("t", 0..<count) + messages("t", 0..<count, partition: 1)) { _ in }
        let owner = try Owner(member(of: "group", ["queued.min.messages": "500"]), cluster)
        let both = [position("t", 0), position("t", 1)]
        try owner.consumer.assign(both)

        let flips = Task.detached {
            var paused = 0
            while !Task.isCancelled {
                let partition = [both[paused % 2].topicPartition]
                try owner.consumer.pause(partition)
                try owner.consumer.pause(partition)
                try await Task.sleep(for: .milliseconds(paused % 3))
                try owner.consumer.resume(partition)
                try owner.consumer.resume(partition)
                await Task.yield()
                paused += 1
            }
        }
        var next: [Int32: Int64] = [0: 0, 1: 0]
        while next.values.contains(where: { $0 < count }) {
            for record in try await owner.records(1) {
                try #require(record.offset == next[record.partition])
                next[record.partition] = record.offset + 1
            }
        }
        flips.cancel()
        _ = await flips.result
        #expect(await owner.next(within: .milliseconds(200)) == nil)
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("What is assigned paused delivers nothing before it is resumed")
    func assignedPaused() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<100))
        let owner = try Owner(member(), cluster)
        for round in 0..<1000 {
            // Assigned again while it is still being stopped: the pause must hold all the same.
            try owner.consumer.assign([position("t", 0, Int64(round % 10))], paused: round % 7 != 3)
        }
        #expect(await owner.next(within: .milliseconds(300)) == nil)
        try owner.consumer.resume([position("t").topicPartition])
        #expect(try await owner.records(91).map(\.offset) == Array(9..<100))

        // A new assignment forgets the old one's pause.
        try owner.consumer.pause([position("t").topicPartition])
        try owner.consumer.unassign()
        try owner.consumer.assign([position("t", 0, 42)])
        #expect(try await owner.records(58).map(\.offset) == Array(42..<100))
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test(
        "What is resumed is fetched at once, though nothing else is",
        // Some hundredths of a second each; up to a second where the fetcher is not woken.
        .timeLimit(.minutes(1))
    )
    func wakesFetcher() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<1))
        let owner = try Owner(member(), cluster)
        for _ in 0..<200 {
            try owner.consumer.assign([position("t")], paused: true)
            // Once this is answered the fetcher has seen the pause, and sleeps.
            let place = position("t").topicPartition
            _ = try await owner.consumer.watermarks(place, timeout: .seconds(10))
            try owner.consumer.resume([place])
            #expect(try await owner.records(1).map(\.offset) == [0])
        }
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("Records that come in spite of a pause are held back until it ends")
    func held() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        let owner = try Owner(member(), cluster)
        let partition = position("t").topicPartition
        try owner.consumer.assign([position("t")])
        // A pause that librdkafka has lost.
        owner.consumer.state.withLock { $0.partitions.track(paused: [partition]) }
        _ = await producer.send(messages("t", 0..<100))
        #expect(await owner.next(within: .milliseconds(300)) == nil)
        try owner.consumer.resume([partition])
        #expect(try await owner.records(100).map(\.offset) == Array(0..<100))
        #expect(await owner.next(within: .milliseconds(200)) == nil)
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("A position out of range stops the partition and says so")
    func outOfRange() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<3))
        let owner = try Owner(member(), cluster)
        try owner.consumer.assign([position("t", 0, 1000)])
        let error = try await owner.first { event -> KafkaError? in
            switch event {
            case .error(let error): return error
            case .records: throw Missing()
            default: return nil
            }
        }
        #expect(error.code == KafkaError.Code.autoOffsetReset)
        #expect(error.topicPartition == position("t").topicPartition)
        #expect(throws: KafkaError.self) {
            try owner.consumer.assign([position("t", 0, -1001)])
        }
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }
}

import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(2)))
struct WatermarkTests {
    /// What a partition that is full must never be taken for is an empty one.
    @Test("An error about the beginning or the end is an error", arguments: [3, 6, 9, 29, 78])
    func errors(_ code: Int32) async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<5))
        let place = position("t").topicPartition
        let consumer = try Consumer(.testing(cluster, member())) {}
        #expect(try await consumer.watermarks(place, timeout: .seconds(10)) == (0, 5))
        for good in 0...1 {
            for _ in 0..<20 {
                try cluster.clearErrors(.listOffsets)
                try cluster.pushErrors(.listOffsets, Array(repeating: 0, count: good) + [code])
                await #expect(throws: KafkaError.self) {
                    try await consumer.watermarks(place, timeout: .seconds(10))
                }
            }
        }
        #expect(try await consumer.watermarks(place, timeout: .seconds(10)) == (0, 5))
        #expect(await consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("Many partitions on several brokers are asked for together")
    func many() async throws {
        let cluster = try EmbeddedCluster(brokers: 3)
        try cluster.createTopic("t", partitions: 7)
        let producer = try Producer.testing(cluster)
        let places = (0..<7).map { position("t", $0).topicPartition }
        for place in places {
            let count = Int(place.partition) * 3
            _ = await producer.send(messages("t", 0..<count, partition: place.partition))
        }
        let consumer = try Consumer(.testing(cluster, member())) {}
        let marks = try await consumer.watermarks(places, timeout: .seconds(10))
        #expect(marks.count == 7)
        for place in places { #expect(marks[place]?.high == Int64(place.partition) * 3) }
        #expect(marks.values.allSatisfy { $0.low == 0 })
        await #expect(throws: KafkaError.self) {
            try await consumer.watermarks(
                places + [position("t", 99).topicPartition],
                timeout: .seconds(10)
            )
        }
        #expect(await consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }
}

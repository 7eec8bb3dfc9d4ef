import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(2)))
struct RoundTripTests {
    @Test("Odd records come back as they were sent")
    func oddRecords() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("odd", partitions: 1)
        let large = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let headers = [
            Header(name: "twice", value: Array("1".utf8)), Header(name: "null", value: nil),
            Header(name: "empty", value: []), Header(name: "twice", value: [0, 255]),
        ]
        let sent = [
            Message(topic: "odd", key: Array("k".utf8), value: nil),
            Message(topic: "odd", key: [], value: []),
            Message(topic: "odd", key: nil, value: Array("v".utf8), headers: headers),
            Message(topic: "odd", key: Array("large".utf8), value: large, headers: headers),
            Message(topic: "odd", key: nil, value: nil),
        ]
        let producer = try Producer.testing(cluster)
        let reports = await producer.send(sent)
        #expect(try reports.map { try $0.get().offset } == [0, 1, 2, 3, 4])

        let owner = try Owner(member(), cluster)
        try owner.consumer.assign([position("odd")])
        let records = try await owner.records(sent.count)
        for (message, record) in zip(sent, records) {
            #expect(record.key == message.key)
            #expect(record.value == message.value)
            #expect(record.headers == message.headers)
            #expect(record.topic == "odd" && record.partition == 0)
            #expect(record.timestamp > 1_700_000_000_000)
        }
        #expect(records.map(\.offset) == [0, 1, 2, 3, 4])
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        // Records outlive their consumer.
        #expect(records[3].value == large)
        await producer.close(timeout: .seconds(5))
    }

    @Test("Every message of a batch is reported, in order, and arrives in order")
    func throughput() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("many", partitions: 1)
        let producer = try Producer.testing(cluster)
        let owner = try Owner(member(), cluster)
        try owner.consumer.assign([position("many")])
        let reports = await producer.send(messages("many", 0..<20_000))
        #expect(try reports.map { try Int($0.get().offset) } == Array(0..<20_000))
        let records = try await owner.records(20_000)
        #expect(records.map(\.text) == (0..<20_000).map { "\($0)" })
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("The key decides the partition as Java's does, in any client")
    func partitioner() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("keyed", partitions: 4)
        let producer = try Producer.testing(cluster)
        // toPositive(murmur2(key)) mod 4, with Java's own test values of murmur2: "21" is
        // −973932308, "foobar" −790332482.
        let reports = await producer.send([
            Message(topic: "keyed", key: Array("21".utf8), value: nil),
            Message(topic: "keyed", key: Array("foobar".utf8), value: nil),
        ])
        let partitions = try reports.map { try $0.get().partition }
        let expected = [-973_932_308, -790_332_482].map { Int32(($0 & 0x7fff_ffff) % 4) }
        #expect(partitions == expected)
        await producer.close(timeout: .seconds(5))
    }

    @Test("A reader meets the end of the partition and knows its marks")
    func reader() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("read", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("read", 0..<10))
        let reader = try Reader(.testing(cluster, ["fetch.wait.max.ms": "10"]))
        let partition = position("read").topicPartition
        let marks = try await reader.watermarks(partition, timeout: .seconds(10))
        #expect(marks == (0, 10))
        try reader.assign([position("read", 0, Position.beginning)])
        var seen: [String?] = []
        var end: Position?
        while end == nil {
            for event in await reader.next() {
                switch event {
                case .records(let records): seen += records.map(\.text)
                case .endOfPartition(let position): end = position
                default: Issue.record("\(event)")
                }
            }
        }
        #expect(seen == (0..<10).map { "\($0)" })
        #expect(end == position("read", 0, 10))
        #expect(await reader.close(timeout: .seconds(10)))
        #expect(await reader.next().isEmpty)
        await producer.close(timeout: .seconds(5))
    }
}

import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(2)))
struct ProducerTests {
    @Test("A full queue makes messages wait, in order, from several threads")
    func queueFull() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster, ["queue.buffering.max.messages": "7"])
        let failures = Locked(0)
        let batches = Locked(0)
        await withTaskGroup { group in
            for sender in 0..<4 {
                group.addTask {
                    for index in 0..<50 {
                        let batch = (0..<10).map {
                            Message(
                                topic: "t",
                                partition: 0,
                                key: Array("\(sender)".utf8),
                                value: Array("\(index * 10 + $0)".utf8)
                            )
                        }
                        producer.send(batch) { reports in
                            let bad = reports.count { (try? $0.get()) == nil }
                            failures.change { $0 += bad }
                            batches.change { $0 += 1 }
                        }
                    }
                }
            }
        }
        #expect(await producer.flush(timeout: .seconds(30)))
        #expect(failures.value == 0)
        #expect(batches.value == 200)

        let owner = try Owner(member(), cluster)
        try owner.consumer.assign([position("t")])
        var seen: [[UInt8]?: [String?]] = [:]
        for record in try await owner.records(2000) {
            seen[record.key, default: []].append(record.text)
        }
        #expect(seen.count == 4)
        #expect(seen.values.allSatisfy { $0 == (0..<500).map { "\($0)" } })
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("A broker that is down delays messages; when it is back they arrive once")
    func brokerDown() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let errors = Locked<[KafkaError]>([])
        let signal = Signal()
        let producer = try Producer(
            .testing(cluster, ["reconnect.backoff.max.ms": "200"])
        ) { error in
            errors.change { $0.append(error) }
            signal.fire()
        } onFatal: {
            Issue.record("\($0)")
        }
        _ = await producer.send(messages("t", 0..<1))
        try cluster.setBroker(up: false)
        await signal.wait(atMost: .seconds(20))
        #expect(errors.value.contains { $0.isRetriable })
        let reports = Promise<[DeliveryReport]>()
        producer.send(messages("t", 1..<100)) { reports.fulfil($0) }
        #expect(!(await producer.flush(timeout: .milliseconds(300))))
        try cluster.setBroker(up: true)
        #expect(try await reports.value().map { try $0.get().offset } == Array(1..<100))
        await producer.close(timeout: .seconds(5))
    }

    @Test("A consumer hears that the brokers are gone, and reads on when they are back")
    func consumerBrokerDown() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let backOff = ["reconnect.backoff.max.ms": "200"]
        let producer = try Producer.testing(cluster, backOff)
        let owner = try Owner(member(of: "group", backOff), cluster)
        try owner.consumer.assign([position("t")])
        _ = await producer.send(messages("t", 0..<1))
        _ = try await owner.records(1)
        try cluster.setBroker(up: false)
        let error = try await owner.first { event -> KafkaError? in
            if case .error(let error) = event { error } else { nil }
        }
        #expect(error.isRetriable)
        try cluster.setBroker(up: true)
        _ = await producer.send(messages("t", 1..<3))
        #expect(try await owner.records(2).map(\.offset) == [1, 2])
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("Errors of the broker are retried, without duplicates")
    func retries() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster, ["retry.backoff.ms": "20"])
        typealias Code = KafkaError.Code
        try cluster.pushErrors(
            .produce,
            [Code.notLeader, Code.requestTimedOut, Code.transport, Code.notLeader]
        )
        let reports = await producer.send(messages("t", 0..<500))
        #expect(try reports.map { try $0.get().offset } == Array(0..<500))
        await producer.close(timeout: .seconds(5))
    }

    @Test("A message that cannot be sent is reported in its place")
    func refused() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<1))
        let large = Message(topic: "t", value: [UInt8](repeating: 1, count: 3 << 20))
        let reports = await producer.send(messages("t", 1..<2) + [large] + messages("t", 2..<3))
        #expect(try reports[0].get().offset == 1)
        #expect(throws: KafkaError(code: KafkaError.Code.messageTooLarge)) { try reports[1].get() }
        #expect(try reports[2].get().offset == 2)
        #expect(await producer.send([]).isEmpty)
        await producer.close(timeout: .seconds(5))
    }

    @Test("A message larger than the whole queue is refused and holds up nothing")
    func largerThanQueue() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster, ["queue.buffering.max.kbytes": "1024"])
        let large = Message(topic: "t", value: [UInt8](repeating: 1, count: 3 << 19))
        let reports = await producer.send([large] + messages("t", 0..<1))
        #expect(throws: KafkaError(code: KafkaError.Code.queueFull)) { try reports[0].get() }
        #expect(try reports[1].get().offset == 0)
        await producer.close(timeout: .seconds(5))
    }

    @Test("Closing without a broker is bounded, and every message has its report")
    func closeBounded() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer.testing(cluster, ["queue.buffering.max.messages": "50"])
        _ = await producer.send(messages("t", 0..<1))
        try cluster.setBroker(up: false)
        let reports = Promise<[DeliveryReport]>()
        producer.send(messages("t", 1..<100)) { reports.fulfil($0) }
        let start = ContinuousClock.now
        await producer.close(timeout: .milliseconds(300))
        #expect(ContinuousClock.now - start < .seconds(6))
        #expect(await reports.value().allSatisfy { (try? $0.get()) == nil })
        let late = await producer.send(messages("t", 0..<1))
        #expect(throws: KafkaError.closed) { try late[0].get() }
    }

    @Test("A fatal error is told once, and every message has its report")
    func fatal() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let fatal = Locked<[KafkaError]>([])
        let signal = Signal()
        let producer = try Producer(.testing(cluster)) { error in
            fatal.change { $0.append(error) }
            signal.fire()
        }
        _ = await producer.send(messages("t", 0..<1))
        producer.provokeFatalError()
        producer.provokeFatalError()
        await signal.wait(atMost: .seconds(10))
        let reports = await producer.send(messages("t", 1..<10))
        #expect(reports.allSatisfy { (try? $0.get()) == nil })
        await producer.close(timeout: .seconds(5))
        #expect(fatal.value.map(\.isFatal) == [true])
    }
}

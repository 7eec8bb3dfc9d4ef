import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(3)))
struct GroupTests {
    @Test("A revocation reaches the owner before anything is unassigned, and waits for it")
    func rebalance() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 2)
        let producer = try Producer.testing(cluster)
        _ = await producer.send(messages("t", 0..<5) + messages("t", 5..<10, partition: 1))
        let both = [position("t", 0), position("t", 1)]

        let first = try Owner(member(), cluster)
        try first.consumer.subscribe(["t"])
        #expect(Set(try await first.assigned()) == Set(both.map(\.topicPartition)))
        try first.consumer.assign(both)
        #expect(try await first.records(10).count == 10)

        let second = try Owner(member(), cluster)
        try second.consumer.subscribe(["t"])
        let revoked = try await first.first { event in
            if case .revoked(let partitions) = event { partitions } else { nil }
        }
        #expect(Set(revoked) == Set(both.map(\.topicPartition)))
        #expect(!first.consumer.assignmentLost)
        // Until the owner answers it has its partitions, and no record of them comes any more.
        _ = await producer.send(messages("t", 10..<15))
        #expect(await first.next(within: .milliseconds(500)) == nil)
        try first.consumer.unassign()

        let shares = Locked<[ObjectIdentifier: [TopicPartition]]>([:])
        async let firstShare: Void = first.share(shares, from: 5)
        async let secondShare: Void = second.share(shares, from: 5)
        _ = try await (firstShare, secondShare)
        #expect(Set(shares.value.values.joined()) == Set(both.map(\.topicPartition)))
        let firstHasIt = shares.value[ObjectIdentifier(first)] == [both[0].topicPartition]
        let heir = firstHasIt ? first : second
        try heir.consumer.resume([both[0].topicPartition])
        let inherited = try await heir.records(5)
        #expect(inherited.map(\.text) == (10..<15).map { "\($0)" })

        #expect(await first.consumer.close(timeout: .seconds(10)))
        #expect(await second.consumer.close(timeout: .seconds(10)))
        await producer.close(timeout: .seconds(5))
    }

    @Test("Commits are answered in their order, and read back with their metadata")
    func commits() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 2)
        let owner = try Owner(member(), cluster)
        let first = position("t", 0).topicPartition
        let second = position("t", 1).topicPartition
        try owner.consumer.subscribe(["t"])
        let assigned = try await owner.assigned()
        try owner.consumer.assign(assigned.map { Position(topicPartition: $0, offset: 0) })
        for id in 1...50 {
            let offset = CommitOffset(
                topicPartition: first,
                offset: Int64(id),
                metadata: "ledger=\(id)é"
            )
            try owner.consumer.commit([offset], id: UInt64(id))
        }
        for id in 1...50 {
            let reply = try await owner.committed()
            #expect(reply.id == UInt64(id))
            #expect(reply.error == nil)
            #expect(reply.partitions.map(\.topicPartition) == [first])
            #expect(reply.partitions.allSatisfy { $0.error == nil })
        }
        let committed = try await owner.consumer.committed([first, second], timeout: .seconds(10))
        #expect(committed == [first: CommittedOffset(offset: 50, metadata: "ledger=50é")])
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("What a group has committed is known to a process that has not joined it")
    func committedBefore() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 3)
        let places = (0..<3).map { position("t", $0).topicPartition }
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        let assigned = try await owner.assigned()
        try owner.consumer.assign(assigned.map { Position(topicPartition: $0, offset: 0) })
        let offsets = [
            CommitOffset(topicPartition: places[0], offset: 0, metadata: "ledger_end=7"),
            CommitOffset(topicPartition: places[1], offset: 5, metadata: ""),
        ]
        try owner.consumer.commit(offsets, id: 1)
        #expect(try await owner.committed().partitions.allSatisfy { $0.error == nil })

        let asking = try Consumer(.testing(cluster, member())) {}
        let found = try await asking.committed(places, timeout: .seconds(10))
        #expect(
            found == [
                places[0]: CommittedOffset(offset: 0, metadata: "ledger_end=7"),
                places[1]: CommittedOffset(offset: 5, metadata: nil),
            ]
        )
        let other = try Consumer(.testing(cluster, member(of: "other"))) {}
        #expect(try await other.committed(places, timeout: .seconds(10)).isEmpty)
        for consumer in [owner.consumer, asking, other] {
            #expect(await consumer.close(timeout: .seconds(10)))
        }
    }

    @Test("A commit at a generation that is gone is refused, partition by partition")
    func fencedCommit() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        let assigned = try await owner.assigned()
        try owner.consumer.assign(assigned.map { Position(topicPartition: $0, offset: 0) })
        let offset = CommitOffset(topicPartition: assigned[0], offset: 3)
        try cluster.pushErrors(.offsetCommit, [KafkaError.Code.illegalGeneration])
        try owner.consumer.commit([offset], id: 7)
        let reply = try await owner.committed()
        #expect(reply.id == 7)
        #expect(reply.partitions.map(\.error?.name) == ["ILLEGAL_GENERATION"])
        #expect(try await owner.consumer.committed(assigned, timeout: .seconds(10)).isEmpty)
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("A member that was thrown out hears that it has lost its partitions")
    func lost() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        let assigned = try await owner.assigned()
        try owner.consumer.assign(assigned.map { Position(topicPartition: $0, offset: 0) })
        try cluster.pushErrors(.heartbeat, [KafkaError.Code.unknownMember])
        let lost = try await owner.first { event in
            if case .lost(let partitions) = event { partitions } else { nil }
        }
        #expect(lost == assigned)
        #expect(owner.consumer.assignmentLost)
        try owner.consumer.unassign()
        #expect(try await owner.assigned() == assigned)
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("Closing ends in time with an assignment unanswered")
    func closeAssigned() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        _ = try await owner.assigned()
        #expect(await owner.consumer.close(timeout: .seconds(10)))
        #expect(owner.consumer.drain(max: 10).isEmpty)
        #expect(throws: KafkaError.closed) { try owner.consumer.unassign() }
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("Closing ends in time with a revocation unanswered")
    func closeRevoked() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        try owner.consumer.assign(
            try await owner.assigned().map { Position(topicPartition: $0, offset: 0) }
        )
        try cluster.pushErrors(.heartbeat, [KafkaError.Code.rebalanceInProgress])
        _ = try await owner.first { event in
            if case .revoked(let partitions) = event { partitions } else { nil }
        }
        #expect(await owner.consumer.close(timeout: .seconds(10)))
    }

    @Test("Closing ends in time without a broker")
    func closeCutOff() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let owner = try Owner(member(), cluster)
        try owner.consumer.subscribe(["t"])
        _ = try await owner.assigned()
        try cluster.setBroker(up: false)
        let start = ContinuousClock.now
        _ = await owner.consumer.close(timeout: .seconds(2))
        #expect(ContinuousClock.now - start < .seconds(4))
    }
}

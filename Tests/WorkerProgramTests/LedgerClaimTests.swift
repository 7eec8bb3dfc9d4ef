import ArgumentParser
import Contract
import Kafka
import Testing

@testable import aspayds_worker

/// `ledger claim` takes back what another group has claimed last, and nothing else.
@Suite(.timeLimit(.minutes(2))) struct LedgerClaimTests {
    private struct Stage {
        let cluster: EmbeddedCluster
        let kafka: KafkaConfiguration
        let producer: Producer
        let topics = Topics(prefix: "t.")

        init(commands: Int32 = 3) throws {
            cluster = try EmbeddedCluster()
            try cluster.createTopic(topics.payoutCommands, partitions: commands)
            try cluster.createTopic(topics.payoutLedger, partitions: 3)
            kafka = KafkaConfiguration(properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            ])
            producer = try Producer(kafka) { Issue.record("\($0)") }
        }

        /// Claims partitions for groups, in this order.
        func write(_ claims: (group: String, partition: Int32)..., count: Int = 3) async throws {
            let messages = claims.enumerated().map { number, claim in
                let record = LedgerRecord.claim(
                    LedgerRecord.Claim(
                        domain: .payout,
                        group: claim.group,
                        owner: "w/1/00000000",
                        number: UInt64(number),
                        partitions: count,
                        at: 1
                    )
                ).encoded()
                return Message(
                    topic: topics.payoutLedger,
                    partition: claim.partition,
                    key: record.key,
                    value: record.value
                )
            }
            for report in await producer.send(messages) { _ = try report.get() }
        }

        private var arguments: [String] {
            [
                "payouts", "--yes", "--topic-prefix", "t.", "--kafka-bootstrap-servers",
                cluster.bootstrapServers,
            ]
        }

        func claim() async throws { try await LedgerCommand.Claim.parse(arguments).run() }

        /// Why nothing is claimed.
        func failure() async -> String? {
            await #expect(throws: Failure.self) { try await claim() }?.message
        }

        /// What another group has claimed last.
        func foreign() async throws -> [ClaimDesk.Foreign] {
            let options = try SettingsOptions.parse(Array(arguments.dropFirst(2)))
            return try await ClaimDesk(.payout, options.load(.kafka)).foreignClaims(in: 3)
        }

        /// The groups that have claimed a partition, in their order.
        func claims(_ partition: Int32) async throws -> [LedgerRecord.Claim] {
            let place = TopicPartition(topic: topics.payoutLedger, partition: partition)
            let reader = try Reader(kafka)
            try reader.assign([Position(topicPartition: place, offset: Position.beginning)])
            var claims: [LedgerRecord.Claim] = []
            var isRead = false
            while !isRead, !Task.isCancelled {
                for event in await reader.next() {
                    if case .endOfPartition = event { isRead = true }
                    guard case .records(let records) = event else { continue }
                    for record in records {
                        let read = try record.withValue {
                            try $0.map { try LedgerRecord(value: $0) }
                        }
                        if case .claim(let claim)? = read { claims.append(claim) }
                    }
                }
            }
            await reader.close(timeout: .seconds(2))
            return claims
        }

        func close() async {
            await producer.close(timeout: .seconds(5))
            cluster.close()
        }
    }

    @Test func onlyWhatAnotherGroupHasClaimedLastIsTakenBack() async throws {
        let stage = try Stage()
        try await stage.write(
            ("aspayds-payouts", 0),
            ("other-payouts", 1),
            ("aspayds-payouts", 1),
            ("aspayds-payouts", 2),
            ("other-payouts", 2)
        )
        #expect(try await stage.foreign() == [.init(partition: 2, group: "other-payouts")])
        try await stage.claim()
        #expect(try await stage.foreign() == [])
        let groups = try await stage.claims(2).map(\.group)
        #expect(groups == ["aspayds-payouts", "other-payouts", "aspayds-payouts"])
        let claim = try #require(try await stage.claims(2).last)
        #expect(claim.partitions == 3 && claim.domain == .payout && claim.owner != "w/1/00000000")
        // Once more it has nothing to do.
        try await stage.claim()
        #expect(try await stage.claims(2).count == 3)
        let others = [try await stage.claims(0).count, try await stage.claims(1).count]
        #expect(others == [1, 2])
        await stage.close()
    }

    /// A claim would hide that references have moved.
    @Test func anotherNumberOfPartitionsIsNotHidden() async throws {
        let stage = try Stage()
        try await stage.write(("other-payouts", 1), count: 2)
        let told = await stage.failure()
        #expect(told?.contains("has 3 partitions, and had 2 when t.payout.ledger/1") == true)
        #expect(try await stage.claims(1).count == 1)
        await stage.close()
        let grown = try Stage(commands: 4)
        let uneven = await grown.failure()
        #expect(uneven == "t.payout.ledger has 3 partitions and t.payout.commands has 4")
        await grown.close()
    }

    @Test func aClaimThatCannotBeReadIsNamed() async throws {
        let stage = try Stage()
        let claim = Message(
            topic: stage.topics.payoutLedger,
            partition: 1,
            key: Array("claim/w/1".utf8),
            value: Array("?".utf8)
        )
        for report in await stage.producer.send([claim]) { _ = try report.get() }
        #expect(await stage.failure() == "t.payout.ledger/1/0 cannot be read")
        await stage.close()
    }

    @Test func whatIsMissingIsNamed() {
        func message(_ arguments: String...) -> String {
            do {
                _ = try LedgerCommand.Claim.parse(arguments)
                return ""
            } catch { return LedgerCommand.Claim.message(for: error) }
        }
        #expect(message().contains("say payments or payouts"))
        #expect(message("refunds").contains("\"refunds\": must be payments or payouts"))
        #expect(message("payouts", "payments").contains("unexpected argument \"payments\""))
        #expect(message("payouts", "--yes") == "")
    }
}

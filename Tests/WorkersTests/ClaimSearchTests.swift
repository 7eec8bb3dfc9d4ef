import Aspayds
import Contract
import Kafka
import Testing

@testable import Workers

/// The latest claim of a ledger is found, however far back it stands.
@Suite(.timeLimit(.minutes(1))) struct ClaimSearchTests {
    private func claim(_ partitions: Int) -> Message {
        let claim = LedgerRecord.Claim(
            domain: .payout,
            group: "g",
            owner: "w",
            number: 1,
            partitions: partitions,
            at: 1
        )
        return message(LedgerRecord.claim(claim).encoded(), partition: 0)
    }

    private func message(_ record: EncodedRecord, partition: Int32) -> Message {
        Message(
            topic: "ledger",
            partition: partition,
            value: record.value,
            headers: record.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }

    /// What is found in a ledger with these messages, and in an empty one beside it: how many
    /// partitions the claims name.
    private func found(_ messages: [Message], low: Int64 = 0) async throws -> [Int32: Int] {
        let cluster = try EmbeddedCluster()
        defer { cluster.close() }
        try cluster.createTopic("ledger", partitions: 2)
        let kafka = KafkaConfiguration(properties: [
            "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
        ])
        let producer = try Producer(kafka) { error in Issue.record("\(error)") }
        for report in await producer.send(messages) { _ = try report.get() }
        await producer.close(timeout: .seconds(5))
        let restorer = LedgerRestorer(topic: "ledger", group: "g", kafka: kafka)
        return try await ClaimSearch(restorer: restorer, firstSize: 10)
            .claims(in: [0: (low, Int64(messages.count)), 1: (0, 0)]).mapValues(\.partitions)
    }

    private func others(_ count: Int) -> [Message] {
        let record = LedgerRecord.intent(Self.intent).encoded()
        return Array(repeating: message(record, partition: 0), count: count)
    }

    private static let intent = LedgerRecord.Intent(
        domain: .payout,
        reference: "WD-1",
        attempt: 1,
        fingerprint: Fingerprint(PayoutCommand(order: order)),
        sequence: 0,
        group: "g",
        owner: "w",
        number: 2,
        at: 1,
        command: Event.Origin(
            id: "c",
            source: CommandSource(topic: "commands", partition: 0, offset: 0)
        ),
        offset: 0,
        order: OrderDetails(amount: order.amount)
    )

    private static let order = PayoutOrder(
        transactionReference: "WD-1",
        payoutMethodID: 1,
        amount: Amount(thousandths: 1000),
        recipientName: "n",
        recipientAccount: "12345678"
    )

    /// Around the borders of what is read at once: 10 records, then 100, then 1,000.
    @Test(arguments: [0, 9, 10, 11, 109, 110, 111, 500])
    func theLatestCounts(_ later: Int) async throws {
        let messages = [claim(4)] + others(20) + [claim(8)] + others(later)
        #expect(try await found(messages) == [0: 8])
    }

    @Test func theOldestRecordMayBeIt() async throws {
        #expect(try await found([claim(4)] + others(120)) == [0: 4])
    }

    @Test func whereThereIsNoneNoneIsFound() async throws {
        #expect(try await found(others(120)) == [:])
        #expect(try await found([claim(4)] + others(5), low: 1) == [:])
    }
}

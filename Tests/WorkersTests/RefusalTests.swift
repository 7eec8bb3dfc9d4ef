import Contract
import Kafka
import Sandbox
import Testing

@testable import Workers

/// A worker does not start on a ledger that cannot be trusted.
@Suite(.serialized) struct RefusalTests {
    @Test func otherNumbersOfPartitions() async throws {
        try await Stage.with(ledgerPartitions: 3) { stage in
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("has 3 partitions and"))
        }
    }

    @Test func anotherNumberThanBefore() async throws {
        try await Stage.with { stage in
            try await stage.commit(0, metadata: "ledger_end=0 partitions=4")
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("has 2 partitions, and had 4"))
        }
    }

    /// The offsets of a group expire, or are set anew; the ledger of one partition knows better, and
    /// nothing is sent from any other.
    @Test(arguments: [nil, 0] as [Int64?])
    func anotherNumberThanOnlyALedgerKnows(_ committed: Int64?) async throws {
        try await Stage.with { stage in
            let claim = LedgerRecord.Claim(
                domain: .payout,
                group: "g",
                owner: "before",
                number: 1,
                partitions: 4,
                at: 1
            )
            let place = 1 - stage.home("WD-1")
            try await stage.write(
                LedgerRecord.claim(claim).encoded(),
                topic: stage.topics.payoutLedger,
                partition: place
            )
            if let committed { try await stage.commit(committed, metadata: nil) }
            let producer = try Producer(stage.kafka) { _ in }
            _ = await producer.send([stage.command("WD-1")])
            await producer.close(timeout: .seconds(5))
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("has 2 partitions, and had 4"))
            #expect(refusal.description.contains("payout.ledger/\(place) was last claimed"))
            #expect(stage.sandbox.executions.isEmpty)
        }
    }

    @Test func aLedgerThatIsGone() async throws {
        try await Stage.with(ledgerPartitions: 0) { stage in
            try await stage.commit(5, metadata: nil)
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("payout.ledger does not exist"))
        }
    }

    @Test func aLedgerThatHasLostItsEnd() async throws {
        try await Stage.with { stage in
            let producer = try Producer(stage.kafka) { _ in }
            _ = await producer.send([
                stage.command("WD-1", partition: 1), stage.command("WD-2", partition: 1),
                Message(topic: stage.topics.payoutLedger, partition: 1, value: [1]),
            ])
            await producer.close(timeout: .seconds(5))
            try await stage.commit(1, partition: 1, metadata: "ledger_end=2 partitions=2")
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("payout.ledger/1 ends at offset 1"))
            #expect(stage.sandbox.executions.isEmpty)
        }
    }
}

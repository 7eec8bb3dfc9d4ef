import Aspayds
import Contract
import Engine
import Kafka
import Sandbox
import Testing

@testable import Workers

/// A worker in this process, on the embedded Kafka, against the sandbox.
@Suite(.serialized) struct CommandWorkerTests {
    @Test func aRestartAnswersFromTheLedger() async throws {
        try await Stage.with { stage in
            let first = try await stage.work { producer in
                _ = await producer.send([stage.command("WD-1"), stage.command("WD-2")])
                return try await stage.events(2)
            }
            #expect(Set(first.map(\.kind)) == [.requested])
            // The same order again, in other letters, and another one under its reference.
            let all = try await stage.work { producer in
                _ = await producer.send([stage.command("wd-1"), stage.command("WD-2", amount: 600)])
                return try await stage.events(4)
            }
            #expect(stage.sandbox.executions.count == 2)
            let ids = all.filter { $0.kind == .requested && $0.reference == "WD-1" }.map(\.id)
            #expect(ids == ["payout/WD-1/requested/1", "payout/WD-1/requested/1"])
            let conflict = try #require(all.first { $0.kind == .refused })
            #expect(conflict.reason?.code == "reference_conflict" && conflict.status == "accepted")
        }
    }

    @Test func whatIsOpenIsWrittenAgainAsItStands() async throws {
        try await Stage.with { stage in
            let outcomes = try await stage.work(repetition: .seconds(1)) { producer in
                _ = await producer.send([stage.command("WD-1")])
                var outcomes: [LedgerRecord.Outcome] = []
                var count = 1
                while outcomes.count < 2, !Task.isCancelled {
                    let records = try await stage.records(count, in: stage.topics.payoutLedger)
                    count = records.count + 1
                    outcomes = try records.compactMap { record in
                        let value = record.withValue { $0.map { [UInt8]($0) } ?? [] }
                        let read = try value.withUnsafeBytes { try LedgerRecord(value: $0) }
                        return if case .outcome(let outcome) = read { outcome } else { nil }
                    }
                }
                return outcomes
            }
            let first = try #require(outcomes.first)
            var again = try #require(outcomes.dropFirst().first)
            #expect(again.at > first.at && again.number > first.number)
            (again.at, again.number) = (first.at, first.number)
            #expect(again == first && first.state == .accepted)
            #expect(first.order?.maskedAccount == "****5678")
            // There was no event in that, and the answer is still there.
            let events = try await stage.work { producer in
                _ = await producer.send([stage.command("WD-1")])
                return try await stage.events(2)
            }
            #expect(events.map(\.kind) == [.requested, .requested])
            #expect(Set(events.map(\.id)).count == 1)
        }
    }

    @Test func anOpenIntentIsLookedUpAndNotSentAgain() async throws {
        try await Stage.with { stage in
            // What a worker leaves behind that was killed after its POST.
            let home = HomePartition.of("WD-1", partitions: 2)
            let command = PayoutCommand(
                order: PayoutOrder(
                    transactionReference: "WD-1",
                    payoutMethodID: 1,
                    amount: Amount(thousandths: 500_000),
                    recipientName: "Rahim",
                    recipientAccount: "01712345678"
                )
            )
            let intent = LedgerRecord.intent(
                LedgerRecord.Intent(
                    domain: .payout,
                    reference: "WD-1",
                    attempt: 1,
                    fingerprint: Contract.Fingerprint(command),
                    sequence: 0,
                    group: "g",
                    owner: "killed",
                    number: 1,
                    at: 0,
                    command: Event.Origin(
                        id: "x",
                        source: CommandSource(
                            topic: stage.topics.payoutCommands,
                            partition: home,
                            offset: 0
                        )
                    ),
                    offset: 0,
                    order: OrderDetails(
                        amount: command.order.amount,
                        payoutMethodID: 1,
                        recipientAccount: "01712345678"
                    )
                )
            )
            let producer = try Producer(stage.kafka) { _ in }
            let record = intent.encoded()
            _ = await producer.send([
                Message(
                    topic: stage.topics.payoutLedger,
                    partition: home,
                    key: record.key,
                    value: record.value
                ), stage.command("WD-1"),
            ])
            await producer.close(timeout: .seconds(5))
            let receipt = try await stage.client().requestPayout(command.order)

            let events = try await stage.work { _ in try await stage.events(2) }
            #expect(events.map(\.kind) == [.inDoubt, .requested])
            #expect(events.last?.providerID == receipt.payoutID)
            #expect(stage.sandbox.executions.count == 1)
        }
    }
}

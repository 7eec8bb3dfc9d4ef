import Aspayds
import Contract
import Engine
import Kafka
import Sandbox
import Testing

@testable import Workers

/// Where going on could lose a command or pay twice, one partition stops; the others go on.
@Suite(.serialized) struct StoppingTests {
    /// What stands where the ledger knows another order.
    enum Other: CaseIterable {
        case order
        case check
        case nothingReadable
    }

    /// Two references of one home, and one of the other.
    private func references(_ stage: Stage) throws -> (known: String, next: String, away: String) {
        let names = (1...20).map { "WD-\($0)" }
        let home = stage.home(names[0])
        let next = try #require(names.dropFirst().first { stage.home($0) == home })
        let away = try #require(names.first { stage.home($0) != home })
        return (names[0], next, away)
    }

    private func record(_ other: Other, _ reference: String, _ stage: Stage) -> Message {
        var message = stage.command(reference, amount: 600)
        switch other {
        case .order: break
        case .check:
            message.headers = [
                Header(name: "ce_type", value: Array("aspayds.payout.check".utf8)),
                Header(name: "ce_specversion", value: Array("1.0".utf8)),
                Header(name: "ce_id", value: Array("1".utf8)),
                Header(name: "ce_source", value: Array("/test".utf8)),
            ]
            message.value = Array(#"{"transaction_reference":"\#(reference)"}"#.utf8)
        case .nothingReadable: message.value = Array("?".utf8)
        }
        return message
    }

    /// An order of 500 under the reference, at the beginning of its home partition.
    private func intent(_ reference: String, _ stage: Stage) -> LedgerRecord {
        let order = PayoutOrder(
            transactionReference: reference,
            payoutMethodID: 1,
            amount: Amount(thousandths: 500_000),
            recipientName: "Rahim",
            recipientAccount: "01712345678"
        )
        let source = CommandSource(
            topic: stage.topics.payoutCommands,
            partition: stage.home(reference),
            offset: 0
        )
        return .intent(
            LedgerRecord.Intent(
                domain: .payout,
                reference: reference,
                attempt: 1,
                fingerprint: Contract.Fingerprint(PayoutCommand(order: order)),
                sequence: 0,
                group: "g",
                owner: "before",
                number: 1,
                at: 1,
                command: Event.Origin(id: source.description, source: source),
                offset: 0,
                order: OrderDetails(amount: order.amount)
            )
        )
    }

    /// Works what is there until a partition is stopped, then what comes later in both.
    private func work(
        _ stage: Stage,
        _ message: Message,
        _ names: (known: String, next: String, away: String)
    ) async throws {
        let home = stage.home(names.known)
        let producer = try Producer(stage.kafka) { _ in }
        _ = await producer.send([message, stage.command(names.next)])
        await producer.close(timeout: .seconds(5))
        try await stage.work { producer in
            while !stage.readiness.isSet("payouts partition \(home)"), !Task.isCancelled {
                _ = try await stage.records(1, in: stage.topics.payoutLedger)
            }
            _ = await producer.send([
                stage.command(names.next, amount: 700), stage.command(names.away),
            ])
            var events: [Event] = []
            while !events.contains(where: { $0.reference == names.away }), !Task.isCancelled {
                events = try await stage.events(events.count + 1)
            }
            #expect(stage.readiness.isSet("payouts partition \(home)"))
        }
        #expect(stage.sandbox.executions.map(\.reference) == [names.away])
        #expect(try await stage.committed(partition: home) ?? 0 == 0)
        #expect(try await stage.committed(partition: 1 - home) == 1)
    }

    @Test(.timeLimit(.minutes(1)), arguments: Other.allCases)
    func whatIsNotTheOrderOfTheLedgerIsNotPassed(_ other: Other) async throws {
        try await Stage.with { stage in
            let names = try references(stage)
            try await stage.write(
                intent(names.known, stage).encoded(),
                topic: stage.topics.payoutLedger,
                partition: stage.home(names.known)
            )
            try await work(stage, record(other, names.known, stage), names)
        }
    }

    /// Commands may be deleted that were not read yet.
    @Test(.timeLimit(.minutes(1)))
    func aPositionThatIsNotInTheLogAnyMoreStopsItsPartition() async throws {
        try await Stage.with { stage in
            let names = try references(stage)
            let partitions = [0, 1].map { "payouts partition \($0)" }
            try await stage.work { producer in
                _ = await producer.send([stage.command(names.known)])
                _ = try await stage.events(1)
                let outOfRange = KafkaError.Code.offsetOutOfRange
                try stage.cluster.pushErrors(.fetch, Array(repeating: outOfRange, count: 8))
                while !partitions.allSatisfy(stage.readiness.isSet), !Task.isCancelled {
                    _ = try await stage.committed(partition: 0)
                }
                try stage.cluster.clearErrors(.fetch)
                _ = await producer.send([stage.command(names.next), stage.command(names.away)])
                // Nothing tells that nothing happens: the group would have been told meanwhile.
                _ = try await stage.committed(partition: 0)
            }
            #expect(stage.sandbox.executions.map(\.reference) == [names.known])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aLedgerThatCannotBeReadStopsItsPartition() async throws {
        try await Stage.with { stage in
            let names = try references(stage)
            let scrawl = EncodedRecord(key: nil, value: Array("?".utf8), headers: [])
            let home = stage.home(names.known)
            try await stage.write(scrawl, topic: stage.topics.payoutLedger, partition: home)
            try await work(stage, stage.command(names.known), names)
        }
    }
}

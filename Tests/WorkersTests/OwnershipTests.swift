import Aspayds
import Contract
import Engine
import Kafka
import Sandbox
import Testing

@testable import Workers

/// Commands find their home, operators their references, and deployments do not share a ledger.
@Suite(.serialized) struct OwnershipTests {
    @Test func aStrayIsForwardedOnceAndKnownByWhereItWasReadFirst() async throws {
        try await Stage.with { stage in
            let away = 1 - stage.home("WD-1")
            let events = try await stage.work { producer in
                _ = await producer.send([stage.command("WD-1", partition: away)])
                return try await stage.events(1)
            }
            let event = try #require(events.first)
            #expect(event.kind == .requested && event.command?.source.partition == away)
            #expect(stage.sandbox.executions.count == 1)
            let commands = try await stage.records(2, in: stage.topics.payoutCommands)
            let copy = try #require(commands.first { $0.partition != away })
            let source = "\(stage.topics.payoutCommands)/\(away)/0"
            #expect(copy.headers == [Header(name: Forward.header, value: Array(source.utf8))])
            let original = try #require(commands.first { $0.partition == away })
            let value = original.withValue { Array($0 ?? .init(start: nil, count: 0)) }
            #expect(copy.withValue { $0.map { Array($0) } } == value)
        }
    }

    @Test func whatWasForwardedAndIsNotAtHomeIsDeadLettered() async throws {
        try await Stage.with { stage in
            let away = 1 - stage.home("WD-1")
            var command = stage.command("WD-1", partition: away)
            let origin = "\(stage.topics.payoutCommands)/0/7"
            command.headers = [Header(name: Forward.header, value: Array(origin.utf8))]
            let message = command
            let letters = try await stage.work { producer in
                _ = await producer.send([message])
                return try await stage.records(1, in: stage.topics.deadLetters)
            }
            let reason = letters.first?.headers.first { $0.name == "dead_letter_reason" }
            #expect(reason?.value == Array("misplaced".utf8))
            #expect(stage.sandbox.executions.isEmpty)
        }
    }

    /// What the ledger says of a payout that was given up for a person to decide.
    private func review(_ reference: String, _ stage: Stage) throws -> LedgerRecord {
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
        var outcome = LedgerRecord.Outcome(
            domain: .payout,
            reference: reference,
            attempt: 1,
            fingerprint: Contract.Fingerprint(PayoutCommand(order: order)),
            command: Event.Origin(id: source.description, source: source),
            offset: 0,
            state: .review,
            sequence: 2,
            owner: "before",
            number: 2,
            at: 1
        )
        outcome.since = 1
        outcome.order = OrderDetails(
            amount: order.amount,
            payoutMethodID: 1,
            recipientAccount: order.recipientAccount
        )
        return .outcome(outcome)
    }

    private func decide(
        _ reference: String,
        _ verdict: Decision.Verdict,
        _ stage: Stage
    )
        async throws
    {
        let order = ReviewOrder(
            domain: .payout,
            reference: reference,
            attempt: 1,
            verdict: verdict,
            by: "nadia",
            why: "not in the statement",
            providerID: verdict == .done ? "ATPAY9" : nil,
            at: Clock.now.wallClock
        )
        try await stage.write(order.encoded(), topic: stage.topics.workerControl, partition: 0)
    }

    /// The owner before may have gone on writing until our claim.
    @Test(.timeLimit(.minutes(1)), arguments: ["before", "test"])
    func whatIsWrittenBetweenTheRestoreAndTheClaimIsSaid(owner: String) async throws {
        try await Stage.with { stage in
            let home = stage.home("WD-1")
            guard case .outcome(var outcome) = try review("WD-1", stage) else { return }
            outcome.isUnannounced = true
            outcome.owner = owner
            let claim = LedgerRecord.Claim(
                domain: .payout,
                group: "g",
                owner: owner,
                number: 1,
                partitions: 2,
                at: 1
            )
            let ledger = stage.topics.payoutLedger
            let record = LedgerRecord.outcome(outcome).encoded()
            try await stage.write(
                LedgerRecord.claim(claim).encoded(),
                topic: ledger,
                partition: home
            )
            let producer = try Producer(stage.kafka) { _ in }
            _ = await producer.send([stage.command("WD-1")])
            await producer.close(timeout: .seconds(5))
            try await stage.commit(1, partition: home, metadata: nil)
            // No fence holds, and so nothing is claimed: the offset's metadata is too large.
            try stage.cluster.pushErrors(.offsetCommit, Array(repeating: 12, count: 1000))
            let events = try await stage.work { _ in
                while stage.readiness.isSet("payouts"), !Task.isCancelled {
                    _ = try await stage.records(1, in: ledger)
                }
                try await stage.write(record, topic: ledger, partition: home)
                try stage.cluster.clearErrors(.offsetCommit)
                return try await stage.events(1)
            }
            #expect(events.map(\.kind) == [.needsReview])
        }
    }

    @Test(arguments: [Decision.Verdict.release, .done])
    func anOperatorDecidesOnceHoweverOftenItIsHeard(_ verdict: Decision.Verdict) async throws {
        try await Stage.with { stage in
            let home = stage.home("WD-1")
            let record = try review("WD-1", stage).encoded()
            try await stage.write(record, topic: stage.topics.payoutLedger, partition: home)
            let producer = try Producer(stage.kafka) { _ in }
            _ = await producer.send([stage.command("WD-1")])
            await producer.close(timeout: .seconds(5))
            try await decide("WD-1", verdict, stage)
            let events = try await stage.work { _ in
                var events: [Event] = []
                while !events.contains(where: { $0.kind == .requested }), !Task.isCancelled {
                    events = try await stage.events(events.count + 1)
                }
                return events
            }
            let event = try #require(events.first { $0.kind == .requested })
            let isRelease = verdict == .release
            #expect(event.trigger == .operator && event.attempt == (isRelease ? 2 : 1))
            #expect(event.reason?.code == (isRelease ? "released" : "closed"))
            #expect(event.reason?.message == "by nadia: not in the statement")
            if !isRelease { #expect(event.providerID == "ATPAY9") }
            #expect(stage.sandbox.executions.count == (isRelease ? 1 : 0))

            // The order is heard again at the next start, and another one behind it.
            try await stage.work(owner: "next") { producer in
                _ = await producer.send([stage.command("WD-2")])
                var events: [Event] = []
                while !events.contains(where: { $0.reference == "WD-2" }), !Task.isCancelled {
                    events = try await stage.events(events.count + 1)
                }
            }
            let all = stage.sandbox.executions.map(\.reference)
            #expect(all.filter { $0 == "WD-1" }.count == (isRelease ? 1 : 0))
            let ledger = try await stage.records(8, in: stage.topics.payoutLedger)
            let deciders = ledger.compactMap { record -> String? in
                guard
                    case .outcome(let outcome)? = record.withValue({ value in
                        value.flatMap { try? LedgerRecord(value: $0) }
                    })
                else { return nil }
                return outcome.decision?.by
            }
            #expect(Set(deciders) == ["nadia"])
        }
    }

    /// A fence that the group refuses because it does not know the member any more.
    @Test func whoIsExpelledHandsNothingOver() async throws {
        try await Stage.with { stage in
            let events = try await stage.work { producer in
                _ = await producer.send([stage.command("WD-1")])
                _ = try await stage.events(1)
                try stage.cluster.pushErrors(.offsetCommit, [KafkaError.Code.unknownMember])
                _ = await producer.send([stage.command("WD-2")])
                return try await stage.events(2)
            }
            // Its intent stands, and whoever is assigned next cannot know that it was not sent.
            let second = events.filter { $0.reference == "WD-2" }
            #expect(second.map(\.kind) == [.inDoubt])
            #expect(stage.sandbox.executions.count == 1)
        }
    }

    @Test func anotherGroupsClaimEndsTheWorker() async throws {
        try await Stage.with { stage in
            let claim = LedgerRecord.claim(
                LedgerRecord.Claim(
                    domain: .payout,
                    group: "other",
                    owner: "elsewhere",
                    number: 1,
                    partitions: 2,
                    at: 1
                )
            )
            try await stage.write(claim.encoded(), topic: stage.topics.payoutLedger, partition: 1)
            let refusal = try #require(await stage.refusal())
            #expect(refusal.description.contains("payout.ledger/1 is claimed by the group other"))
            #expect(refusal.description.contains("to the group g:"))
        }
    }
}

/// What operators have ordered is kept, and not without bound.
@Suite struct ReviewOrdersTests {
    private func order(_ attempt: Int) -> ReviewOrder {
        ReviewOrder(
            domain: .payout,
            reference: "WD-1",
            attempt: attempt,
            verdict: .release,
            by: "a",
            why: "b",
            at: 0
        )
    }

    @Test func theNewestAreKept() {
        var orders = ReviewOrders(limit: 10)
        let news = ([1, 1] + Array(2...12)).map { orders.insert(order($0)) }
        #expect(news == [true, false] + Array(repeating: true, count: 11))
        #expect(orders.all.map(\.attempt) == Array(3...12))
        #expect(orders[order(1).number] == nil && orders[order(12).number]?.attempt == 12)
    }
}

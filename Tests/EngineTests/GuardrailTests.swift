import Testing

@testable import Engine

/// What is too much to be sent without a person is held, released and closed (DESIGN.md §5).
@Suite struct GuardrailTests {
    private static let limited = EngineSettings(
        rateLimit: 1000,
        maxInFlight: 100,
        maxAmount: 500,
        dailyLimit: 1000
    )
    private static let day: Int64 = 86_400_000

    private func order(_ reference: UInt64, _ amount: Int64, notAfter: Int64? = nil) -> Order {
        var order = EngineTests.order(reference, notAfter: notAfter)
        order.amount = amount
        return order
    }

    private func entry(
        _ reference: UInt64,
        at offset: Int64,
        attempt: Int = 1,
        _ state: LedgerState,
        _ amount: Int64,
        ledgerOffset: Int64,
        decision: DecisionNumber? = nil
    ) -> LedgerEntry {
        var entry = EngineTests.entry(
            reference,
            at: offset,
            attempt: attempt,
            state,
            ledgerOffset: ledgerOffset,
            sequence: state == .intent ? 0 : 1,
            decision: decision
        )
        entry.amount = amount
        return entry
    }

    private func decide(
        _ verdict: ReviewDecision.Verdict,
        attempt: Int = 1,
        at: Int64 = 2_000_000
    ) -> Input {
        let decision = ReviewDecision(number: 77, attempt: attempt, verdict: verdict, at: at)
        return .decided(partition: 0, key(1), decision)
    }

    /// Sends an order, and what became of it: nil if it is held.
    private func send(
        _ script: Script,
        _ offset: Int64,
        _ order: Order,
        _ outcome: Outcome
    ) -> LedgerWrite? {
        guard let ticket = script.send(record(offset), order) else { return nil }
        return script.settle(script.step(.transmitted(ticket, outcome)))
    }

    /// An engine in which one order was held.
    private func held(notAfter: Int64? = nil) -> Script {
        let script = Script.ready(Self.limited)
        _ = script.settle(
            script.accept(script.step(received(0, order(1, 501, notAfter: notAfter))))
        )
        return script
    }

    // MARK: Holding

    @Test func aboveTheMaximumIsHeldBehindAFenceAndNotSent() {
        let script = Script.ready(Self.limited)
        #expect(script.send(record(0), order(1, 500)) != nil)
        let fence = script.step(received(1, order(2, 501)))
        #expect(fence.appends.isEmpty && fence.publications.isEmpty)
        #expect(script.settle(script.accept(fence))?.said == Said(1, .held, 1))
        #expect(script.summary.inReview.count == 1 && script.summary.unfinished == 1)
    }

    @Test func theDayIsFullAndTheNextIsNot() {
        let script = Script.ready(Self.limited)
        for offset: Int64 in 0..<2 {
            #expect(send(script, offset, order(UInt64(offset), 500), .accepted)?.state == .accepted)
        }
        let held = script.settle(script.accept(script.step(received(2, order(2, 1)))))
        #expect(held?.state == .held)
        script.accept(script.pass(.seconds(86_400)))
        #expect(send(script, 3, order(3, 500), .accepted)?.state == .accepted)
    }

    /// An intent that Kafka has not taken is offered again on a day that is full already.
    @Test func whatIsOfferedAgainOnAnotherDayIsJudgedAnew() throws {
        let script = Script.ready(Self.limited)
        script.accept(script.pass(.milliseconds(Self.day - 500 - script.now.wallClock)))
        let lost = try #require(script.step(received(0, order(1, 300))).appends.first)
        script.step(.appended(lost.ticket, offset: nil))
        script.pass(.milliseconds(600))
        for offset: Int64 in 1..<3 {
            let sent = send(script, offset, order(UInt64(offset) + 1, 400), .accepted)
            #expect(sent?.state == .accepted)
        }
        let again = script.pass(.seconds(1))
        #expect(again.appends.isEmpty)
        let held = script.settle(script.accept(again))
        #expect(held?.said == Said(1, .held, 1))
        // Of the day, 200 are left.
        #expect(send(script, 3, order(4, 200), .accepted)?.state == .accepted)
    }

    @Test func eachPartitionHasItsPart() {
        var settings = Self.limited
        settings.partitionCount = 2
        settings.maxAmount = nil
        let script = Script.ready(settings)
        #expect(script.send(record(0), order(1, 500)) != nil)
        #expect(script.send(record(1), order(2, 1)) == nil)
    }

    @Test func whatCameToNothingIsNotCounted() {
        let script = Script.ready(Self.limited)
        #expect(send(script, 0, order(1, 500), .accepted)?.state == .accepted)
        #expect(send(script, 1, order(2, 500), .refused)?.state == .refused)
        #expect(send(script, 2, order(3, 500), .inDoubt(.providerFailed))?.state == .inDoubt)
        // 500 are paid out and 500 may be.
        #expect(script.send(record(3), order(4, 1)) == nil)
    }

    @Test func theNextOwnerCountsWhatTheLedgerSays() {
        let ledger = [
            entry(1, at: 0, .intent, 400, ledgerOffset: 0),
            // Offered to Kafka twice.
            entry(1, at: 0, .intent, 400, ledgerOffset: 1),
            entry(1, at: 0, .accepted, 0, ledgerOffset: 2),
            entry(2, at: 1, .intent, 400, ledgerOffset: 3),
            entry(2, at: 1, .refused, 0, ledgerOffset: 4),
        ]
        .map { entry in
            var entry = entry
            entry.at = 900_000
            return entry
        }
        let script = Script.ready(Self.limited, start: 2, ledger: ledger)
        #expect(send(script, 2, order(3, 500), .accepted)?.state == .accepted)
        let held = script.settle(script.accept(script.step(received(3, order(4, 101)))))
        #expect(held?.state == .held)
        #expect(script.send(record(4), order(5, 100)) != nil)
    }

    @Test func aSlowClockDoesNotBeginTheDayAgain() {
        var total = DailyTotal()
        total.add(700, at: Self.day)
        total.add(200, at: Self.day - 1)
        #expect(total.amount(at: Self.day - 1) == 900)
        total.takeBack(200, from: Self.day - 1)
        #expect(total.amount(at: Self.day) == 900)
        total.takeBack(700, from: Self.day)
        #expect(total.amount(at: Self.day) == 200)
        total.add(.max, at: Self.day)
        #expect(total.amount(at: Self.day) == .max)
        #expect(total.amount(at: 2 * Self.day) == 0)
    }

    // MARK: Deciding

    @Test func aReleaseSendsItWhateverTheLimitsSay() throws {
        let script = held()
        let approving = script.step(decide(.release))
        #expect(approving.appends.map(\.write.said) == [Said(1, .approved, 1)])
        #expect(approving.appends.first?.write.decision == 77)
        let approval = try #require(approving.appends.first)
        let intent = try #require(script.step(script.stored(approval.ticket)).appends.first)
        #expect(intent.write.said == Said(2, .intent, 1) && intent.write.decision == 77)
        let ticket = try #require(script.fence(script.step(script.stored(intent.ticket))))
        let end = script.settle(script.step(.transmitted(ticket, .accepted)))
        #expect(end?.said == Said(2, .accepted, 2) && script.summary.inReview.count == 0)
        // Heard again, it does nothing.
        #expect(script.step(decide(.release)).appends.isEmpty)
    }

    @Test func aRefusalOfWhatWasReleasedIsAnEnd() throws {
        let script = held()
        let approval = try #require(script.step(decide(.release)).appends.first)
        let intent = try #require(script.step(script.stored(approval.ticket)).appends.first)
        let ticket = try #require(script.fence(script.step(script.stored(intent.ticket))))
        #expect(script.settle(script.step(.transmitted(ticket, .refused)))?.state == .refused)
    }

    @Test func isReleasedTooLate() throws {
        let script = held(notAfter: 1_500_000)
        script.accept(script.pass(.seconds(2000)))
        let approval = try #require(script.step(decide(.release, at: 3_000_000)).appends.first)
        let fence = script.step(script.stored(approval.ticket))
        #expect(script.settle(script.accept(fence))?.said == Said(2, .expired, 2))
    }

    @Test(arguments: [
        (ReviewDecision.Verdict.done, LedgerState.accepted), (.notDone, .refused),
    ])
    func isClosedByHand(verdict: ReviewDecision.Verdict, end: LedgerState) {
        let script = held()
        #expect(script.settle(script.step(decide(verdict)))?.said == Said(1, end, 2))
        #expect(script.summary.inReview.count == 0 && script.summary.unfinished == 0)
    }

    @Test func aDecisionAboutAnotherAttemptOrFromBeforeIsNotMeant() {
        let script = held()
        #expect(script.step(decide(.release, attempt: 2)).appends.isEmpty)
        #expect(script.step(decide(.release, at: 999_999)).appends.isEmpty)
    }

    @Test func isAnsweredAgainAndNotSentByItsCommand() {
        let script = held()
        let again = script.step(received(1, order(1, 501)))
        guard case .replay(let write, _)? = again.publications.first?.publication else {
            Issue.record("not answered: \(again)")
            return
        }
        #expect(write.state == .held && again.appends.isEmpty)
    }

    // MARK: The next owner

    @Test func staysHeldForTheNextOwner() {
        let script = Script.ready(
            Self.limited,
            start: 1,
            ledger: [entry(1, at: 0, .held, 501, ledgerOffset: 0)]
        )
        #expect(script.summary.inReview.count == 1 && script.summary.unfinished == 0)
        #expect(script.disputed(1) == Followed(record: record(0), ledgerOffset: 0))
        #expect(script.step(decide(.release)).appends.map(\.write.state) == [.approved])
    }

    @Test func isSentByTheNextOwnerOnceItIsApproved() throws {
        let script = Script(Self.limited)
        let begun = script.assign(
            0,
            start: 1,
            ledger: [
                entry(1, at: 0, .held, 501, ledgerOffset: 0),
                entry(1, at: 0, .approved, 501, ledgerOffset: 1, decision: 77),
            ]
        )
        let intent = try #require((begun + script.pass(.seconds(1))).appends.first)
        #expect(intent.write.said == Said(2, .intent, 1))
    }

    @Test func aDrainLeavesTheApprovalToTheNextOwner() throws {
        let script = held()
        let approval = try #require(script.step(decide(.release)).appends.first)
        let intent = try #require(script.step(script.stored(approval.ticket)).appends.first)
        script.step(script.stored(intent.ticket))
        // The intent stands, and its fence is not answered.
        #expect(script.step(.revoking([0])).appends.map(\.write.said) == [Said(2, .approved, 1)])
    }
}

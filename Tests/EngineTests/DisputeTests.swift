import Testing

@testable import Engine

/// A person decides about what was accepted and then disputed, or overdue.
@Suite struct DisputeTests {
    /// A reference that was disputed long ago.
    private func dispute(_ state: LedgerState = .disputed) -> Script {
        Script.ready(start: 1, ledger: [entry(1, at: 0, state)])
    }

    private func decide(
        _ verdict: ReviewDecision.Verdict,
        attempt: Int = 1,
        at: Int64 = 950_000
    ) -> Input {
        let decision = ReviewDecision(number: 77, attempt: attempt, verdict: verdict, at: at)
        return .decided(partition: 0, key(1), decision)
    }

    @Test(arguments: [LedgerState.disputed, .overdue])
    func theVerdictIsRecordedSaidAndMarked(state: LedgerState) {
        for (verdict, end) in [
            (ReviewDecision.Verdict.done, LedgerState.completed), (.notDone, .cancelled),
        ] {
            let script = dispute(state)
            #expect(script.disputed(1)?.record == record(0))
            let settled = script.settle(script.step(decide(verdict)))
            #expect(settled?.state == end && settled?.decision == 77)
            #expect(script.disputed(1) == nil && script.summary.unfinished == 0)
            // Heard again, it does nothing.
            #expect(script.step(decide(verdict)).appends.isEmpty)
        }
    }

    @Test func nothingLetsItBeSentAgain() {
        let script = dispute()
        #expect(script.step(decide(.release)).appends.isEmpty)
        #expect(script.disputed(1) != nil)
    }

    @Test func anOtherAttemptOrAnEarlierDisputeIsNotMeant() {
        let script = dispute()
        #expect(script.step(decide(.done, attempt: 2)).appends.isEmpty)
        #expect(script.step(decide(.done, at: entry(1, at: 0, .disputed).at - 1)).appends.isEmpty)
    }

    @Test func whatIsNotDisputedIsNotDecided() {
        let script = dispute(.completed)
        #expect(script.step(decide(.notDone)).appends.isEmpty)
    }

    @Test func waitsForWhatIsBeingSaidOfTheReference() throws {
        let script = Script.ready(start: 0, ledger: [entry(1, at: 0, .disputed)])
        // The command is read again and answered again.
        let again = try #require(script.step(received(0, order(1))).publications.first)
        #expect(script.step(decide(.done)).appends.isEmpty)
        let closing = script.step(.published(again.ticket, acknowledged: true))
        #expect(script.settle(closing)?.state == .completed)
    }

    // MARK: The same finding again

    /// Hints at a reference whose end is known, or for a person to find; what follows its poll.
    private func look(_ script: Script, _ sighting: Sighting, at offset: Int64) throws -> [Effect] {
        var effects = script.step(.received(record(offset), .hint(key(1), .webhook)))
        if effects.polls.isEmpty {
            effects = script.passUntil(.seconds(90)) { ![$0].polls.isEmpty }
        }
        let poll = try #require(effects.polls.first)
        return script.step(.polled(poll.number, [record(0): sighting], failure: nil))
    }

    @Test func hintsDoNotRepeatAnOpenDispute() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .disputed, finding: 9)])
        for offset in 1...20 as ClosedRange<Int64> {
            #expect(try look(script, .differs(9), at: offset).appends.isEmpty)
        }
        #expect(script.summary.unfinished == 0)
        // Something else is news.
        let other = try look(script, .differs(8), at: 21)
        #expect(other.appends.map(\.write.said) == [Said(1, .disputed, 2)])
        #expect(other.appends.first?.write.finding == 8)
        #expect(script.settle(other) != nil)
        for finding in [9, 8] as [FindingNumber] {
            let offset = 30 + Int64(finding)
            #expect(try look(script, .differs(finding), at: offset).appends.isEmpty)
        }
    }

    /// An order of which something else is said than was asked for, and than what it ended with.
    private static let findings: [Sighting] = [.differs(9), .status(.rejected)]

    @Test(arguments: findings)
    func whatAPersonHasClosedIsNotOpenedByTheSame(finding: Sighting) throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .completed)])
        let disputed = try look(script, finding, at: 1)
        #expect(script.settle(disputed)?.said == Said(1, .disputed, 2))
        #expect(script.settle(script.step(decide(.notDone, at: 2_000_000)))?.state == .cancelled)
        #expect(try look(script, finding, at: 2).appends.isEmpty)
        #expect(try look(script, .differs(7), at: 3).appends.map(\.write.state) == [.disputed])
    }

    @Test func theNextOwnerKnowsWhatWasClosed() throws {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .disputed, ledgerOffset: 0, finding: 9),
                entry(1, at: 0, .completed, ledgerOffset: 1, sequence: 2, decision: 77),
            ]
        )
        #expect(try look(script, .differs(9), at: 1).appends.isEmpty)
        // As does one that has had the partition before.
        script.step(.revoking([0]))
        #expect(script.committedOffset() == 2)
        script.assign(0, start: 2)
        #expect(try look(script, .differs(9), at: 2).appends.isEmpty)
    }

    @Test func isKnownToWhoeverReadsTheLedgerNext() {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .disputed, ledgerOffset: 0),
                entry(1, at: 0, .completed, ledgerOffset: 1),
            ]
        )
        #expect(script.disputed(1) == nil)
    }
}

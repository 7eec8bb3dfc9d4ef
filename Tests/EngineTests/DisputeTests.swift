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
            #expect(script.disputed(1) == nil && script.summary.held == 0)
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

import Testing

@testable import Engine

/// Who writes although somebody else has claimed the ledger is late (DESIGN.md §4).
@Suite struct LateTests {
    /// Begins with an empty log position behind record 0.
    private func assign(_ log: Written...) -> (script: Script, effects: [Effect]) {
        let script = Script()
        return (script, script.assign(0, start: 1, log: log))
    }

    @Test func aLateIntentWasNeverSent() {
        let (script, effects) = assign(
            .claim(by: 1),
            .claim(by: 2),
            .record(entry(1, at: 0, .intent, by: 1))
        )
        #expect(effects.appends.isEmpty && script.summary.doubts == 0)
        let later = script.step(received(1, order(1)))
        #expect(later.appends.map(\.write.said) == [Said(1, .intent, 0)])
    }

    @Test(arguments: [LedgerState.refused, .notSent, .expired])
    func aLateWordThatNothingWasSentSaysNothing(state: LedgerState) {
        let (_, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, .intent, sequence: 0, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, state, by: 1))
        )
        #expect(effects.appends.map(\.write.said) == [Said(1, .inDoubt, 1)])
    }

    @Test(arguments: [LedgerState.accepted, .inDoubt, .review])
    func whatIsKnownIsNotErased(state: LedgerState) {
        let (script, _) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, state, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, .notSent, by: 1))
        )
        let again = script.step(received(1, order(1)))
        #expect(again.appends.isEmpty && again.transmissions.isEmpty)
        #expect(again.publications.count == 1)
    }

    @Test(arguments: [LedgerState.intent, .inDoubt, .review])
    func aLateAcceptanceSettlesWhatIsOpen(state: LedgerState) throws {
        let (script, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, state, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, .accepted, by: 1))
        )
        #expect(script.settle(effects)?.said == Said(1, .accepted, 2))
        #expect(script.summary.doubts == 0)
    }

    /// Who is late may only have told that the event of the acceptance is out.
    @Test(arguments: [LedgerState.accepted, .processing, .completed])
    func aLateAcceptanceSaysNothingOfWhatIsKnown(state: LedgerState) {
        let known = entry(1, at: 0, state, sequence: 2, by: 2, isUnannounced: true)
        let (script, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, .accepted, by: 1)),
            .claim(by: 2),
            .record(known),
            .record(entry(1, at: 0, .accepted, by: 1))
        )
        #expect(effects.appends.isEmpty)
        // What its owner has not said, perhaps, is said; nothing else.
        #expect(effects.publications.map(\.publication.said) == [Said(1, state, 2)])
        #expect(script.summary.doubts == 0)
    }

    /// An end may have been said, even where that is not on record yet.
    @Test(arguments: [LedgerState.refused, .expired])
    func aLateAcceptanceDoesNotUndoAnEnd(state: LedgerState) {
        let (_, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, .held, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, state, sequence: 2, by: 2, decision: 3, isUnannounced: true)),
            .record(entry(1, at: 0, .accepted, sequence: 2, by: 1, decision: 7))
        )
        #expect(effects.publications.map(\.publication.said) == [Said(1, state, 2)])
        #expect(effects.appends.isEmpty)
    }

    /// Only a person can have said it, who has told the owner too.
    @Test(arguments: [LedgerState.held, .approved])
    func aLateAcceptanceSaysNothingOfWhatWasNotSent(state: LedgerState) {
        let (_, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, state, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, .accepted, sequence: 2, by: 1, decision: 7))
        )
        #expect(effects.appends.allSatisfy { $0.write.state == .intent })
        #expect(effects.publications.isEmpty)
    }

    /// The latest claim was another owner's when the release and the refusal were written.
    @Test(arguments: [LedgerState.released, .refused])
    func aLateAcceptanceBeforeAPersonsWordCounts(state: LedgerState) {
        let (script, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, .review, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, .accepted, sequence: 2, by: 1)),
            .record(entry(1, at: 0, state, sequence: 2, by: 2, decision: 3, isUnannounced: true))
        )
        #expect(effects.appends.map(\.write.state) == [.accepted])
        #expect(effects.appends.map(\.write.decision) == [nil])
        #expect(script.settle(effects)?.state == .accepted)
    }

    /// Whoever hears of the end is told whose word it is.
    @Test func aLateAcceptanceByAPersonNamesTheDecision() {
        let late = Written.record(entry(1, at: 0, .accepted, sequence: 2, by: 1, decision: 7))
        let review = Written.record(entry(1, at: 0, .review, by: 1, decision: 3))
        let (_, effects) = assign(.claim(by: 1), review, .claim(by: 2), late)
        #expect(effects.appends.map(\.write.said) == [Said(1, .accepted, 2)])
        #expect(effects.appends.map(\.write.decision) == [7])
    }

    @Test func aLateAcceptanceOfAnEarlierAttemptSettlesNothing() {
        let (_, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, attempt: 2, .intent, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, attempt: 1, .accepted, by: 1))
        )
        #expect(effects.appends.map(\.write.state) == [.inDoubt])
    }

    /// It is known to be there from an attempt before, whatever became of this one.
    @Test(arguments: [LedgerState.intent, .inDoubt, .released])
    func nothingIsSentAgainAfterALateAcceptance(state: LedgerState) throws {
        let script = Script(EngineSettings(rateLimit: 1000, repostsWhenAbsent: true))
        let effects = script.assign(
            0,
            start: 1,
            log: [
                .claim(by: 1), .record(entry(1, at: 0, .inDoubt, by: 1)), .claim(by: 2),
                .record(entry(1, at: 0, .accepted, by: 1)),
                .record(entry(1, at: 0, attempt: 2, state, by: 2)),
            ]
        )
        if state != .inDoubt { #expect(script.settle(effects)?.said == Said(2, .inDoubt, 2)) }
        #expect(script.lookUntilSettled(.absent)?.state == .review)
    }

    @Test func theOwnerOfTheLatestClaimCloses() {
        let (_, effects) = assign(
            .claim(by: 1),
            .record(entry(1, at: 0, .intent, by: 1)),
            .claim(by: 2),
            .record(entry(1, at: 0, .inDoubt, by: 2)),
            .record(entry(1, at: 0, .accepted, sequence: 2, by: 2))
        )
        #expect(effects.appends.isEmpty)
    }
}

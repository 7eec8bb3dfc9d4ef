import Testing

@testable import Engine

/// A person decides what is to become of a reference in review (DESIGN.md §4, "Review").
@Suite struct DecisionTests {
    /// A reference whose review began long ago, as of its first attempt.
    private func review(_ settings: EngineSettings = Script.roomy) -> Script {
        let script = Script.ready(settings, start: 1, ledger: [entry(1, at: 0, .review)])
        _ = script.look(.absent)
        return script
    }

    private func decide(
        _ verdict: ReviewDecision.Verdict,
        of reference: UInt64 = 1,
        attempt: Int = 1,
        at: Int64 = 950_000,
        number: DecisionNumber = 77
    ) -> Input {
        let decision = ReviewDecision(number: number, attempt: attempt, verdict: verdict, at: at)
        return .decided(partition: 0, key(reference), decision)
    }

    @Test func aReleaseIsRecordedBeforeAnotherAttemptIsSent() throws {
        let script = review()
        let releasing = script.step(decide(.release))
        let release = try #require(releasing.appends.first)
        #expect(release.write.said == Said(1, .released, 1) && release.write.decision == 77)
        #expect(releasing.publications.isEmpty)
        let going = script.step(script.stored(release.ticket))
        // It has no event of its own.
        #expect(going.publications.isEmpty)
        let intent = try #require(going.appends.first)
        #expect(intent.write.said == Said(2, .intent, 1) && intent.write.decision == 77)
        let sent = try #require(script.fence(script.step(script.stored(intent.ticket))))
        let outcome = script.settle(script.step(.transmitted(sent, .accepted)))
        #expect(outcome?.said == Said(2, .accepted, 2) && outcome?.decision == 77)
        #expect(script.summary.doubts == 0)
    }

    /// Up to the doubt of the attempt that a release has let be sent.
    private func releasedIntoDoubt(_ settings: EngineSettings = Script.roomy) throws -> Script {
        let script = review(settings)
        let release = try #require(script.step(decide(.release)).appends.first)
        let intent = try #require(script.step(script.stored(release.ticket)).appends.first)
        let sent = try #require(script.fence(script.step(script.stored(intent.ticket))))
        let doubt = script.settle(script.step(.transmitted(sent, .inDoubt(.providerFailed))))
        #expect(doubt?.said == Said(2, .inDoubt, 2) && doubt?.decision == 77)
        return script
    }

    @Test(arguments: [
        (Sighting.found, LedgerState.accepted), (.mismatch, .review), (.absent, .review),
    ])
    func whatIsFoundOutOfAReleasedAttemptNamesItsRelease(
        sighting: Sighting,
        state: LedgerState
    ) throws {
        let script = try releasedIntoDoubt()
        let settled = script.lookUntilSettled(sighting)
        #expect(settled?.said == Said(2, state, 3) && settled?.decision == 77)
    }

    @Test func aDecisionThatCameTooEarlyDoesNotTakeThePlaceOfOneThatWaits() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .review)])
        _ = try #require(script.nextLookup())
        #expect(script.step(decide(.release, number: 77)).appends.isEmpty)
        let early = script.step(decide(.notDone, at: 900_000, number: 78))
        #expect(early.alerts == [.decisionTooEarly(78)] && early.appends.isEmpty)
        let release = script.look(.absent).appends.first?.write
        #expect(release?.state == .released && release?.decision == 77)
    }

    @Test func anotherDecisionAboutAReleasedAttemptTakesItsPlace() throws {
        let script = try releasedIntoDoubt()
        #expect(script.lookUntilSettled(.absent)?.said == Said(2, .review, 3))
        let closing = decide(.done, attempt: 2, at: script.now.wallClock, number: 78)
        #expect(script.settle(script.step(closing))?.decision == 78)
    }

    /// Nobody has released that one.
    @Test func whatThePolicySendsAgainNamesNoRelease() throws {
        var settings = Script.roomy
        settings.repostsWhenAbsent = true
        let script = try releasedIntoDoubt(settings)
        var again: [Effect] = []
        for _ in 0..<30 where again.appends.isEmpty { again = script.look(.absent) }
        #expect(again.appends.map(\.write.said) == [Said(3, .intent, 2)])
        #expect(again.appends.first?.write.decision == nil)
    }

    @Test(arguments: [LedgerState.intent, .inDoubt])
    func theNextOwnerNamesTheReleaseOfWhatItFinds(state: LedgerState) throws {
        let script = Script()
        let begun = script.assign(
            0,
            start: 1,
            ledger: [
                entry(1, at: 0, .released, ledgerOffset: 6, decision: 77),
                entry(1, at: 0, attempt: 2, state, ledgerOffset: 7, decision: 77),
            ]
        )
        if state == .intent {
            let doubt = script.settle(begun)
            #expect(doubt?.said == Said(2, .inDoubt, 2) && doubt?.decision == 77)
        }
        let settled = script.lookUntilSettled(.found)
        #expect(settled?.attempt == 2 && settled?.state == .accepted && settled?.decision == 77)
    }

    @Test func aRefusalAfterAReleaseIsLookedUpBeforeItCounts() throws {
        let script = review()
        let release = try #require(script.step(decide(.release)).appends.first)
        let intent = try #require(script.step(script.stored(release.ticket)).appends.first)
        let sent = try #require(script.fence(script.step(script.stored(intent.ticket))))
        let outcome = script.settle(script.step(.transmitted(sent, .refused)))
        // It may speak of the first attempt.
        #expect(outcome?.said == Said(2, .inDoubt, 2))
    }

    @Test(arguments: [
        (ReviewDecision.Verdict.done, LedgerState.accepted), (.notDone, .refused),
    ])
    func theVerdictSettlesIt(verdict: ReviewDecision.Verdict, state: LedgerState) {
        let script = review()
        let settled = script.settle(script.step(decide(verdict)))
        #expect(settled?.said == Said(1, state, 2) && settled?.decision == 77)
        #expect(script.summary.doubts == 0 && script.summary.unfinished == 0)
    }

    @Test(arguments: [ReviewDecision.Verdict.release, .notDone])
    func whatWasDecidedTooEarlyCountsForNothingWheneverItIsHeard(
        verdict: ReviewDecision.Verdict
    ) {
        let script = review()
        // 900 s and 5 s to send, from 0 on.
        let early = script.step(decide(verdict, at: 904_999))
        #expect(early.appends.isEmpty && early.alerts == [.decisionTooEarly(77)])
        script.pass(.seconds(7200))
        #expect(script.step(decide(verdict, at: 904_999)).appends.isEmpty)
        #expect(script.look(.absent).appends.isEmpty)
        #expect(script.step(decide(verdict, at: 905_000)).appends.count == 1)
    }

    @Test func whatIsDoneMayBeSaidAtAnyTime() {
        #expect(review().step(decide(.done, at: 0)).appends.map(\.write.state) == [.accepted])
    }

    @Test func aClockThatIsFastDoesNotMakeADecisionCountTooEarly() throws {
        let script = Script()
        script.assign(
            0,
            start: 1,
            ledger: [entry(1, at: 0, .review, since: script.now.wallClock - 800_000)]
        )
        let effects = script.step(decide(.release, at: script.now.wallClock + 600_000))
        #expect(effects.appends.isEmpty && effects.alerts.isEmpty)
        let heard = script.now.uptime
        var releasing: [Effect] = []
        for _ in 0..<20 where releasing.appends.isEmpty { releasing = script.look(.absent) }
        #expect(releasing.appends.map(\.write.state) == [.released])
        #expect(script.now.uptime - heard >= .seconds(105))
    }

    @Test func theWrongAttemptIsIgnored() {
        let script = review()
        #expect(script.step(decide(.release, attempt: 2)).isEmpty)
        #expect(script.step(decide(.done, attempt: 0)).isEmpty)
    }

    @Test(arguments: [LedgerState.accepted, .refused, .inDoubt, .expired])
    func whatIsNotInReviewIsNotDecided(state: LedgerState) {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, state)])
        let effects = script.step(decide(.release), decide(.done), decide(.release, of: 8))
        #expect(effects.appends.isEmpty && effects.alerts.isEmpty)
    }

    @Test func orderingTwiceDoesNothingTwice() throws {
        let script = review()
        let releasing = script.step(decide(.release), decide(.release)).appends
        #expect(releasing.count == 1)
        let release = try #require(releasing.first)
        #expect(script.step(decide(.release)).appends.isEmpty)
        let intent = script.step(script.stored(release.ticket), decide(.release)).appends
        #expect(intent.map(\.write.said) == [Said(2, .intent, 1)])
        let ticket = try #require(intent.first).ticket
        let sent = try #require(script.fence(script.step(script.stored(ticket))))
        #expect(script.step(decide(.release)).isEmpty)
        _ = script.settle(script.step(.transmitted(sent, .inDoubt(.providerFailed))))
        #expect(script.lookUntilSettled(.mismatch)?.said == Said(2, .review, 3))
        // The second attempt is in review now; the decision was about the first.
        #expect(script.step(decide(.release)).appends.isEmpty)
        script.pass(.seconds(7200))
        _ = script.look(.mismatch)
        let now = script.now.wallClock
        #expect(script.step(decide(.release, attempt: 2, at: now)).appends.count == 1)
    }

    @Test func aDecisionWaitsForTheLookupThatIsOnItsWay() throws {
        let script = review()
        _ = try #require(script.nextLookup())
        #expect(script.step(decide(.release)).appends.isEmpty)
        #expect(script.look(.absent).appends.map(\.write.state) == [.released])
    }

    @Test func whatIsBeingConfirmedIsNotReleased() throws {
        let script = review()
        #expect(script.look(.found).appends.isEmpty)
        #expect(script.step(decide(.release)).appends.isEmpty)
        #expect(script.look(.found).appends.map(\.write.state) == [.accepted])
    }

    @Test func aDecisionDoesNotWaitForAProviderThatIsAway() throws {
        let script = review()
        let lookup = try #require(script.nextLookup())
        #expect(script.step(decide(.done)).appends.isEmpty)
        let unanswered = script.step(
            .lookedUp(lookup.number, [:], failure: .inDoubt(.providerFailed))
        )
        #expect(unanswered.appends.map(\.write.state) == [.accepted])
    }

    @Test func aDecisionWaitsWhileItsCommandIsBeingAnswered() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .review)])
        let replay = try #require(script.step(received(0, order(1))).publications.first)
        #expect(script.step(decide(.done)).appends.isEmpty)
        script.step(.published(replay.ticket, acknowledged: true))
        var settling: [Effect] = []
        for _ in 0..<3 where settling.appends.isEmpty { settling = script.look(.absent) }
        #expect(settling.appends.map(\.write.state) == [.accepted])
    }

    @Test func whatTurnsUpWhileADecisionWaitsIsAccepted() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .review)])
        let replay = try #require(script.step(received(0, order(1))).publications.first)
        #expect(script.step(decide(.release)).appends.isEmpty)
        script.step(.published(replay.ticket, acknowledged: true))
        #expect(script.lookUntilSettled(.found)?.said == Said(1, .accepted, 2))
    }

    @Test func whatWasReleasedIsSentByTheNextOwner() throws {
        let script = Script()
        let going = script.assign(
            0,
            start: 1,
            ledger: [
                entry(1, at: 0, .review, ledgerOffset: 5),
                entry(1, at: 0, .released, ledgerOffset: 6, decision: 77),
            ]
        )
        let intent = try #require(going.appends.first)
        #expect(intent.write.said == Said(2, .intent, 1) && intent.write.decision == 77)
    }

    @Test func whatIsReleasedIsAnsweredByItsReview() throws {
        let script = review()
        let release = try #require(script.step(decide(.release)).appends.first)
        script.pass(.seconds(1))
        // The release is stored while the provider is held to be away: nothing goes on.
        script.step(.probed(.unauthorized))
        script.step(script.stored(release.ticket))
        let asked = script.step(received(1, order(1)))
        #expect(
            asked.publications.map(\.publication) == [
                .replay(LedgerWrite(attempt: 1, state: .review, sequence: 1), ledgerOffset: 5)
            ]
        )
    }

    @Test func aReleaseThatIsDrainedStaysOpenForTheNextOwner() throws {
        let script = review()
        let release = try #require(script.step(decide(.release)).appends.first)
        script.step(.revoking([0]))
        let drained = script.step(script.stored(release.ticket))
        #expect(drained.appends.isEmpty && drained.contains(.relinquish([0])))
    }

    @Test func theLeaveForAnotherAttemptOutlivesAnAttemptThatWasNotSent() throws {
        let script = review()
        let release = try #require(script.step(decide(.release)).appends.first)
        let intent = try #require(script.step(script.stored(release.ticket)).appends.first)
        script.step(.revoking([0]))
        let closing = script.step(script.stored(intent.ticket))
        #expect(closing.appends.map(\.write.said) == [Said(2, .released, 1)])
    }
}

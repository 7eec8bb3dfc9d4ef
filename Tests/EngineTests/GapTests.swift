import Testing

@testable import Engine

/// An acknowledgement that does not follow our last one shows that somebody else writes (DESIGN.md §4).
@Suite struct GapTests {
    /// The intent of an order was stored behind records of somebody else.
    private func gap(of records: Int64 = 1) throws -> (script: Script, effects: [Effect]) {
        let script = Script.ready()
        let intent = try #require(script.step(received(0, order(1))).appends.first)
        script.writeForeign(records: records)
        return (script, script.step(script.stored(intent.ticket)))
    }

    @Test func anAcknowledgementThatDoesNotFollowIsHeldUntilTheGapWasRead() throws {
        let (script, effects) = try gap()
        #expect(effects.commits.isEmpty)
        // The claim is at 0, the intent at 2.
        let asked = try #require(effects.gaps.first)
        #expect(asked == (0, 1, 2))
        #expect(effects.alerts == [.ledgerGap(partition: 0, from: 1, to: 2)])
        let fence = script.readGap(effects, [.record(entry(2, at: 5, .intent, by: 1))])
        #expect(script.fence(fence)?.record == record(0))
    }

    @Test func nothingOfThePartitionIsTransmittedMeanwhile() throws {
        let (script, effects) = try gap()
        let second = try #require(script.step(received(1, order(2))).appends.first)
        // It follows, but not what is known.
        let held = script.step(script.stored(second.ticket))
        #expect(held.commits.isEmpty && held.gaps.isEmpty)
        let fence = script.readGap(effects, [.record(entry(3, at: 5, .refused, by: 1))])
        #expect(script.accept(fence).transmissions.map(\.record) == [record(0), record(1)])
    }

    @Test func otherPartitionsGoOnMeanwhile() throws {
        let (script, _) = try gap()
        script.assign(1)
        script.pass(.seconds(1))
        #expect(script.send(record(0, 1), order(2)) != nil)
    }

    @Test func ownRecordsInAGapChangeNothing() throws {
        let (script, effects) = try gap(of: 2)
        let fence = script.readGap(
            effects,
            [.claim(by: Script.owner), .record(entry(1, at: 0, .intent, by: Script.owner))]
        )
        #expect(script.fence(fence) != nil)
    }

    @Test func anIntentOfSomebodyElseChangesNothing() throws {
        let (script, effects) = try gap()
        let fence = script.readGap(effects, [.record(entry(1, at: 0, .intent, by: 1))])
        #expect(script.fence(fence) != nil)
    }

    /// A doubt whose late record stands in a gap.
    private func doubt(and late: LedgerEntry) throws -> (script: Script, effects: [Effect]) {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .inDoubt)])
        let intent = try #require(script.step(received(1, order(2))).appends.first)
        script.writeForeign(records: 1)
        let effects = script.step(script.stored(intent.ticket))
        return (script, script.readGap(effects, [.record(late)]))
    }

    @Test func aLateAcceptanceInAGapSettlesADoubt() throws {
        let (script, effects) = try doubt(and: entry(1, at: 0, .accepted, by: 1))
        let end = try #require(effects.appends.first)
        #expect(end.ticket.record == record(0) && end.write.said == Said(1, .accepted, 2))
        #expect(script.summary.doubts == 0)
    }

    @Test(arguments: [LedgerState.refused, .notSent, .expired, .review, .released])
    func otherLateOutcomesInAGapSayNothing(state: LedgerState) throws {
        let (script, effects) = try doubt(and: entry(1, at: 0, state, by: 1))
        #expect(effects.appends.isEmpty)
        #expect(script.summary.doubts == 1)
    }

    /// A review about which a person decides while somebody who has lost the partition writes; what
    /// follows once all that was wanted is stored.
    private func decide(
        _ verdict: ReviewDecision.Verdict,
        lateBehind records: Int
    ) throws -> (script: Script, effects: [Effect]) {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .review)])
        _ = script.look(.absent)
        let decision = ReviewDecision(number: 77, attempt: 1, verdict: verdict, at: 950_000)
        var effects = script.step(.decided(partition: 0, key(1), decision))
        for number in 0...records {
            if number == records { script.writeForeign(records: 1) }
            let write = try #require(effects.appends.first)
            effects = script.step(script.stored(write.ticket))
        }
        return (script, script.readGap(effects, [.record(entry(1, at: 0, .accepted, by: 1))]))
    }

    @Test(arguments: [ReviewDecision.Verdict.release, .notDone])
    func aLateAcceptanceIsStrongerThanADecisionOnItsWay(verdict: ReviewDecision.Verdict) throws {
        let (script, effects) = try decide(verdict, lateBehind: 0)
        #expect(effects.publications.isEmpty)
        #expect(effects.appends.map(\.write.state) == [.accepted])
        #expect(effects.appends.map(\.write.decision) == [nil])
        #expect(script.settle(effects)?.state == .accepted)
        #expect(script.summary.doubts == 0)
    }

    @Test func aLateAcceptanceBehindAReleaseIsLookedUpInsteadOfSentAgain() throws {
        let (script, effects) = try decide(.release, lateBehind: 1)
        let stopped = script.accept(effects)
        #expect(stopped.transmissions.isEmpty)
        #expect(script.settle(stopped)?.said == Said(2, .inDoubt, 2))
        #expect(script.lookUntilSettled(.found)?.said == Said(2, .accepted, 3))
    }

    @Test func aDrainGivesNoLeaveToSendAgainWhatWasAcceptedLate() throws {
        let (script, effects) = try decide(.release, lateBehind: 1)
        let left = script.step(.revoking([0]))
        #expect(effects.transmissions.isEmpty && left.transmissions.isEmpty)
        #expect(left.appends.map(\.write.said) == [Said(2, .inDoubt, 2)])
    }

    @Test func aLateAcceptanceOfAnotherAttemptSaysNothing() throws {
        let (_, effects) = try doubt(and: entry(1, at: 0, attempt: 2, .accepted, by: 1))
        #expect(effects.appends.isEmpty)
    }

    @Test func somebodyElsesClaimLeavesEverythingAndBeginsAnew() throws {
        let (script, effects) = try gap(of: 2)
        script.assign(1)
        let left = script.readGap(
            effects,
            [.claim(by: 1), .record(entry(1, at: 0, .accepted, by: 1))]
        )
        #expect(left.contains(.reassign) && left.contains(.forget(record(0))))
        #expect(left.appends.isEmpty && left.commits.isEmpty && left.publications.isEmpty)
        #expect(script.summary.partitions.isEmpty && script.summary.unfinished == 0)
    }

    @Test func somebodyElsesClaimDuringADrainEndsTheDrain() throws {
        let (script, effects) = try gap()
        script.step(.revoking([0]))
        let left = script.readGap(effects, [.claim(by: 1)])
        #expect(left.contains(.relinquish([0])) && !left.contains(.reassign))
        #expect(left.appends.isEmpty && left.publications.isEmpty)
    }

    @Test func anotherGroupStopsEverything() throws {
        let script = Script()
        script.assign(1)
        let effects = script.restore(0, log: [.claim(by: 1), .claim(by: 2, isForeign: true)])
        #expect(effects.alerts == [.foreignGroup(0)])
        #expect(effects.contains(.relinquish([0, 1])) && effects.last == .stopped)
        // Not a word is written to a ledger that is not ours.
        #expect(effects.commits.isEmpty && effects.claims.isEmpty && effects.appends.isEmpty)
    }

    @Test func aLedgerThatIsOursAgainIsTaken() {
        let script = Script()
        let effects = script.restore(0, log: [.claim(by: 2, isForeign: true), .claim(by: 1)])
        #expect(effects.alerts.isEmpty && effects.commits.count == 1)
    }

    @Test func anotherGroupInAGapStopsEverythingWithoutTransmitting() throws {
        let (script, effects) = try gap()
        script.assign(1)
        let stopped = script.readGap(effects, [.claim(by: 2, isForeign: true)])
        #expect(stopped.alerts == [.foreignGroup(0)])
        #expect(stopped.contains(.relinquish([0, 1])) && stopped.last == .stopped)
        #expect(stopped.appends.isEmpty && stopped.commits.isEmpty)
        #expect(stopped.transmissions.isEmpty)
    }

    @Test func anotherGroupBeforeOurClaimStopsEverything() throws {
        let script = Script()
        let ticket = try #require(script.accept(script.restore(0)).claims.first)
        script.writeForeign(records: 1)
        let stopped = script.readGap(
            script.step(script.stored(ticket)),
            [.claim(by: 2, isForeign: true)]
        )
        #expect(stopped.alerts == [.foreignGroup(0)])
        #expect(stopped.contains(.relinquish([0])) && stopped.last == .stopped)
    }
}

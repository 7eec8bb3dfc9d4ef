import Testing

@testable import Engine

/// Before anything begins, the ledger hears who writes to it from there on (DESIGN.md §4).
@Suite struct ClaimTests {
    @Test func nothingBeginsBeforeTheClaimIsStored() throws {
        let script = Script()
        let fence = script.restore(0, start: 1, ledger: [entry(1, at: 0, .intent)])
        #expect(fence.appends.isEmpty)
        let claiming = script.accept(fence)
        #expect(claiming.appends.isEmpty && !claiming.contains(.resume([0])))
        #expect(script.step(received(1, order(2))) == [.forget(record(1))])
        let begun = script.step(script.stored(try #require(claiming.claims.first)))
        #expect(begun.contains(.resume([0])))
        #expect(begun.appends.map(\.write.state) == [.inDoubt])
    }

    @Test func nothingIsTakenBeforeTheLedgerIsRead() {
        let script = Script()
        script.step(.assigned(partition: 0, start: 0))
        #expect(script.step(received(0, order(1))) == [.forget(record(0))])
        #expect(script.claim(script.restore(0)).contains(.resume([0])))
    }

    @Test func theClaimStandsBehindAnAcceptedFence() {
        let script = Script()
        let fence = script.restore(0, start: 7)
        #expect(fence.commits.map(\.offsets) == [[0: 7]])
        #expect(fence.claims.isEmpty)
        #expect(script.accept(fence).claims.count == 1)
    }

    @Test func theFenceSaysHowFarTheLedgerReaches() {
        let script = Script()
        let fence = script.restore(0, ledger: [entry(1, at: 0, .accepted, ledgerOffset: 41)])
        let marks = fence.compactMap { if case .commit(_, let marks) = $0 { marks } else { nil } }
        #expect(marks == [[0: CommitMark(offset: 0, ledgerEnd: 42)]])
    }

    @Test func aRefusedFenceIsFollowedByAClaimLater() throws {
        let script = Script()
        let fence = try #require(script.restore(0).commits.first)
        let refused = script.step(.committed(fence.number, accepted: [0: false]))
        #expect(refused.claims.isEmpty && refused.commits.isEmpty)
        #expect(script.accept(script.pass(.milliseconds(101))).claims.count == 1)
    }

    @Test func aClaimThatWasNotTakenIsOfferedAgain() throws {
        let script = Script()
        let ticket = try #require(script.accept(script.restore(0)).claims.first)
        #expect(script.step(.appended(ticket, offset: nil)).isEmpty)
        let again = try #require(script.pass(.seconds(1)).claims.first)
        #expect(script.step(script.stored(again)).contains(.resume([0])))
    }

    @Test func aDrainWaitsForAClaimOnItsWay() throws {
        let script = Script()
        let ticket = try #require(script.accept(script.restore(0)).claims.first)
        #expect(!script.step(.revoking([0])).contains(.relinquish([0])))
        let drained = script.step(script.stored(ticket))
        #expect(drained.contains(.relinquish([0])) && !drained.contains(.resume([0])))
    }

    @Test func whatWasWrittenBeforeTheClaimIsRestoredFirst() throws {
        let script = Script()
        let ticket = try #require(script.accept(script.restore(0, start: 1)).claims.first)
        // The last owner's intent was on its way while the ledger was read.
        script.writeForeign(records: 1)
        let gap = script.step(script.stored(ticket))
        #expect(!gap.contains(.resume([0])))
        let begun = script.readGap(gap, [.record(entry(1, at: 0, .intent, by: 1))])
        #expect(begun.contains(.resume([0])))
        #expect(begun.appends.map(\.write.state) == [.inDoubt])
    }

    @Test func whatWasWrittenBeforeAClaimIsKnownAlthoughThePartitionIsDrained() throws {
        let script = Script()
        let accepted = entry(1, at: 0, .accepted, ledgerOffset: 0, by: 1)
        let log: [Written] = [.claim(by: 1), .record(accepted)]
        let ticket = try #require(
            script.accept(script.restore(0, start: 1, log: log)).claims.first
        )
        script.step(.revoking([0]))
        // The last owner has told of the end before our claim was stored.
        script.writeForeign(records: 1)
        let gap = script.step(script.stored(ticket))
        let told = entry(1, at: 0, .completed, sequence: 2, by: 1)
        #expect(script.readGap(gap, [.record(told)]).contains(.relinquish([0])))

        // Assigned again, it reads on where it knows the ledger to; nothing is left to be asked for.
        script.step(.assigned(partition: 0, start: 1))
        let (end, claimant) = script.knownLedger()
        #expect(end == 4 && claimant == Script.owner)
        let begun = script.claim(script.step(.restored(partition: 0, end: 4)))
        #expect(begun.contains(.resume([0])))
        let polls = script.passUntil(.seconds(3600)) { if case .poll = $0 { true } else { false } }
        #expect(polls.isEmpty)
    }

    @Test func whatAnEarlierAssignmentWroteIsReadBeforeTheClaimCounts() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .inDoubt, ledgerOffset: 0)])
        let end = try #require(script.look(.mismatch).appends.first)
        script.step(.lost([0]))
        let doubt = entry(1, at: 0, .inDoubt)
        let fence = script.restore(0, start: 1, log: [.record(doubt), .claim(by: Script.owner)])
        let claim = try #require(script.accept(fence).claims.first)
        // It was on its way, and is stored behind what was read.
        script.step(script.stored(end.ticket))
        let gap = script.step(script.stored(claim))
        #expect(try #require(gap.gaps.first) == (0, 2, 3))
        let said = entry(1, at: 0, .review, sequence: 2, by: Script.owner, isUnannounced: true)
        let begun = script.readGap(gap, [.record(said)])
        #expect(begun.publications.map(\.publication.said) == [Said(1, .review, 2)])
    }

    @Test func itIsClaimedAgainAfterThirtyDays() throws {
        let script = Script.ready()
        let day = Duration.seconds(24 * 3600)
        #expect(script.pass(day * 29).claims.isEmpty)
        let ticket = try #require(script.pass(day).claims.first)
        // Meanwhile work goes on.
        #expect(script.step(received(0, order(1))).appends.count == 1)
        script.step(script.stored(ticket))
        #expect(script.pass(day).claims.isEmpty)
    }
}

/// Whether commands are the ones of their ledger is judged by the latest that it knows.
@Suite struct LatestCommandTests {
    @Test func itIsTheHighestOffsetThatWasRead() {
        let script = Script()
        #expect(script.latestCommand() == nil)
        script.assign(0, ledger: [entry(1, at: 7, .accepted), entry(2, at: 3, .refused)])
        #expect(script.latestCommand() == 7)
        script.step(.lost([0]))
        script.step(.assigned(partition: 0, start: 0))
        #expect(script.latestCommand() == nil)
    }
}

/// A partition that comes back is read from where it was known (DESIGN.md §4, step 1).
@Suite struct ReturnTests {
    private func drained(_ ledger: [LedgerEntry]) -> Script {
        let script = Script.ready(start: 5, ledger: ledger)
        #expect(script.step(.revoking([0])).contains(.relinquish([0])))
        script.step(.assigned(partition: 0, start: 5))
        return script
    }

    @Test func whatIsSettledIsNotReadAgain() {
        let script = drained([entry(1, at: 0, .accepted, ledgerOffset: 3)])
        // The record and our claim.
        #expect(script.knownLedger().end == 5)
        #expect(script.knownLedger().claimant == Script.owner)
        script.claim(script.step(.restored(partition: 0, end: 5)))
        let effects = script.step(received(7, order(1)))
        #expect(
            effects.publications.map(\.publication) == [
                .replay(.init(attempt: 1, state: .accepted, sequence: 1), ledgerOffset: 3)
            ]
        )
    }

    @Test func whatWasReadInPartIsReadAgain() {
        let script = drained([entry(1, at: 0, .accepted, ledgerOffset: 3)])
        let more = entry(2, at: 6, .accepted, ledgerOffset: 6, by: Script.owner)
        script.step(.ledger(partition: 0, more), .revoking([0]))
        script.step(.assigned(partition: 0, start: 5))
        // As it was known before, and nothing of what was read since.
        #expect(script.knownLedger().end == 5)
        script.claim(script.step(.restored(partition: 0, end: 5)))
        #expect(script.step(received(7, order(1))).publications.count == 1)
        #expect(script.step(received(8, order(2))).appends.map(\.write.state) == [.intent])
    }

    @Test func whileSomethingIsOpenEverythingIsReadAgain() {
        let script = drained([entry(1, at: 0, .review, ledgerOffset: 3)])
        #expect(script.knownLedger().end == 0)
    }

    @Test func whatWasLostIsReadAgain() {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted, ledgerOffset: 3)])
        script.step(.lost([0]))
        script.step(.assigned(partition: 0, start: 0))
        #expect(script.knownLedger().end == 0)
    }

    @Test func aPartitionThatDoesNotComeBackIsForgotten() {
        let script = drained([entry(1, at: 0, .accepted, ledgerOffset: 3)])
        script.step(.lost([0]))
        script.assign(1)
        script.step(.assigned(partition: 0, start: 5))
        #expect(script.knownLedger().end == 0)
    }
}

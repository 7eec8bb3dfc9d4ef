import Testing

@testable import Engine

/// Commands are forwarded to their home, perhaps twice (DESIGN.md §4, "Home partition").
@Suite struct CopyTests {
    private let origin = record(7, 3)

    private func replay(_ state: LedgerState) -> [Publication] {
        [.replay(LedgerWrite(attempt: 1, state: state, sequence: 1), ledgerOffset: 5)]
    }

    @Test func aStrayIsForwardedAndFinishesAfterTheAcknowledgement() throws {
        let script = Script.ready()
        let effects = script.step(.received(record(0), .stray))
        let forward = try #require(effects.publications.first)
        #expect(forward.publication == .forward && effects.appends.isEmpty)
        #expect(script.committedOffset() == 0)
        script.step(.published(forward.ticket, acknowledged: false))
        #expect(script.committedOffset() == 0)
        script.step(.published(forward.ticket, acknowledged: true))
        #expect(script.committedOffset() == 1)
    }

    @Test(arguments: [LedgerState.accepted, .refused, .expired, .inDoubt, .review])
    func aCopyIsAnsweredByWhatBecameOfTheFirst(state: LedgerState) {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, state, from: origin)])
        let effects = script.step(received(4, order(1), from: origin))
        #expect(effects.publications.map(\.publication) == replay(state))
        #expect(effects.appends.isEmpty)
    }

    @Test func aCopyIsAnsweredByWhatThisOwnerHasDone() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1), from: origin)).appends.first
        )
        let sent = try #require(script.fence(script.step(script.stored(intent.ticket))))
        _ = script.settle(script.step(.transmitted(sent, .refused)))
        let copy = script.step(received(1, order(1), from: origin))
        #expect(copy.appends.isEmpty)
        #expect(
            copy.publications.map(\.publication) == [
                .replay(LedgerWrite(attempt: 1, state: .refused, sequence: 1), ledgerOffset: 2)
            ]
        )
    }

    @Test func anotherCommandFromElsewhereIsNoCopy() {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .refused, from: origin)])
        let effects = script.step(received(4, order(1), from: record(8, 3)))
        #expect(effects.appends.map(\.write.said) == [Said(2, .intent, 1)])
    }

    @Test func aCopyIsLeftWhenALaterCommandHadItsTurn() {
        let script = Script.ready(
            start: 2,
            ledger: [
                entry(1, at: 0, .refused, ledgerOffset: 5, from: origin),
                entry(1, at: 1, attempt: 2, .refused, ledgerOffset: 6, sequence: 2),
            ]
        )
        let effects = script.step(received(2, order(1), from: origin))
        #expect(effects.appends.isEmpty && effects.publications.isEmpty)
        #expect(script.committedOffset() == 3)
    }

    @Test func aCopyIsLeftWhenThisOwnerGaveALaterCommandItsTurn() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1), from: origin)).appends.first
        )
        let first = try #require(script.fence(script.step(script.stored(intent.ticket))))
        _ = script.settle(script.step(.transmitted(first, .refused)))
        let second = try #require(script.send(record(1), order(1)))
        _ = script.settle(script.step(.transmitted(second, .refused)))
        let copy = script.step(received(2, order(1), from: origin))
        #expect(copy.appends.isEmpty && copy.publications.isEmpty)
    }
}

/// Another order under a reference that is not settled (DESIGN.md §4).
@Suite struct ConflictTests {
    @Test func aConflictWithAnOpenReferenceIsRecordedFirst() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .inDoubt)])
        let recording = script.step(received(1, order(1, body: 8)))
        #expect(recording.publications.isEmpty)
        let write = try #require(recording.appends.first)
        #expect(write.write.said == Said(1, .conflict, 1))
        let saying = script.step(script.stored(write.ticket))
        let event = try #require(saying.publications.first)
        #expect(event.publication == .conflict(.inDoubt))
        script.step(.published(event.ticket, acknowledged: true))
        #expect(script.committedOffset() == 2)
        // Nothing is said of the reference.
        #expect(script.settle(script.look(.mismatch))?.said == Said(1, .review, 2))
    }

    @Test(arguments: [LedgerState.accepted, .refused, .notSent, .expired, .review])
    func itsCommandIsAnsweredWithTheConflictWhateverBecameOfTheReference(state: LedgerState) {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .inDoubt, ledgerOffset: 5),
                entry(1, body: 8, at: 1, .conflict, ledgerOffset: 6),
                entry(1, at: 0, state, ledgerOffset: 7, sequence: 2),
            ]
        )
        let again = script.step(received(1, order(1, body: 8)))
        #expect(again.publications.map(\.publication) == [.conflict(state)])
        #expect(again.appends.isEmpty)
    }

    @Test func theSameOwnerAnswersACopyOfItAlike() throws {
        let origin = record(7, 3)
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .inDoubt)])
        let write = try #require(
            script.step(received(1, order(1, body: 8), from: origin)).appends.first
        )
        let event = try #require(script.step(script.stored(write.ticket)).publications.first)
        script.step(.published(event.ticket, acknowledged: true))
        // Nothing came of the first order: it might be tried by a later command.
        #expect(script.settle(script.look(.mismatch))?.said == Said(1, .review, 2))
        let decision = ReviewDecision(number: 1, attempt: 1, verdict: .notDone, at: .max)
        script.pass(.seconds(7200))
        _ = script.look(.absent)
        #expect(
            script.settle(script.step(.decided(partition: 0, key(1), decision)))?.said
                == Said(1, .refused, 3)
        )
        let copy = script.step(received(2, order(1, body: 8), from: origin))
        #expect(copy.publications.map(\.publication) == [.conflict(.refused)])
        #expect(copy.appends.isEmpty)
    }

    @Test func aConflictWithASettledReferenceNeedsNoRecord() {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .accepted)])
        let effects = script.step(received(1, order(1, body: 8)))
        #expect(effects.publications.map(\.publication) == [.conflict(.accepted)])
        #expect(effects.appends.isEmpty)
    }
}

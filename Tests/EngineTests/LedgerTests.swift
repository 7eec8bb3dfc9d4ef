import Testing

@testable import Engine

/// What the ledger says is kept, whoever wrote it (DESIGN.md §4).
@Suite struct LedgerTests {
    @Test func anIntentWithoutOutcomeMayHaveBeenSent() throws {
        let script = Script()
        let effects = script.assign(0, ledger: [entry(1, at: 0, .intent, sequence: 0)])
        let write = try #require(effects.appends.first)
        #expect(write.write.said == Said(1, .inDoubt, 1))
        // The command is read again: it is the same one, and is not sent.
        let again = script.step(received(0, order(1)))
        #expect(again.transmissions.isEmpty && again.appends.isEmpty)
        let publishing = script.step(script.stored(write.ticket))
        let event = try #require(publishing.publications.first)
        let marking = script.step(.published(event.ticket, acknowledged: true))
        script.step(script.stored(try #require(marking.appends.first).ticket))
        #expect(script.committedOffset() == 1)
        #expect(script.summary.doubts == 1)
    }

    @Test func anOutcomeClosesItsIntent() {
        for entries in [
            [entry(1, at: 0, .intent), entry(1, at: 0, .accepted)],
            [entry(1, at: 0, attempt: 2, .accepted), entry(1, at: 0, attempt: 1, .intent)],
        ] {
            let script = Script()
            #expect(script.assign(0, ledger: entries).appends.isEmpty)
            #expect(script.summary.doubts == 0)
        }
    }

    @Test func aCommandAnsweredBeforeIsAnsweredAgainFromTheLedger() {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted, ledgerOffset: 42)])
        let effects = script.step(received(7, order(1)))
        #expect(
            effects.publications.map(\.publication) == [
                .replay(.init(attempt: 1, state: .accepted, sequence: 1), ledgerOffset: 42)
            ]
        )
        #expect(effects.transmissions.isEmpty && effects.appends.isEmpty)
    }

    @Test func anotherBodyUnderAKnownReferenceIsAConflict() {
        let script = Script.ready(ledger: [entry(1, body: 7, at: 0, .accepted)])
        let effects = script.step(received(7, order(1, body: 8)))
        #expect(effects.publications.map(\.publication) == [.conflict(.accepted)])
    }

    @Test func anEarlierCommandThatIsReadOnceMoreWasAnsweredBefore() {
        let script = Script.ready(ledger: [entry(1, at: 20, .refused, ledgerOffset: 9)])
        let effects = script.step(received(10, order(1)))
        #expect(effects.appends.isEmpty && effects.publications.isEmpty)
        #expect(script.committedOffset() == 11)
    }

    @Test func aRefusedReferenceMayBeTriedByALaterCommandOnly() {
        let script = Script.ready(ledger: [entry(1, at: 3, .refused, ledgerOffset: 9)])
        let same = script.step(received(3, order(1)))
        #expect(
            same.publications.map(\.publication) == [
                .replay(.init(attempt: 1, state: .refused, sequence: 1), ledgerOffset: 9)
            ]
        )
        let event = same.publications[0]
        script.step(.published(event.ticket, acknowledged: true))
        let later = script.step(received(4, order(1)))
        #expect(later.appends.map(\.write.said) == [Said(2, .intent, 1)])
    }

    @Test func anAttemptThatWasNotSentIsFollowedByTheNext() {
        let script = Script.ready(ledger: [entry(1, at: 3, .notSent, sequence: 0)])
        let effects = script.step(received(3, order(1)))
        #expect(effects.appends.map(\.write.said) == [Said(2, .intent, 0)])
    }
}

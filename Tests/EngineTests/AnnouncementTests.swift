import Testing

@testable import Engine

/// The end of a doubt is recorded, said, and recorded as said (DESIGN.md §4).
@Suite struct AnnouncementTests {
    @Test func theEndOfADoubtIsRecordedThenSaidThenMarked() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .inDoubt)])
        let recording = script.look(.mismatch)
        #expect(recording.publications.isEmpty)
        let first = try #require(recording.appends.first)
        #expect(first.write.said == Said(1, .review, 2) && first.write.isUnannounced)
        let publishing = script.step(script.stored(first.ticket))
        #expect(publishing.appends.isEmpty)
        let event = try #require(publishing.publications.first)
        #expect(event.publication == .recorded(first.write))
        let marking = script.step(.published(event.ticket, acknowledged: true))
        let mark = try #require(marking.appends.first)
        #expect(mark.write.said == first.write.said && !mark.write.isUnannounced)
        #expect(script.step(script.stored(mark.ticket)).publications.isEmpty)
        #expect(script.summary.unfinished == 0)
    }

    @Test func whatIsInLineNeedsNoMark() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let recording = script.step(.transmitted(sent, .accepted))
        #expect(recording.appends.map(\.write.isUnannounced) == [false])
    }

    @Test(arguments: [LedgerState.accepted, .refused, .expired, .inDoubt, .review])
    func whatWasNotSaidIsSaidAfterARestartAndThenMarked(state: LedgerState) throws {
        let script = Script()
        let unannounced = entry(1, at: 0, state, sequence: 2, decision: 3, isUnannounced: true)
        let saying = script.assign(0, start: 1, ledger: [unannounced])
        #expect(saying.appends.isEmpty)
        let event = try #require(saying.publications.first)
        #expect(event.publication.said == Said(1, state, 2))
        let marking = script.step(.published(event.ticket, acknowledged: true))
        let mark = try #require(marking.appends.first)
        #expect(mark.write.said == Said(1, state, 2))
        #expect(mark.write.decision == 3 && !mark.write.isUnannounced)
        #expect(script.step(script.stored(mark.ticket)).publications.isEmpty)
        #expect(script.summary.unfinished == 0)
        #expect(script.summary.doubts == ([.inDoubt, .review].contains(state) ? 1 : 0))
    }

    /// The group may know more of the last owner's progress than we were told when we began.
    @Test func theEndOfADoubtIsMarkedAlsoWhereItsCommandIsToBeReadAgain() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .inDoubt)])
        #expect(script.look(.mismatch).appends.map(\.write.isUnannounced) == [true])
    }

    @Test func theNextCommandOfAReferenceWaitsUntilItsEndWasSaid() throws {
        let script = Script()
        let saying = script.assign(
            0,
            start: 1,
            ledger: [entry(1, at: 0, .refused, sequence: 2, isUnannounced: true)]
        )
        script.pass(.seconds(1))
        #expect(
            script.step(received(1, order(1)), received(2, order(2))).appends.map(\.ticket.record)
                == [record(2)]
        )
        let event = try #require(saying.publications.first)
        let marking = script.step(.published(event.ticket, acknowledged: true))
        let mark = try #require(marking.appends.first)
        let next = try #require(script.step(script.stored(mark.ticket)).appends.first)
        #expect(next.ticket.record == record(1) && next.write.said == Said(2, .intent, 2))
    }

    @Test func whatWaitsForAnEndIsLeftToTheNextOwner() throws {
        let script = Script()
        script.assign(0, start: 1, ledger: [entry(1, at: 0, .refused, isUnannounced: true)])
        script.step(received(1, order(1)))
        script.step(.lost([0]))
        #expect(script.summary.unfinished == 0)
        #expect(script.assign(0, start: 1).contains(.resume([0])))
        script.pass(.seconds(1))
        #expect(script.step(received(1, order(1))).appends.map(\.write.state) == [.intent])
    }

    @Test func whatWasMarkedIsNotSaidAgain() {
        let script = Script()
        let effects = script.assign(
            0,
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5, isUnannounced: true),
                entry(1, at: 0, .accepted, ledgerOffset: 6),
            ]
        )
        #expect(effects.publications.isEmpty && effects.appends.isEmpty)
    }

    @Test func theMarkOfAnEarlierAttemptDoesNotHideALaterOne() throws {
        let script = Script()
        let effects = script.assign(
            0,
            start: 2,
            ledger: [
                entry(1, at: 0, .refused, ledgerOffset: 5, sequence: 2, isUnannounced: true),
                entry(1, at: 1, attempt: 2, .intent, ledgerOffset: 6, sequence: 2),
                entry(1, at: 0, .refused, ledgerOffset: 7, sequence: 2),
            ]
        )
        let write = try #require(effects.appends.first)
        #expect(write.ticket.record == record(1) && write.write.said == Said(2, .inDoubt, 3))
    }

    @Test func whatIsStillToBeSaidIsFoundByItsCommandReadAgain() throws {
        let script = Script()
        let saying = script.assign(0, ledger: [entry(1, at: 0, .accepted, isUnannounced: true)])
        let again = script.step(received(0, order(1)))
        #expect(again.publications.isEmpty && again.appends.isEmpty)
        let event = try #require(saying.publications.first)
        let marking = script.step(.published(event.ticket, acknowledged: true))
        #expect(marking.appends.map(\.write.isUnannounced) == [false])
    }
}

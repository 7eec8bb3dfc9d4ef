import Testing

@testable import Engine

/// What happens at once: claims and drains, late records and doubts, marks and commands read again.
@Suite struct InterplayTests {
    @Test func aDrainThatIsDisplacedDoesNotWaitForItsClaim() throws {
        let script = Script.ready()
        let claim = try #require(script.pass(.seconds(31 * 24 * 3600)).claims.first)
        script.step(.revoking([0]))
        script.writeForeign(records: 1)
        let left = script.readGap(script.step(script.stored(claim)), [.claim(by: 1)])
        #expect(left.contains(.relinquish([0])))
    }

    @Test func aStopWaitsForTheClaimOnItsWay() throws {
        let script = Script()
        script.assign(1)
        let ticket = try #require(script.accept(script.restore(0)).claims.first)
        #expect(!script.step(.stop).contains(.stopped))
        #expect(script.step(script.stored(ticket)).contains(.stopped))
    }

    @Test func aLateAcceptanceThatComesBeforeItsDoubtIsSaidInsteadOfIt() throws {
        let script = Script()
        let restored = script.assign(
            0,
            start: 1,
            log: [.claim(by: 1), .record(entry(1, at: 0, .intent, by: 1))]
        )
        let doubt = try #require(restored.appends.first)
        script.writeForeign(records: 1)
        let gap = script.step(script.stored(doubt.ticket))
        let late = Written.record(entry(1, at: 0, .accepted, by: 1))
        let accepting = script.readGap(gap, [late])
        #expect(accepting.publications.isEmpty)
        #expect(script.settle(accepting)?.said == Said(1, .accepted, 3))
        #expect(script.summary.doubts == 0)
    }

    @Test func aLateAcceptanceThatComesWhileItsDoubtIsSaidSettlesItAtTheNextLookup() throws {
        let script = Script()
        let restored = script.assign(
            0,
            start: 1,
            log: [.claim(by: 1), .record(entry(1, at: 0, .intent, by: 1))]
        )
        let doubt = try #require(restored.appends.first)
        let saying = try #require(script.step(script.stored(doubt.ticket)).publications.first)
        let marking = script.step(.published(saying.ticket, acknowledged: true))
        let mark = try #require(marking.appends.first)
        script.writeForeign(records: 1)
        let gap = script.step(script.stored(mark.ticket))
        let late = Written.record(entry(1, at: 0, .accepted, by: 1))
        #expect(script.readGap(gap, [late]).publications.isEmpty)
        // Whatever the lookup says.
        #expect(script.look(.absent).appends.map(\.write.state) == [.accepted])
    }

    @Test func aLateAcceptanceIsNotForgottenForADoubt() {
        let script = Script()
        let effects = script.assign(
            0,
            start: 1,
            log: [
                .claim(by: 1), .record(entry(1, at: 0, .intent, by: 1)), .claim(by: 2),
                .record(entry(1, at: 0, .accepted, by: 1)),
                .record(entry(1, at: 0, .inDoubt, by: 2)),
            ]
        )
        #expect(effects.appends.map(\.write.state) == [.accepted])
    }

    @Test func anEndThatWasRecordedIsNotRecordedAgainForALateAcceptance() {
        let script = Script()
        let effects = script.assign(
            0,
            start: 1,
            log: [
                .claim(by: 1), .record(entry(1, at: 0, .inDoubt, by: 1)), .claim(by: 2),
                .record(entry(1, at: 0, .accepted, by: 1)),
                .record(entry(1, at: 0, .accepted, sequence: 2, by: 2, isUnannounced: true)),
            ]
        )
        #expect(effects.publications.first?.publication.said == Said(1, .accepted, 2))
    }

    @Test func anEndIsSaidOnceWhereverItsCommandStands() throws {
        let script = Script()
        let saying = script.assign(0, ledger: [entry(1, at: 0, .accepted, isUnannounced: true)])
        let event = try #require(saying.publications.first)
        let marking = script.step(.published(event.ticket, acknowledged: true))
        let mark = try #require(marking.appends.first)
        #expect(script.step(script.stored(mark.ticket)).publications.isEmpty)
    }
}

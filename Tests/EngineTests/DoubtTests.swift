import Testing

@testable import Engine

/// In doubt is looked up; never does it turn into failed because time passed (DESIGN.md §4).
@Suite struct DoubtTests {
    private func doubt(_ settings: EngineSettings = Script.roomy) throws -> Script {
        let script = Script.ready(settings)
        let sent = try #require(script.send(record(0), order(1)))
        let published = script.settle(script.step(.transmitted(sent, .inDoubt(.providerFailed))))
        #expect(published == .recorded(LedgerWrite(attempt: 1, state: .inDoubt, sequence: 1)))
        return script
    }

    private func nextLookup(_ script: Script) throws -> LookupNumber {
        let effects = script.passUntil(.seconds(3600)) {
            if case .lookUp = $0 { true } else { false }
        }
        let lookup = try #require(effects.lookups.first)
        #expect(lookup.records == [record(0)])
        #expect(effects.transmissions.isEmpty)
        return lookup.number
    }

    @Test func foundIsAccepted() throws {
        let script = try doubt()
        let lookup = try nextLookup(script)
        #expect(script.committedOffset() == 1)
        let published = script.settle(
            script.step(.lookedUp(lookup, [record(0): .found], failure: nil))
        )
        #expect(published == .recorded(LedgerWrite(attempt: 1, state: .accepted, sequence: 2)))
        #expect(script.engine.summary.inDoubt == 0)
    }

    @Test func somethingElseUnderTheReferenceGoesToReview() throws {
        let script = try doubt()
        let lookup = try nextLookup(script)
        let published = script.settle(
            script.step(.lookedUp(lookup, [record(0): .mismatch], failure: nil))
        )
        #expect(published == .recorded(LedgerWrite(attempt: 1, state: .review, sequence: 2)))
        #expect(script.engine.summary.inDoubt == 1)
    }

    @Test func anAbsentPayoutIsReviewedAfterTheSettleWindowAndNeverSentAgain() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        let began = script.now.uptime
        var published: Publication?
        for _ in 0..<20 where published == nil {
            let lookup = try nextLookup(script)
            published = script.settle(
                script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
            )
        }
        #expect(published == .recorded(LedgerWrite(attempt: 1, state: .review, sequence: 2)))
        #expect(script.now.uptime - began >= .seconds(60))
        // It is looked up for as long as a person has not decided, and accepted if it turns up.
        let lookup = try nextLookup(script)
        let late = script.settle(script.step(.lookedUp(lookup, [record(0): .found], failure: nil)))
        #expect(late == .recorded(LedgerWrite(attempt: 1, state: .accepted, sequence: 3)))
    }

    @Test func anAbsentPaymentIsSentAgainAsANewAttempt() throws {
        let script = try doubt(
            EngineSettings(rateLimit: 1000, settleWindow: .seconds(30), repostsWhenAbsent: true)
        )
        var effects: [Effect] = []
        for _ in 0..<20 where effects.appends.isEmpty {
            let lookup = try nextLookup(script)
            effects = script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
        }
        _ = script.committedOffset()
        let intent = try #require(effects.appends.first)
        #expect(intent.write == LedgerWrite(attempt: 2, state: .intent, sequence: 1))
        let sent = try #require(script.fence(script.step(.appended(intent.ticket, offset: 8))))
        // A refusal now may speak of the first attempt.
        let refused = script.step(.transmitted(sent, .refused))
        #expect(
            refused.publications.map(\.publication) == [
                .recorded(LedgerWrite(attempt: 2, state: .inDoubt, sequence: 2))
            ]
        )
    }

    @Test func absenceIsJudgedByWhenItWasAskedFor() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(10)))
        let lookup = try nextLookup(script)
        // The answer takes longer than the whole window.
        script.pass(.seconds(60))
        let effects = script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
        #expect(effects.publications.isEmpty && effects.appends.isEmpty)
    }

    @Test func aPaymentThatIsRefusedWhenItIsSentAgainEnds() throws {
        let script = try doubt(
            EngineSettings(rateLimit: 1000, settleWindow: .seconds(30), repostsWhenAbsent: true)
        )
        var effects: [Effect] = []
        for _ in 0..<20 where effects.appends.isEmpty {
            let lookup = try nextLookup(script)
            effects = script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
        }
        _ = script.committedOffset()
        let intent = try #require(effects.appends.first)
        let sent = try #require(script.fence(script.step(.appended(intent.ticket, offset: 8))))
        _ = script.settle(script.step(.transmitted(sent, .refused)))
        var published: Publication?
        for _ in 0..<20 where published == nil {
            let lookup = try nextLookup(script)
            published = script.settle(
                script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
            )
        }
        #expect(published == .recorded(LedgerWrite(attempt: 2, state: .refused, sequence: 3)))
    }

    @Test func anUnansweredLookupDecidesNothing() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(5)))
        for _ in 0..<8 {
            let lookup = try nextLookup(script)
            #expect(
                script.step(.lookedUp(lookup, [:], failure: .inDoubt(.providerFailed))).appends
                    .isEmpty
            )
        }
        #expect(script.engine.summary.inDoubt == 1)
    }

    @Test func anUnansweredLookupIsRepeatedSoonWhateverTheScheduleSays() throws {
        let script = try doubt()
        for _ in 0..<6 {
            script.step(.lookedUp(try nextLookup(script), [record(0): .absent], failure: nil))
        }
        let slow = script.now.uptime
        let unanswered = try nextLookup(script)
        #expect(script.now.uptime - slow > .seconds(60))
        script.step(.lookedUp(unanswered, [:], failure: .inDoubt(.providerFailed)))
        let asked = script.now.uptime
        _ = try nextLookup(script)
        #expect(script.now.uptime - asked <= .seconds(6))
    }

    @Test func theEndOfADoubtIsAnnouncedBeforeItIsRecorded() throws {
        let script = try doubt()
        let lookup = try nextLookup(script)
        let announcing = script.step(.lookedUp(lookup, [record(0): .found], failure: nil))
        #expect(announcing.appends.isEmpty)
        let event = try #require(announcing.publications.first)
        let recording = script.step(.published(event.ticket, acknowledged: true))
        #expect(recording.appends.map(\.write.state) == [.accepted])
    }

    @Test func aDoubtFoundInTheLedgerIsAsOldAsItsRecord() throws {
        let script = Script(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        var old = entry(1, at: 0, .inDoubt)
        old.at = script.now.wallClock - 120_000
        script.assign(0, ledger: [old])
        let lookup = try nextLookup(script)
        let published = script.settle(
            script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
        )
        #expect(published == .recorded(LedgerWrite(attempt: 1, state: .review, sequence: 2)))
    }

    @Test func manyDoubtsAreLookedUpInOneRequest() throws {
        let script = Script.ready()
        for offset in 0..<5 {
            let sent = try #require(script.send(record(Int64(offset)), order(UInt64(offset))))
            _ = script.settle(script.step(.transmitted(sent, .inDoubt(.unclearAnswer))))
        }
        let effects = script.passUntil(.seconds(5)) { if case .lookUp = $0 { true } else { false } }
        #expect(effects.lookups.map(\.records.count) == [5])
    }
}

/// What the ledger says is kept, whoever wrote it (DESIGN.md §4).
@Suite struct LedgerTests {
    @Test func anIntentWithoutOutcomeMayHaveBeenSent() throws {
        let script = Script()
        let effects = script.assign(0, ledger: [entry(1, at: 0, .intent, sequence: 0)])
        let write = try #require(effects.appends.first)
        #expect(write.write == LedgerWrite(attempt: 1, state: .inDoubt, sequence: 1))
        // The command is read again: it is the same one, and is not sent.
        let again = script.step(.received(record(0), .create(order(1))))
        #expect(again.transmissions.isEmpty && again.appends.isEmpty)
        let publishing = script.step(.appended(write.ticket, offset: 6))
        let event = try #require(publishing.publications.first)
        script.step(.published(event.ticket, acknowledged: true))
        #expect(script.committedOffset() == 1)
        #expect(script.engine.summary.inDoubt == 1)
    }

    @Test func anOutcomeClosesItsIntentInAnyOrder() {
        for entries in [
            [entry(1, at: 0, .intent), entry(1, at: 0, .accepted)],
            [entry(1, at: 0, .accepted), entry(1, at: 0, .intent)],
            [entry(1, at: 0, attempt: 2, .accepted), entry(1, at: 0, attempt: 1, .intent)],
        ] {
            let script = Script()
            #expect(script.assign(0, ledger: entries).appends.isEmpty)
            #expect(script.engine.summary.inDoubt == 0)
        }
    }

    @Test func aCommandAnsweredBeforeIsAnsweredAgainFromTheLedger() {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted, ledgerOffset: 42)])
        let effects = script.step(.received(record(7), .create(order(1))))
        #expect(
            effects.publications.map(\.publication) == [
                .replay(.init(attempt: 1, state: .accepted, sequence: 1), ledgerOffset: 42)
            ]
        )
        #expect(effects.transmissions.isEmpty && effects.appends.isEmpty)
    }

    @Test func anotherBodyUnderAKnownReferenceIsAConflict() {
        let script = Script.ready(ledger: [entry(1, body: 7, at: 0, .accepted)])
        let effects = script.step(.received(record(7), .create(order(1, body: 8))))
        #expect(effects.publications.map(\.publication) == [.conflict(.accepted)])
    }

    @Test func whatIsKnownIsNotErasedByALateOwner() {
        for state in [LedgerState.accepted, .refused, .inDoubt, .review] {
            let script = Script.ready(ledger: [entry(1, at: 0, state), entry(1, at: 0, .notSent)])
            let effects = script.step(.received(record(7), .create(order(1))))
            #expect(effects.transmissions.isEmpty)
            if state != .refused { #expect(effects.appends.isEmpty) }
        }
    }

    @Test func aLateOwnerDoesNotCloseTheIntentOfAnother() {
        var second = entry(1, at: 0, .intent)
        second.owner = 2
        var late = entry(1, at: 0, .intent)
        late.owner = 1
        var closing = entry(1, at: 0, .notSent)
        closing.owner = 1
        for entries in [
            [second, late, closing], [second, closing], [late, second, closing],
            [late, closing, second],
        ] {
            let script = Script()
            let effects = script.assign(0, ledger: entries)
            #expect(effects.appends.map(\.write.state) == [.inDoubt])
        }
        let script = Script()
        #expect(script.assign(0, ledger: [late, closing]).appends.isEmpty)
    }

    @Test func aLaterAttemptThatWasNotSentSettlesNothing() {
        let doubtful = entry(1, at: 0, .inDoubt)
        let given = entry(1, at: 0, attempt: 2, .notSent)
        for entries in [[doubtful, given], [given, doubtful]] {
            let script = Script.ready(ledger: entries)
            #expect(script.engine.summary.inDoubt == 1)
            let effects = script.step(.received(record(7), .create(order(1))))
            #expect(effects.appends.isEmpty)
        }
    }

    @Test func anEarlierCommandThatIsReadOnceMoreWasAnsweredBefore() {
        let script = Script.ready(ledger: [entry(1, at: 20, .refused, ledgerOffset: 9)])
        let effects = script.step(.received(record(10), .create(order(1))))
        #expect(effects.appends.isEmpty && effects.publications.isEmpty)
        #expect(script.committedOffset() == 11)
    }

    @Test func aRefusedReferenceMayBeTriedByALaterCommandOnly() {
        let script = Script.ready(ledger: [entry(1, at: 3, .refused, ledgerOffset: 9)])
        let same = script.step(.received(record(3), .create(order(1))))
        #expect(
            same.publications.map(\.publication) == [
                .replay(.init(attempt: 1, state: .refused, sequence: 1), ledgerOffset: 9)
            ]
        )
        let event = same.publications[0]
        script.step(.published(event.ticket, acknowledged: true))
        let later = script.step(.received(record(4), .create(order(1))))
        #expect(
            later.appends.map(\.write) == [LedgerWrite(attempt: 2, state: .intent, sequence: 1)]
        )
    }

    @Test func anAttemptThatWasNotSentIsFollowedByTheNext() {
        let script = Script.ready(ledger: [entry(1, at: 3, .notSent, sequence: 0)])
        let effects = script.step(.received(record(3), .create(order(1))))
        #expect(
            effects.appends.map(\.write) == [LedgerWrite(attempt: 2, state: .intent, sequence: 0)]
        )
    }

    @Test func nothingIsTakenBeforeTheLedgerIsRead() {
        let script = Script()
        script.step(.assigned(partition: 0, start: 0))
        #expect(script.step(.received(record(0), .create(order(1)))) == [.forget(record(0))])
        #expect(script.step(.restored(partition: 0)).contains(.resume([0])))
    }
}

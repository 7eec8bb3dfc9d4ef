import Testing

@testable import Engine

/// In doubt is looked up; never does it turn into failed because time passed (DESIGN.md §4).
@Suite struct DoubtTests {
    private func doubt(_ settings: EngineSettings = Script.roomy) throws -> Script {
        let script = Script.ready(settings)
        let sent = try #require(script.send(record(0), order(1)))
        let published = script.settle(script.step(.transmitted(sent, .inDoubt(.providerFailed))))
        #expect(published?.said == Said(1, .inDoubt, 1))
        return script
    }

    @Test func foundIsAcceptedOnceEveryFieldWasCompared() throws {
        let script = try doubt()
        #expect(script.committedOffset() == 1)
        let confirming = script.look(.found)
        #expect(confirming.appends.isEmpty)
        let lookup = try #require(confirming.lookups.first)
        #expect(lookup.isConfirming && lookup.records == [record(0)])
        let published = script.settle(
            script.step(.lookedUp(lookup.number, [record(0): .found], failure: nil))
        )
        #expect(published?.said == Said(1, .accepted, 2))
        #expect(script.summary.doubts == 0)
    }

    @Test func foundButDifferentInFullGoesToReview() throws {
        let script = try doubt()
        let lookup = try #require(script.look(.found).lookups.first)
        let published = script.settle(
            script.step(.lookedUp(lookup.number, [record(0): .mismatch], failure: nil))
        )
        #expect(published?.said == Said(1, .review, 2))
    }

    @Test func absenceIsNotJudgedByTheLookupThatConfirms() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(5)))
        script.pass(.seconds(60))
        let lookup = try #require(script.look(.found).lookups.first)
        let unclear = script.step(.lookedUp(lookup.number, [record(0): .absent], failure: nil))
        #expect(unclear.appends.isEmpty)
        #expect(script.look(.absent).appends.map(\.write.state) == [.review])
    }

    @Test func somethingElseUnderTheReferenceGoesToReview() throws {
        let script = try doubt()
        #expect(script.settle(script.look(.mismatch))?.said == Said(1, .review, 2))
        #expect(script.summary.doubts == 1)
    }

    @Test func anAbsentPayoutIsReviewedAfterTheSettleWindowAndNeverSentAgain() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        let began = script.now.uptime
        #expect(script.lookUntilSettled(.absent)?.said == Said(1, .review, 2))
        #expect(script.now.uptime - began >= .seconds(60))
        // The clock is our own: no allowance.
        #expect(script.now.uptime - began < .seconds(70))
        // It is looked up for as long as a person has not decided, and accepted if it turns up.
        #expect(script.lookUntilSettled(.found)?.said == Said(1, .accepted, 3))
    }

    @Test func theTimeThatTheLedgerTakesDoesNotCountTwice() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        let sent = try #require(script.send(record(0), order(1)))
        let recording = script.step(.transmitted(sent, .inDoubt(.providerFailed)))
        script.pass(.milliseconds(5))
        let began = script.now.uptime
        _ = script.settle(recording)
        #expect(script.lookUntilSettled(.absent)?.said == Said(1, .review, 2))
        #expect(script.now.uptime - began >= .seconds(65))
        #expect(script.now.uptime - began < .seconds(70))
    }

    private func absentPayment() throws -> (script: Script, second: Ticket) {
        let script = try doubt(
            EngineSettings(rateLimit: 1000, settleWindow: .seconds(30), repostsWhenAbsent: true)
        )
        var effects: [Effect] = []
        for _ in 0..<20 where effects.appends.isEmpty { effects = script.look(.absent) }
        _ = script.committedOffset()
        let intent = try #require(effects.appends.first)
        #expect(intent.write.said == Said(2, .intent, 1))
        let second = try #require(script.fence(script.step(script.stored(intent.ticket))))
        return (script, second)
    }

    @Test func anAbsentPaymentIsSentAgainAsANewAttempt() throws {
        let (script, second) = try absentPayment()
        // A refusal now may speak of the first attempt.
        let published = script.settle(script.step(.transmitted(second, .refused)))
        #expect(published?.said == Said(2, .inDoubt, 2))
    }

    @Test func aPaymentThatIsRefusedWhenItIsSentAgainEnds() throws {
        let (script, second) = try absentPayment()
        _ = script.settle(script.step(.transmitted(second, .refused)))
        #expect(script.lookUntilSettled(.absent)?.said == Said(2, .refused, 3))
    }

    @Test func absenceIsJudgedByWhenItWasAskedFor() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(10)))
        let lookup = try #require(script.nextLookup()).number
        // The answer takes longer than the whole window.
        script.pass(.seconds(60))
        let effects = script.step(.lookedUp(lookup, [record(0): .absent], failure: nil))
        #expect(effects.publications.isEmpty && effects.appends.isEmpty)
    }

    @Test func anUnansweredLookupDecidesNothing() throws {
        let script = try doubt(EngineSettings(rateLimit: 1000, settleWindow: .seconds(5)))
        for _ in 0..<8 {
            let lookup = try #require(script.nextLookup()).number
            #expect(
                script.step(.lookedUp(lookup, [:], failure: .inDoubt(.providerFailed))).appends
                    .isEmpty
            )
        }
        #expect(script.summary.doubts == 1)
    }

    @Test func anUnansweredLookupIsRepeatedSoonWhateverTheScheduleSays() throws {
        let script = try doubt()
        for _ in 0..<6 { _ = script.look(.absent) }
        let slow = script.now.uptime
        let unanswered = try #require(script.nextLookup()).number
        #expect(script.now.uptime - slow > .seconds(60))
        script.step(.lookedUp(unanswered, [:], failure: .inDoubt(.providerFailed)))
        let asked = script.now.uptime
        _ = try #require(script.nextLookup()).number
        #expect(script.now.uptime - asked <= .seconds(6))
    }

    @Test func manyDoubtsAreLookedUpInOneRequest() throws {
        let script = Script.ready()
        for offset in 0..<5 {
            let sent = try #require(script.send(record(Int64(offset)), order(UInt64(offset))))
            _ = script.settle(script.step(.transmitted(sent, .inDoubt(.unclearAnswer))))
        }
        #expect(script.nextLookup()?.records.count == 5)
    }

    @Test(arguments: [Outcome.refused, .inDoubt(.unclearAnswer)])
    func aBatchThatIsRefusedIsAskedForOneByOne(failure: Outcome) throws {
        let script = Script.ready(
            start: 3,
            ledger: (0..<3).map { entry(UInt64($0), at: $0, .inDoubt, ledgerOffset: $0) }
        )
        let batch = try #require(script.nextLookup())
        #expect(batch.records.count == 3)
        script.step(.lookedUp(batch.number, [:], failure: failure))
        let again = script.run([], for: .seconds(20)).map(\.effect).lookups
        #expect(again.map(\.records) == [[record(0)], [record(1)], [record(2)]])
        #expect(again.allSatisfy { !$0.isConfirming })
    }

    @Test func whatMayHaveArrivedAndIsGoneFromTheLogIsForAPerson() throws {
        let script = Script()
        let begun = script.assign(0, start: 1, ledger: [entry(1, at: 0, .released)])
        let intent = try #require((begun + script.pass(.seconds(1))).appends.first)
        let sent = try #require(script.fence(script.step(script.stored(intent.ticket))))
        let gone = script.step(.transmitted(sent, .notSent(.commandGone, retryAfter: nil)))
        #expect(script.settle(gone)?.said == Said(2, .review, 2))
        #expect(script.summary.doubts == 1)
    }

    @Test func whatWasNeverSentAndIsGoneFromTheLogIsRefused() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let gone = script.step(.transmitted(sent, .notSent(.commandGone, retryAfter: nil)))
        #expect(script.settle(gone)?.said == Said(1, .refused, 1))
        #expect(script.committedOffset() == 1)
    }

    // MARK: After a restart

    /// How long after a restart absence is judged; the doubt was as old as this then.
    private func judgement(of age: Duration, settleWindow: Duration) throws -> Duration {
        let script = Script(EngineSettings(rateLimit: 1000, settleWindow: settleWindow))
        let since = script.now.wallClock - age.wholeNanoseconds / 1_000_000
        var old = entry(1, at: 0, .inDoubt, since: since)
        // It was recorded later than it began.
        old.at = script.now.wallClock
        script.assign(0, start: 1, ledger: [old])
        let restarted = script.now.uptime
        let published = try #require(script.lookUntilSettled(.absent))
        #expect(published.said == Said(1, .review, 2))
        #expect(published.since == since)
        return script.now.uptime - restarted
    }

    @Test func aDoubtFoundInTheLedgerIsAsOldAsItSays() throws {
        // 600 s and 5 s to send, less 300 s, more 60 s by which clocks may differ.
        let wait = try judgement(of: .seconds(300), settleWindow: .seconds(600))
        #expect(wait >= .seconds(365) && wait < .seconds(370))
    }

    @Test func clocksMayDifferByTheAllowance() throws {
        // Without the allowance it would be judged at once.
        let wait = try judgement(of: .seconds(70), settleWindow: .seconds(60))
        #expect(wait >= .seconds(55) && wait < .seconds(60))
    }

    @Test func anIntentWithoutOutcomeIsInDoubtFromTheRestartOn() throws {
        let script = Script(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        let effects = script.assign(0, start: 1, ledger: [entry(1, at: 0, .intent, sequence: 0)])
        let restarted = script.now
        let doubtful = try #require(script.settle(effects))
        #expect(doubtful.said == Said(1, .inDoubt, 1) && doubtful.since == restarted.wallClock)
        #expect(script.lookUntilSettled(.absent)?.said == Said(1, .review, 2))
        #expect(script.now.uptime - restarted.uptime >= .seconds(65))
    }
}

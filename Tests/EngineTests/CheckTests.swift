import Testing

@testable import Engine

/// Commands that ask (CONTRACT.md, `aspayds.payment.check`), and the harmless read.
@Suite struct CheckTests {
    private func check(_ offset: Int64) -> Input {
        .received(record(offset), .check(key(UInt64(offset))))
    }

    @Test func manyAreAskedForInOneRequest() throws {
        let script = Script.ready()
        let effects = script.step((0..<250).map { check($0) })
        #expect(effects.asks.map(\.tickets.count) == [100, 100, 50])
        let first = try #require(effects.asks.first)
        let answers = script.step(.answered(first.number, Set(first.tickets), failure: nil))
        #expect(answers.publications.map(\.publication) == Array(repeating: .answer, count: 100))
    }

    @Test func onePermitIsTakenForMany() {
        let script = Script.ready(EngineSettings(rateLimit: 1, maxHeld: 1000))
        let first = script.step((0..<300).map { check($0) })
        #expect(first.asks.count == 1)
        #expect(script.pass(.seconds(1)).asks.count == 1)
    }

    @Test func aRequestThatFailedIsRepeated() throws {
        let script = Script.ready()
        let first = try #require(script.step(check(0)).asks.first)
        script.step(.answered(first.number, [], failure: .inDoubt(.providerFailed)))
        let again = script.passUntil(.seconds(31)) { if case .ask = $0 { true } else { false } }
        let second = try #require(again.asks.first)
        let answer = script.step(.answered(second.number, Set(second.tickets), failure: nil))
        #expect(answer.publications.map(\.publication) == [.answer])
    }

    /// Lets every question fail until something is said, or the time is over.
    private func askInVain(
        _ script: Script,
        _ begin: [Effect],
        _ failure: Outcome
    ) -> (asks: Int, said: [Publication]) {
        var effects = begin
        var asks = 0
        let end = script.now.uptime + .seconds(3600)
        while script.now.uptime < end {
            let said = effects.publications.map(\.publication)
            if !said.isEmpty { return (asks, said) }
            var next: [Effect] = []
            for ask in effects.asks {
                asks += 1
                next += script.step(.answered(ask.number, [], failure: failure))
            }
            // An outage holds everything back; a harmless read tells that it is over.
            if next.contains(.probe) { next += script.step(.probed(.healthy)) }
            effects = next.isEmpty ? script.pass(.seconds(40)) : next
        }
        return (asks, [])
    }

    @Test(arguments: [Outcome.inDoubt(.providerFailed), .inDoubt(.unclearAnswer), .refused])
    func aQuestionThatIsNeverAnsweredEnds(failure: Outcome) {
        let inputs = [
            check(0), .received(record(0), .methods), .received(record(0), .hint(key(7), .webhook)),
        ]
        for input in inputs {
            let script = Script.ready()
            let (asks, said) = askInVain(script, script.step(input), failure)
            #expect(said == [.unanswered] && asks == 6)
        }
    }

    @Test func whatIsNotAskedIsNotAnswered() {
        let script = Script.ready()
        let failure = Outcome.notSent(.rateLimited, retryAfter: nil)
        let (asks, said) = askInVain(script, script.step(check(0)), failure)
        #expect(said.isEmpty && asks > 50)
    }

    @Test func whatFailsAmongOthersIsAskedByItselfBeforeThatIsItsAnswer() throws {
        let script = Script.ready()
        var effects = script.step((0..<3).map { check($0) })
        var answered: [Publication] = []
        for _ in 0..<200 where script.summary.unfinished > 0 {
            var next: [Effect] = []
            for ask in effects.asks {
                let isPoisoned = ask.tickets.contains { $0.record == record(1) }
                next += script.step(
                    .answered(
                        ask.number,
                        isPoisoned ? [] : Set(ask.tickets),
                        failure: isPoisoned ? .inDoubt(.providerFailed) : nil
                    )
                )
            }
            if next.contains(.probe) { next += script.step(.probed(.healthy)) }
            answered += next.publications.map(\.publication)
            for event in next.publications {
                next += script.step(.published(event.ticket, acknowledged: true))
            }
            effects = next + script.pass(.seconds(10))
        }
        #expect(answered == [.answer, .answer, .unanswered])
        #expect(script.summary.unfinished == 0)
    }

    @Test func whatGoesUnansweredAmongOthersIsAskedForByItself() throws {
        let script = Script.ready()
        var asks = script.step((0..<3).map { check($0) }).asks
        for _ in 0..<2 {
            #expect(asks.map(\.tickets.count) == [3])
            script.step(.answered(try #require(asks.first).number, [], failure: nil))
            // Every back-off is over by then.
            asks = script.pass(.seconds(60)).asks
        }
        #expect(asks.map(\.tickets.count) == [1, 1, 1])
    }

    @Test func aMethodsCommandIsAskedForByItself() {
        let script = Script.ready()
        let effects = script.step(
            check(0),
            .received(record(1), .methods),
            check(2),
            check(3)
        )
        #expect(effects.asks.map(\.tickets.count) == [1, 1, 2])
    }

    @Test func onlySoManyRequestsAreOnTheirWay() {
        let script = Script.ready(EngineSettings(rateLimit: 100_000, maxHeld: 10_000))
        #expect(script.step((0..<1000).map { check($0) }).asks.count == 4)
        #expect(script.pass(.seconds(1)).asks.isEmpty)
    }

    @Test func anAnswerAfterThePartitionIsGoneIsIgnored() throws {
        let script = Script.ready()
        let batch = try #require(script.step(check(0)).asks.first)
        script.step(.lost([0]))
        let late = script.step(.answered(batch.number, Set(batch.tickets), failure: nil))
        #expect(late.publications.isEmpty && script.summary.unfinished == 0)
    }

    @Test func whatTheLedgerHasIsOurs() {
        let script = Script.ready(
            start: 7,
            ledger: [
                entry(1, at: 0, .accepted), entry(2, at: 1, .disputed), entry(3, at: 2, .refused),
                entry(4, at: 3, .inDoubt), entry(5, at: 4, .review), entry(6, at: 5, .expired),
            ]
        )
        let known = (1...7).map { script.isOwn($0) }
        #expect(known == [true, true, false, nil, nil, false, false])
        #expect(script.isOwn(1, in: 1) == nil)
    }

    // MARK: The harmless read

    private func isProbe(_ effect: Effect) -> Bool { effect == .probe }

    @Test func isSentAtTheStartAndEverySoOften() {
        let script = Script(EngineSettings(refreshInterval: .seconds(600)))
        // Without a partition there is no share of the rate.
        #expect(script.passUntil(.seconds(60), isProbe).isEmpty)
        script.assign(0)
        #expect(script.passUntil(.seconds(1), isProbe).contains(.probe))
        script.step(.probed(.healthy))
        #expect(!script.pass(.seconds(599)).contains(.probe))
        #expect(script.pass(.seconds(2)).contains(.probe))
        script.step(.probed(.failed))
        #expect(script.passUntil(.seconds(31), isProbe).contains(.probe))
    }

    @Test func takesAPermit() {
        let script = Script(EngineSettings(rateLimit: 1, refreshInterval: .seconds(600)))
        let start = script.assign(0) + script.passUntil(.seconds(2), isProbe)
        #expect(start.contains(.probe))
        #expect(script.step(check(0)).asks.isEmpty)
        #expect(script.pass(.seconds(1)).asks.count == 1)
    }

    @Test func tellsOfRefusedCredentialsBeforeAnythingIsSent() {
        let script = Script(EngineSettings(refreshInterval: .seconds(600)))
        script.assign(0)
        #expect(script.passUntil(.seconds(1), isProbe).contains(.probe))
        let effects = script.step(.probed(.unauthorized))
        #expect(effects.contains(.alert(.breakerOpened(.credentials))))
        #expect(effects.contains(.pause([0])))
    }
}

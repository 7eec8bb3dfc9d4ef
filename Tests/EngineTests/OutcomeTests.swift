import Testing

@testable import Engine

/// What each outcome of a transmission leads to (DESIGN.md §4, table; §5).
@Suite struct OutcomeTests {
    @Test(arguments: [
        (Outcome.accepted, LedgerState.accepted), (.refused, .refused),
        (.inDoubt(.providerFailed), .inDoubt), (.inDoubt(.unclearAnswer), .inDoubt),
    ])
    func isRecordedAndPublished(outcome: Outcome, state: LedgerState) throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let published = script.settle(script.step(.transmitted(sent, outcome)))
        #expect(published?.said == Said(1, state, 1))
        #expect(script.committedOffset() == 1)
    }

    @Test func notSentIsSentAgainBehindANewFenceUnderTheSameIntent() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let backOff = script.step(.transmitted(sent, .notSent(.noConnection, retryAfter: nil)))
        #expect(backOff.isEmpty)
        let again = script.passUntil(.seconds(31)) { if case .commit = $0 { true } else { false } }
        #expect(again.appends.isEmpty)
        let second = try #require(script.fence(again))
        #expect(second != sent)
        let published = script.settle(script.step(.transmitted(second, .accepted)))
        #expect(published?.said == Said(1, .accepted, 1))
    }

    @Test func retryAfterIsObeyed() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: .seconds(20))))
        #expect(script.pass(.milliseconds(19_999)).commits.isEmpty)
        #expect(
            !script.passUntil(.seconds(3)) { if case .commit = $0 { true } else { false } }.isEmpty
        )
    }

    @Test func backOffIsFullJitterWithACap() {
        var generator = SeededGenerator(seed: 7)
        let backoff = Backoff(base: .seconds(1), cap: .seconds(8))
        for (number, limit) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (60, 8)] {
            let delays = (0..<200).map { _ in
                backoff.delay(try: number, atLeast: nil, using: &generator)
            }
            #expect(delays.allSatisfy { $0 >= .zero && $0 <= Duration.seconds(limit) })
            #expect(delays.contains { $0 > Duration.seconds(limit) * 0.8 })
            #expect(delays.contains { $0 < Duration.seconds(limit) * 0.2 })
        }
    }

    @Test func wrongCredentialsStopTheIntakeAndFailNothing() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let stopped = script.step(.transmitted(sent, .notSent(.unauthorized, retryAfter: nil)))
        #expect(stopped.contains(.alert(.breakerOpened(.credentials))))
        #expect(stopped.contains(.pause([0])))
        #expect(stopped.appends.isEmpty && stopped.publications.isEmpty)

        let probing = script.passUntil(.seconds(31)) { $0 == .probe }
        #expect(probing.contains(.probe))
        #expect(!script.step(.probed(.unauthorized)).contains(.resume([0])))
        #expect(!script.passUntil(.seconds(31)) { $0 == .probe }.isEmpty)
        let open = script.step(.probed(.healthy))
        #expect(open.contains(.resume([0])) && open.contains(.alert(.breakerClosed)))
        let again =
            open.commits.isEmpty
            ? script.passUntil(.seconds(31)) { if case .commit = $0 { true } else { false } } : open
        #expect(script.fence(again) != nil)
    }

    @Test(arguments: [ProbeResult.unauthorized, .forbidden, .healthy, .failed])
    func forbiddenIsJudgedByTheProbe(probe: ProbeResult) throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        #expect(script.step(.transmitted(sent, .unjudged)).contains(.probe))
        let judged = script.step(.probed(probe))
        switch probe {
        case .unauthorized, .forbidden:
            #expect(judged.appends.isEmpty)
            #expect(judged.contains(.alert(.breakerOpened(.credentials))))
        case .healthy, .failed:
            #expect(judged.appends.first?.write.state == .inDoubt)
        }
    }

    @Test func theBreakerOpensOnFailuresAndClosesWhenTheProbeIsAnswered() throws {
        let script = Script.ready()
        var alerts: [Effect] = []
        for offset in 0..<5 {
            let sent = try #require(script.send(record(Int64(offset)), order(UInt64(offset))))
            alerts = script.step(.transmitted(sent, .inDoubt(.providerFailed)))
        }
        #expect(alerts.contains(.alert(.breakerOpened(.failures))))
        #expect(alerts.contains(.pause([0])))
        #expect(script.step(received(10, order(10))).appends.isEmpty)
        #expect(!script.passUntil(.seconds(31)) { $0 == .probe }.isEmpty)
        let healthy = script.step(.probed(.healthy))
        #expect(healthy.contains(.resume([0])))
        #expect(healthy.appends.contains { $0.ticket.record == record(10) })
    }

    @Test func refusalsDoNotOpenTheBreaker() throws {
        let script = Script.ready()
        for offset in 0..<30 {
            let sent = try #require(script.send(record(Int64(offset)), order(UInt64(offset))))
            let effects = script.step(.transmitted(sent, .refused))
            #expect(!effects.contains(.alert(.breakerOpened(.failures))))
            _ = script.settle(effects)
        }
    }

}

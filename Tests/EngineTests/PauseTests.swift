import Testing

@testable import Engine

/// Operators let nothing new be sent, or change the rate.
@Suite struct PauseTests {
    @Test func nothingNewIsSentWhileItIsPaused() throws {
        let script = Script.ready()
        let paused = script.step(.paused(true))
        #expect(paused.contains(.pause([0])))
        let effects = script.step(received(0, order(1)))
        #expect(effects.appends.isEmpty)
        #expect(script.pass(.seconds(60)).appends.isEmpty)

        let resumed = script.step(.paused(false))
        #expect(resumed.contains(.resume([0])))
        #expect(resumed.appends.count == 1)
    }

    @Test func whatIsOnItsWayGoesOn() throws {
        let script = Script.ready()
        let intent = try #require(script.step(received(0, order(1))).appends.first)
        script.step(.paused(true))
        #expect(script.fence(script.step(script.stored(intent.ticket))) != nil)
    }

    @Test func whatWasSentIsFollowed() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted)])
        script.step(.paused(true))
        #expect(script.passUntil(.seconds(900)) { ![$0].polls.isEmpty }.polls.count == 1)
    }

    @Test func whatWaitsExpires() throws {
        let script = Script.ready()
        script.step(.paused(true))
        script.step(received(0, order(1, notAfter: script.now.wallClock + 1000)))
        let expired = script.accept(script.pass(.seconds(2))).appends
        #expect(expired.map(\.write.state) == [.expired])
    }

    @Test func anotherRateIsSharedByPartitions() {
        let script = Script(EngineSettings(rateLimit: 10, partitionCount: 4))
        script.assign(0)
        #expect(script.summary.share == 2.5)
        script.step(.rateLimit(20))
        #expect(script.summary.share == 5)
        script.assign(1)
        #expect(script.summary.share == 10)
    }
}

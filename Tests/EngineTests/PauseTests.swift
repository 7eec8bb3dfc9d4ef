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

    /// The last owner died before its offset was committed: its command is to be read again first.
    @Test func whatComesOfAnUnreadCommandIsRecordedAfterTheResume() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted)])
        script.step(.paused(true))
        var polls = 0
        let end = script.now.uptime + .seconds(3600)
        while script.now.uptime < end {
            for poll in script.passUntil(.seconds(900), { ![$0].polls.isEmpty }).polls {
                polls += 1
                let sightings = [record(0): Sighting.status(.completed)]
                let effects = script.step(.polled(poll.number, sightings, failure: nil))
                #expect(effects.appends.isEmpty)
            }
        }
        // At the pace of the schedule.
        #expect(1...15 ~= polls)

        script.step(.paused(false))
        let again = try #require(script.step(received(0, order(1))).publications.first)
        let next = script.step(.published(again.ticket, acknowledged: true))
        let poll = try #require(next.polls.first)
        let sightings = [record(0): Sighting.status(.completed)]
        let recording = script.step(.polled(poll.number, sightings, failure: nil))
        #expect(script.settle(recording)?.said == Said(1, .completed, 2))
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

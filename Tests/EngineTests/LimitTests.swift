import Testing

@testable import Engine

/// Rate, concurrency and back pressure (DESIGN.md §5).
@Suite struct LimitTests {
    @Test func theRateIsKeptOverEverySecond() {
        let script = Script(EngineSettings(rateLimit: 20, maxInFlight: 1000))
        script.assign(0)
        for offset in 0..<200 {
            script.step(.received(record(Int64(offset)), .create(order(UInt64(offset)))))
        }
        var starts: [Instant] = []
        while starts.count < 150, let wake = script.engine.wakeAt {
            let effects = script.pass(max(.nanoseconds(1), wake - script.now.uptime))
            starts += effects.appends.map { _ in script.now.uptime }
        }
        #expect(starts.count >= 150)
        for (index, start) in starts.enumerated() {
            let window = starts[index...].prefix { $0 - start < .seconds(1) }
            #expect(window.count <= 22)
        }
        if let first = starts.first, let last = starts.last {
            #expect(last - first < .seconds(8))
        }
    }

    @Test func replicasShareTheRateByPartitions() {
        let script = Script(EngineSettings(rateLimit: 40, partitionCount: 4))
        script.assign(0)
        #expect(script.engine.summary.rate == 10)
        script.assign(1)
        #expect(script.engine.summary.rate == 20)
        script.step(.lost([0]))
        #expect(script.engine.summary.rate == 10)
    }

    @Test func aShareThatIsGainedStartsEmpty() {
        let script = Script(EngineSettings(rateLimit: 100))
        script.assign(0)
        #expect(script.step(.received(record(0), .create(order(1)))).appends.isEmpty)
        #expect(script.pass(.milliseconds(11)).appends.count == 1)
    }

    @Test func tooManyRequestsHalveTheRateAndItComesBack() throws {
        let script = Script.ready(EngineSettings(rateLimit: 100))
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: nil)))
        #expect(script.engine.summary.rate == 50)
        script.pass(.seconds(5))
        script.step(.received(record(1), .malformed))
        #expect(script.engine.summary.rate > 70 && script.engine.summary.rate < 80)
    }

    @Test func onlySoManyAreInFlight() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, maxInFlight: 2))
        let effects = script.step(
            (0..<5).map { .received(record($0), .create(order(UInt64($0)))) }
        )
        #expect(effects.appends.count == 2)
        #expect(script.engine.summary.inFlight == 2)
        let fence = script.step(
            .appended(effects.appends[0].ticket, offset: 0),
            .appended(effects.appends[1].ticket, offset: 1)
        )
        let sent = try #require(script.fence(fence))
        let freed = script.step(.transmitted(sent, .accepted))
        #expect(freed.appends.map(\.write.state) == [.accepted, .intent])
    }

    @Test func noMoreIsWantedWhileTooMuchIsHeld() {
        let script = Script.ready(EngineSettings(rateLimit: 0.001, maxHeld: 10))
        let full = script.step((0..<10).map { .received(record($0), .malformed) })
        #expect(!script.engine.wantsRecords)
        script.step(.published(full.publications[0].ticket, acknowledged: true))
        #expect(script.engine.wantsRecords)
    }

    @Test func aPartitionIsPausedWhenOneCommandHoldsTooMuchBack() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, maxHeld: 1000, maxSpan: 10))
        let stuck = script.step(.received(record(0), .create(order(1))))
        #expect(stuck.appends.count == 1)
        var effects: [Effect] = []
        for offset in 1..<10 {
            let step = script.step(.received(record(Int64(offset)), .malformed))
            effects += step
            script.step(.published(step.publications[0].ticket, acknowledged: true))
        }
        #expect(effects.contains(.pause([0])))
    }

    @Test func verificationIsNotStarvedByOrders() {
        let script = Script(EngineSettings(rateLimit: 100, maxInFlight: 1000))
        script.assign(0)
        script.step((0..<100).map { .received(record($0), .create(order(UInt64($0)))) })
        script.step(
            (100..<200).map {
                .received(record($0), .check(ReferenceKey(high: UInt64($0), low: 1)))
            }
        )
        var orders = 0
        var checks = 0
        while orders + checks < 50, let wake = script.engine.wakeAt {
            let effects = script.pass(max(.nanoseconds(1), wake - script.now.uptime))
            orders += effects.appends.count
            checks += effects.asked.count
        }
        #expect(checks >= 9 && checks <= 12)
        #expect(orders >= 38)
    }

    @Test func anIdleEngineDoesNotWakeUp() {
        let script = Script()
        #expect(script.engine.wakeAt == nil)
        script.assign(0)
        #expect(script.engine.wakeAt == nil)
    }
}

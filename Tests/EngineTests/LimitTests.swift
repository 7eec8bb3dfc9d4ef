import Testing

@testable import Engine

/// Rate, concurrency and back pressure (DESIGN.md §5).
@Suite struct LimitTests {
    @Test func theRateIsKeptOverEverySecond() {
        let script = Script(EngineSettings(rateLimit: 20, maxInFlight: 1000))
        script.assign(0)
        let begin = script.step((0..<200).map { received($0, order(UInt64($0))) })
        let starts = transmissions(in: script.run(begin, for: .seconds(8)))
        #expect(starts.count >= 150)
        #expect(busiestSecond(of: starts) <= 22)
    }

    @Test func aSlowFenceDoesNotReleaseABurst() {
        let script = Script(
            EngineSettings(rateLimit: 20, maxInFlight: 1000, sendDeadline: .seconds(60))
        )
        script.assign(0)
        let begin = script.step((0..<200).map { received($0, order(UInt64($0))) })
        let starts = transmissions(
            in: script.run(begin, for: .seconds(60), fencesTake: .seconds(3))
        )
        #expect(starts.count >= 100)
        #expect(busiestSecond(of: starts) <= 22)
    }

    @Test func aReadyOrderWhoseFenceRunsOutIsFencedAgain() throws {
        let script = Script(EngineSettings(rateLimit: 0.1))
        script.assign(0)
        let intent = try #require(script.step(received(0, order(1))).appends.first)
        #expect(script.fence(script.step(script.stored(intent.ticket))) == nil)
        // The fence holds for 5 s, the first permit comes after 10.
        let again = script.pass(.seconds(10))
        #expect(again.transmissions.isEmpty && again.commits.count == 1)
        let deadline = script.now.uptime + .seconds(5)
        #expect(
            script.accept(again).contains {
                if case .transmit(_, 1, let expires) = $0 { expires == deadline } else { false }
            }
        )
    }

    @Test func fewIntentsAreKeptReady() {
        let script = Script(EngineSettings(rateLimit: 20, maxInFlight: 1000))
        script.assign(0)
        let begin = script.step((0..<200).map { received($0, order(UInt64($0))) })
        #expect(begin.appends.count == 10)
    }

    private func transmissions(in history: [(at: Instant, effect: Effect)]) -> [Instant] {
        history.compactMap { if case .transmit = $0.effect { $0.at } else { nil } }
    }

    private func busiestSecond(of starts: [Instant]) -> Int {
        var most = 0
        for (index, start) in starts.enumerated() {
            most = max(most, starts[index...].prefix { $0 - start < .seconds(1) }.count)
        }
        return most
    }

    @Test func replicasShareTheRateByPartitions() {
        let script = Script(EngineSettings(rateLimit: 40, partitionCount: 4))
        script.assign(0)
        #expect(script.summary.rate == 10)
        script.assign(1)
        #expect(script.summary.rate == 20)
        script.step(.lost([0]))
        #expect(script.summary.rate == 10)
    }

    @Test func aShareThatIsGainedStartsEmpty() {
        let script = Script(EngineSettings(rateLimit: 100))
        script.assign(0)
        #expect(script.send(record(0), order(1)) == nil)
        #expect(script.pass(.milliseconds(9)).transmissions.isEmpty)
        #expect(script.pass(.milliseconds(2)).transmissions.count == 1)
    }

    @Test func tooManyRequestsHalveTheRateAndItComesBack() throws {
        let script = Script.ready(EngineSettings(rateLimit: 100))
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: nil)))
        #expect(script.summary.rate == 50)
        script.pass(.seconds(5))
        script.step(.received(record(1), .check(key(2))))
        #expect(script.summary.rate > 70 && script.summary.rate < 80)
    }

    @Test func onlySoManyAreInFlight() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, maxInFlight: 2))
        let effects = script.step(
            (0..<5).map { received($0, order(UInt64($0))) }
        )
        #expect(effects.appends.count == 2)
        #expect(script.summary.inFlight == 2)
        let fence = script.step(
            script.stored(effects.appends[0].ticket),
            script.stored(effects.appends[1].ticket)
        )
        let sent = try #require(script.fence(fence))
        let freed = script.step(.transmitted(sent, .accepted))
        #expect(freed.appends.map(\.write.state) == [.accepted, .intent])
    }

    @Test func noMoreIsWantedWhileTooMuchIsHeld() {
        let script = Script.ready(EngineSettings(rateLimit: 0.001, maxHeld: 10))
        let full = script.step((0..<10).map { .received(record($0), .malformed) })
        #expect(!script.wantsRecords)
        script.step(.published(full.publications[0].ticket, acknowledged: true))
        #expect(script.wantsRecords)
    }

    @Test func aPartitionIsPausedWhenOneCommandHoldsTooMuchBack() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, maxHeld: 1000, maxSpan: 10))
        let stuck = script.step(received(0, order(1)))
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
        var begin = script.step((0..<100).map { received($0, order(UInt64($0))) })
        begin += script.step((100..<200).map { .received(record($0), .methods) })
        let history = script.run(begin, for: .milliseconds(500)).map(\.effect)
        let (orders, checks) = (history.transmissions.count, history.asked.count)
        // None is answered, and so many are on their way at most.
        #expect(checks == 4)
        #expect(orders >= 38)
    }

    @Test func everyLaneHasAFloor() {
        var limiter = RateLimiter(at: Instant(nanoseconds: 0))
        limiter.setShare(10, at: Instant(nanoseconds: 0))
        var counts: [UInt8: Int] = [:]
        for second in 1...100 as ClosedRange<Int64> {
            let now = Instant(nanoseconds: second * 1_000_000_000)
            if let lane = limiter.take(from: [.create, .verify, .poll], at: now) {
                counts[lane.rawValue, default: 0] += 1
            }
        }
        // A tenth of the requests are polls although there is no end of orders and questions.
        #expect(counts == [1: 70, 2: 20, 4: 10])
    }

    @Test func pollsAreNotStarvedByOrdersAndQuestions() {
        let ledger = (0..<300 as Range<Int64>).map {
            entry(UInt64($0), at: $0, .accepted, ledgerOffset: $0)
        }
        let script = Script(EngineSettings(rateLimit: 50, maxInFlight: 1000, maxHeld: 10_000))
        script.assign(0, start: 300, ledger: ledger)
        // Everything that is followed is due, and no more than two requests for it go out at once.
        let first = script.pass(.seconds(600)).polls
        #expect(first.map(\.subjects.count) == [100, 100])
        var begin = script.step((300..<1300).map { received($0, order(UInt64($0))) })
        begin += script.step((1300..<1400).map { .received(record($0), .methods) })
        begin += script.step(
            first.map { .polled($0.number, [:], failure: .notSent(.rateLimited, retryAfter: nil)) }
        )
        let history = script.run(begin, for: .seconds(4)).map(\.effect)
        #expect(history.transmissions.count >= 50)
        #expect(history.polls.map(\.subjects.count) == [100])
    }

    @Test func anIdleEngineDoesNotWakeUp() {
        let script = Script()
        #expect(script.wakeAt == nil)
        script.assign(0)
        #expect(script.wakeAt == nil)
    }
}

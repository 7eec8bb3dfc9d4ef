import Contract
import Testing

@testable import aspayds_worker

/// Which replicas there are, and what all of them together do.
@Suite struct FleetTests {
    private func lives(_ script: FleetScript, at seconds: Int64) -> [String: Replica.Life] {
        let pairs = script.overview(at: seconds).replicas.map { ($0.replica.name, $0.life) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func aReplicaIsSilentAfterThreeMissedHeartbeats() {
        var script = FleetScript()
        script.beat("a", at: 0)
        script.beat("a", at: 20)
        // A late one says nothing of the next.
        script.beat("a", at: 100)
        #expect(lives(script, at: 160) == ["a": .alive])
        #expect(lives(script, at: 161) == ["a": .silent])
    }

    @Test func aSilentReplicaIsWaitedForAtLeastTenSeconds() {
        var script = FleetScript()
        for second in 0...5 { script.beat("quick", at: Int64(second)) }
        #expect(lives(script, at: 15) == ["quick": .alive])
        #expect(lives(script, at: 16) == ["quick": .silent])
        // Of whom one heartbeat is known, the next is expected as it is set here.
        var single = FleetScript()
        single.beat("new", at: 0)
        #expect(lives(single, at: 15) == ["new": .alive])
        #expect(lives(single, at: 16) == ["new": .silent])
    }

    @Test func whoHasStoppedSaysWhyAndIsForgotten() {
        var script = FleetScript()
        script.tell("a", .started, at: 0)
        script.beat("a", at: 1)
        script.tell("a", .stopped, at: 2, WorkerStatus.askedTo)
        #expect(lives(script, at: 3000) == ["a": .stopped("asked to")])
        #expect(lives(script, at: 3603) == [:])
    }

    @Test func endedReplicasAreBounded() {
        var script = FleetScript()
        for number in 0..<700 {
            script.beat("crash-\(number)", at: Int64(number), payouts: .owning())
        }
        let overview = script.overview(at: 1000)
        #expect(overview.replicas.count == 500)
        #expect(!overview.replicas.contains { $0.replica.name == "crash-199" })
        #expect(overview.replicas.contains { $0.replica.name == "crash-200" })
    }

    @Test func figuresOfAllAreTakenTogether() throws {
        var script = FleetScript()
        let review = FleetScript.start - 60_000
        script.beat(
            "a",
            at: 0,
            payouts: .owning(0, 1) { figures in
                (figures.lag, figures.waiting, figures.inFlight) = (10, 3, 1)
                (figures.rateUsed, figures.outcomes) = (1.5, ["requested": 7])
                (figures.inReview, figures.oldestInReview) = (1, review)
                (figures.provider.p50, figures.provider.p99) = (10, 90)
            }
        )
        script.beat(
            "b",
            at: 0,
            payouts: .owning(2) { figures in
                (figures.lag, figures.waiting, figures.inFlight) = (nil, 1, 2)
                (figures.rateUsed, figures.outcomes) = (2, ["requested": 1, "refused": 2])
                (figures.inReview, figures.oldestInReview) = (2, review + 1)
                (figures.provider.p50, figures.provider.p99) = (20, 80)
                figures.paused = StandingOrder(
                    .flow(.payout, isPaused: true),
                    by: "x",
                    why: "y",
                    at: 1
                )
            }
        )
        let payouts = try #require(script.overview(at: 1).domains.last)
        #expect((payouts.domain, payouts.replicas) == (.payout, 2))
        #expect(payouts.total.partitions == [0, 1, 2])
        #expect((payouts.total.lag, payouts.total.waiting, payouts.total.inFlight) == (10, 4, 3))
        #expect((payouts.total.rateUsed, payouts.total.rateLimit) == (3.5, 10))
        #expect(payouts.total.outcomes == ["requested": 8, "refused": 2])
        #expect((payouts.total.inReview, payouts.total.oldestInReview) == (3, review))
        // Of percentiles, those of the slowest.
        #expect((payouts.total.provider.p50, payouts.total.provider.p99) == (20, 90))
        #expect(payouts.state == .paused && payouts.pausing == 1)
    }

    @Test func ratesAreThoseBetweenTwoHeartbeats() throws {
        var script = FleetScript()
        script.beat("a", at: 0, payments: .owning(0) { $0.outcomes = ["created": 100, "paid": 9] })
        #expect(script.overview(at: 1).domains.first?.rates == [:])
        script.beat("a", at: 4, payments: .owning(0) { $0.outcomes = ["created": 120, "paid": 9] })
        script.beat("b", at: 0, payments: .owning(1))
        script.beat("b", at: 5, payments: .owning(1) { $0.outcomes = ["created": 5] })
        #expect(script.overview(at: 5).domains.first?.rates == ["created": 6])
        // What a silent one has done last is not what happens now.
        script.beat("b", at: 60, payments: .owning(0, 1))
        #expect(script.overview(at: 60).domains.first?.rates == [:])
    }

    @Test func whatIsOpenIsKeptUntilSomebodyTakesItOver() {
        func open(_ count: Int, _ partitions: [Int32]) -> DomainFigures {
            .owning { figures in
                figures.partitions = partitions
                (figures.inReview, figures.inDoubt, figures.lag) = (count, count, Int64(count))
            }
        }
        var script = FleetScript()
        script.beat("old", at: -100, started: -100, payouts: open(5, [0, 1]))
        script.beat("gone", at: 0, payouts: open(2, [0, 1]))
        script.beat("alive", at: 60, payouts: open(1, [2]))
        #expect(script.overview(at: 60).domains.last?.total.inReview == 3)
        #expect(script.overview(at: 60).domains.last?.total.lag == 3)
        // But nobody works on it.
        #expect(script.overview(at: 60).domains.last?.total.partitions == [2])
        script.beat("alive", at: 61, payouts: open(1, [1, 2]))
        #expect(script.overview(at: 61).domains.last?.total.inReview == 1)
    }

    @Test func deadLettersThatWereReplayedNeedNobody() {
        func dead(_ count: Int64) -> DomainFigures { .owning(0) { $0.deadLetters = count } }
        var script = FleetScript()
        func complaints(_ script: FleetScript) -> [String] {
            script.concerns(at: 21, partitions: [:])
        }
        script.beat("a", at: 5, payouts: dead(1))
        script.beat("a", at: 20, payouts: dead(3))
        script.replayed(1, setAsideAt: 4)
        script.replayed(1, setAsideAt: 4)
        #expect(complaints(script) == ["payouts: 2 dead letters"])
        // Of one that is older than what is remembered nothing is taken off.
        script.replayed(2, setAsideAt: -4000)
        script.replayed(3, setAsideAt: 19)
        #expect(complaints(script) == ["payouts: 1 dead letter"])
        script.replayed(4, setAsideAt: 19)
        #expect(complaints(script) == [])
    }

    @Test func deadLettersAreThoseFoundLately() {
        func dead(_ count: Int64?) -> DomainFigures { .owning(0) { $0.deadLetters = count } }
        var script = FleetScript()
        // What it had found before it was first heard of is old, or was found by another.
        script.beat("old", at: 0, started: -7200, payments: dead(40))
        script.beat("old", at: 5, started: -7200, payments: dead(42))
        script.beat("new", at: 5, started: 1, payments: dead(1))
        script.beat("other", at: 5, payments: dead(nil))
        let told = script.concerns(at: 6, partitions: [:])
        #expect(told == ["payments: 3 dead letters"])
        script.beat("new", at: 3610, started: 1, payments: dead(1))
        #expect(script.concerns(at: 3611, partitions: [:]).allSatisfy { !$0.contains("dead") })
    }
}

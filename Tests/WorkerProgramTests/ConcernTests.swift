import Contract
import Testing

@testable import aspayds_worker

/// What needs a person, and what does not.
@Suite struct ConcernTests {
    private let all: [Domain: Int] = [.payment: 2, .payout: 2]

    /// Two replicas, each with its part of both domains.
    private func healthy(at seconds: Int64, into script: inout FleetScript) {
        script.beat(
            "a",
            at: seconds,
            payments: .owning(0, at: seconds),
            payouts: .owning(0, at: seconds)
        )
        script.beat(
            "b",
            at: seconds,
            payments: .owning(1, at: seconds),
            payouts: .owning(1, at: seconds)
        )
    }

    /// One that has all payouts, changed.
    private func payouts(
        at seconds: Int64 = 0,
        _ change: (inout DomainFigures) -> Void
    ) -> FleetScript {
        var script = FleetScript()
        script.beat(
            "a",
            at: seconds,
            roles: ["payouts"],
            payouts: .owning(0, 1, at: seconds, change)
        )
        return script
    }

    @Test func nothingIsNeededWhileAllIsWell() {
        var script = FleetScript()
        healthy(at: 0, into: &script)
        #expect(script.concerns(at: 5, partitions: all).isEmpty)
        // Neither is a pause, which a person has ordered, nor a little wait.
        let paused = payouts {
            $0.paused = StandingOrder(.flow(.payout, isPaused: true), by: "x", why: "y", at: 1)
            $0.lag = 1000
        }
        #expect(paused.concerns(at: 5, partitions: all).isEmpty)
    }

    @Test func nobodyAtAllIsTheFirst() {
        #expect(FleetScript().concerns(at: 0) == ["no replica has told anything lately"])
        var script = payouts { $0.inReview = 2 }
        script.tell("a", .stopped, at: 1, WorkerStatus.askedTo)
        #expect(
            script.concerns(at: 2, partitions: all) == [
                "no replica is alive", "payouts: 2 in review",
            ]
        )
    }

    @Test func whoEndsWithoutAWordIsMissedUntilItIsFollowed() {
        var script = FleetScript()
        healthy(at: 0, into: &script)
        for second in [10, 20, 30] as [Int64] {
            script.beat("b", at: second, payments: .owning(0, 1), payouts: .owning(0, 1))
        }
        let told = script.overview(at: 30, partitions: all).concerns
        #expect(told.map(\.kind) == [.replicaGone])
        #expect(told.first?.replica == "a" && told.first?.since == FleetScript.start)
        script.beat(
            "c",
            at: 31,
            started: 25,
            payments: .owning(0, at: 31),
            payouts: .owning(0, at: 31)
        )
        #expect(script.concerns(at: 31, partitions: all).isEmpty)
    }

    @Test func anEndThatNobodyAskedForSaysWhy() {
        var script = FleetScript()
        healthy(at: 0, into: &script)
        script.tell("a", .stopped, at: 1, "the ledger ends too early")
        script.tell("b", .stopped, at: 1, WorkerStatus.askedTo)
        healthyAlone("c", at: 2, into: &script)
        #expect(
            script.concerns(at: 3, partitions: all) == [
                "a has stopped: the ledger ends too early"
            ]
        )
    }

    private func healthyAlone(_ name: String, at seconds: Int64, into script: inout FleetScript) {
        script.beat(
            name,
            at: seconds,
            started: -1,
            payments: .owning(0, 1, at: seconds),
            payouts: .owning(0, 1, at: seconds)
        )
    }

    @Test func aSuccessorFollowsWhoeverEndedLastOrOnItsHost() {
        func succession(_ ends: [(String, Int64)], _ starts: [(String, Int64)]) -> Set<String> {
            var script = FleetScript()
            for (name, at) in ends { script.beat(name, at: at, started: -100) }
            for (name, at) in starts { script.beat(name, at: at, started: at) }
            let replicas = script.fleet.replicas.values
            let ended = replicas.filter { one in ends.contains { $0.0 == one.name } }
            return Succession(of: Array(ended), among: replicas).followed
        }
        #expect(succession([("a/1/x", 1), ("b/1/x", 2)], [("c/1/x", 3)]) == ["b/1/x"])
        #expect(succession([("a/1/x", 1), ("b/1/x", 2)], [("a/2/y", 3)]) == ["a/1/x"])
        #expect(succession([("a/1/x", 5)], [("c/1/x", 3)]) == [])
        let both = succession([("a/1/x", 1), ("b/1/x", 2)], [("c/1/x", 3), ("d/1/x", 4)])
        #expect(both == ["a/1/x", "b/1/x"])
    }

    @Test func whatHoldsRequestsBackIsTold() {
        var refused = payouts { $0.breaker = "credentials" }
        refused.tell("a", .credentialsRefused, at: 0, of: .payout, "refused")
        let concern = refused.overview(at: 4, partitions: all).concerns.first
        #expect(concern?.kind == .credentialsRefused && concern?.since == FleetScript.start)
        #expect(concern?.message == "payouts: the provider refuses the API key or secret")

        var down = payouts { $0.breaker = "failures" }
        down.beat("b", at: 1, roles: ["payouts"], payouts: .owning(2))
        #expect(
            down.concerns(at: 2, partitions: all) == [
                "payouts: the provider fails or is out of reach (1 of 2 replicas)"
            ]
        )
        down.tell("a", .breakerClosed, at: 3, of: .payout, "back")
        down.beat("a", at: 4, roles: ["payouts"], payouts: .owning(0, 1, at: 4))
        #expect(down.concerns(at: 5, partitions: all).isEmpty)
    }

    @Test func stoppedPartitionsAndGapsAreNamed() {
        var script = payouts { $0.stoppedPartitions = [1] }
        script.tell("a", .partitionStopped, at: 1, of: .payout, "it was replaced", partition: 1)
        script.tell("a", .ledgerGap, at: 2, of: .payout, "records 4 to 5 are foreign", partition: 0)
        #expect(
            script.concerns(at: 3, partitions: all) == [
                "payouts/1 is stopped: it was replaced", "payouts/0: records 4 to 5 are foreign",
            ]
        )
    }

    @Test func aPartitionThatNobodyOwnsIsMissedAfterTheTimeOfARebalance() {
        var script = FleetScript()
        healthy(at: 0, into: &script)
        for second in stride(from: 10, through: 90, by: 10) as StrideThrough<Int64> {
            script.beat(
                "a",
                at: second,
                payments: .owning(0, 1, at: second),
                payouts: .owning(at: second)
            )
            script.beat(
                "b",
                at: second,
                payments: .owning(at: second),
                payouts: .owning(1, at: second)
            )
        }
        #expect(script.concerns(at: 60, partitions: all).isEmpty)
        let told = script.overview(at: 90, partitions: all).concerns
        #expect(told.map(\.message) == ["payouts: nobody owns partition 0"])
        #expect(told.first?.since == FleetScript.start)
        // Nobody knows of partitions that Kafka does not tell of.
        #expect(script.concerns(at: 90, partitions: [:]).isEmpty)
        let more = script.concerns(at: 90, partitions: [.payment: 2, .payout: 9])
        #expect(more == ["payouts: nobody owns partitions 0, 2, 3, 4, 5 and 3 more"])
    }

    @Test func aDomainThatOnlyStoppedReplicasHaveWorkedOnIsTold() {
        var script = FleetScript()
        healthyAlone("a", at: 0, into: &script)
        script.tell("a", .stopped, at: 1, WorkerStatus.askedTo)
        script.beat("b", at: 2, roles: ["payments"], payments: .owning(0, 1, at: 2))
        #expect(
            script.concerns(at: 3, partitions: all) == [
                "payouts: no replica that is alive works on them"
            ]
        )
    }

    @Test func whatDoesNotMoveIsStuckUnlessThereIsAReason() {
        func waiting(_ change: @escaping (inout DomainFigures) -> Void) -> [Concern.Kind] {
            var script = FleetScript()
            for second in stride(from: 0, through: 180, by: 5) as StrideThrough<Int64> {
                script.beat(
                    "a",
                    at: second,
                    roles: ["payouts"],
                    payouts: .owning(0, 1, at: second) { figures in
                        (figures.lag, figures.outcomes) = (12, ["requested": 3])
                        change(&figures)
                    }
                )
            }
            return script.overview(at: 181, partitions: all).concerns.map(\.kind)
        }
        #expect(waiting { _ in } == [.stuck])
        #expect(waiting { $0.lag = 0 } == [])
        #expect(waiting { $0.breaker = "failures" } == [.breakerOpen])
        #expect(waiting { $0.sending = "off" } == [])
        #expect(waiting { $0.outcomes["requested"] = $0.at } == [])
        // What was paused gets its time when it is resumed.
        let pause = StandingOrder(.flow(.payout, isPaused: true), by: "a", why: "w", at: 0)
        #expect(waiting { $0.paused = $0.at > FleetScript.start + 90_000 ? nil : pause } == [])
    }

    @Test func aWorkerThatHangsIsTold() {
        let script = payouts(at: 40) { $0.at = FleetScript.start }
        let told = script.overview(at: 41, partitions: all).concerns
        #expect(told.map(\.message) == ["a hangs: nothing of its payouts moves"])
        #expect(payouts(at: 40) { $0.at += -30_000 }.concerns(at: 41, partitions: all).isEmpty)
    }

    @Test func everyConcernSaysWhatHelps() {
        var script = payouts {
            ($0.inReview, $0.oldestInReview) = (1, FleetScript.start - 10_800_000)
            ($0.deadLetters, $0.breaker) = (1, "failures")
        }
        script.beat("gone", at: -100, started: -200)
        let concerns = script.overview(at: 1, partitions: all).concerns
        // The most urgent first.
        #expect(
            concerns.map(\.kind) == [
                .partitionUnowned, .breakerOpen, .replicaGone, .inReview, .deadLetters,
            ]
        )
        #expect(concerns.allSatisfy { !$0.help.isEmpty })
        let review = concerns.first { $0.kind == .inReview }
        #expect(review?.help == "aspayds-worker review list --domain payout")
    }
}

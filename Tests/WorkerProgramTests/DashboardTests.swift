import Contract
import JSON
import Testing

@testable import aspayds_worker

/// How `status` and `top` look, at several widths and heights.
@Suite struct DashboardTests {
    private static let all: [Domain: Int] = [.payment: 4, .payout: 4]

    /// Two replicas that work.
    private static let healthy: Overview = {
        var script = FleetScript()
        for (second, count) in [(0, 1180), (5, 1204)] as [(Int64, Int64)] {
            script.beat(
                "worker-1/7/3fa91c02",
                at: second,
                payments: .owning(0, 1, at: second) { figures in
                    figures.outcomes = ["created": count, "paid": 900]
                    (figures.lag, figures.waiting, figures.inFlight) = (12_040, 40, 3)
                    figures.rateUsed = 4.8
                    (figures.provider.p50, figures.provider.p99) = (40.4, 1250)
                },
                payouts: .owning(0, 1, at: second) { $0.tracked = 280 }
            )
            script.beat(
                "worker-2/7/90be11d4",
                at: second,
                payments: .owning(2, 3, at: second),
                payouts: .owning(2, 3, at: second)
            )
        }
        return script.overview(at: 7, partitions: all)
    }()

    /// One is gone, one has failed, the one that is left is paused, held back, and told of much.
    private static let troubled: Overview = {
        var script = FleetScript()
        script.beat("worker-2/7/90be11d4", at: -60, started: -200, payouts: .owning(3))
        script.beat("worker-3/7/0badcafe", at: -30, started: -200, payouts: .owning(2))
        script.tell("worker-3/7/0badcafe", .stopped, at: -20, "the ledger ends\u{1B}[2J too early")
        for second in [0, 5] as [Int64] {
            script.beat(
                "worker-1/7/3fa91c02",
                at: second,
                started: -100,
                payments: .owning(0, 1, 2, 3, at: second) { $0.sending = "off" },
                payouts: .owning(0, 1, at: second) { figures in
                    figures.stoppedPartitions = [1]
                    figures.breaker = "failures"
                    figures.paused = StandingOrder(
                        .flow(.payout, isPaused: true),
                        by: "amina",
                        why: "ব্যাংক বন্ধ 银行关门了",
                        at: FleetScript.start - 180_000
                    )
                    (figures.inDoubt, figures.oldestInDoubt) = (1, FleetScript.start - 40_000)
                    (figures.inReview, figures.oldestInReview) = (2, FleetScript.start - 10_800_000)
                    figures.lastError = "provider: timeout"
                    figures.lastErrorAt = FleetScript.start
                }
            )
        }
        return script.overview(at: 7, partitions: all)
    }()

    private func text(_ overview: Overview, _ width: Int, _ height: Int? = nil) -> [String] {
        Dashboard(overview: overview, width: width, height: height).lines().map(\.text)
    }

    @Test func aHealthyFleetInEightyColumns() {
        #expect(
            text(Self.healthy, 80, 24).joined(separator: "\n") == """
                aspayds-worker  2 of 2 replicas alive  2026-02-09T21:30:07Z
                nothing needs a person

                            PAYMENTS                           PAYOUTS
                state       flowing                            idle
                partitions  4 of 4                             4 of 4
                lag         12,040  40 waiting  3 in flight    0  0 waiting  0 in flight
                rate        4.8 of 10/s                        0 of 10/s
                events      created 1,204 (4.8/s)  paid 900
                provider    p50 40 ms  p99 1.3 s
                in doubt    0                                  0
                in review   0                                  0
                tracked     0                                  280

                REPLICA              HEARD  UP  PARTS  ROLES  VERSION  LAG     FLIGHT  STATE
                worker-1/7/3fa91c02  2s     5s  4      all    1.2.3    12,040  3       alive
                worker-2/7/90be11d4  2s     5s  4      all    1.2.3    0       0       alive
                """
        )
    }

    @Test func domainsStandOneBelowTheOtherInFortyColumns() {
        let lines = text(Self.healthy, 40)
        #expect(lines[0] == "aspayds-worker  2 of 2 replicas alive  …")
        #expect(lines.contains("lag         12,040  40 waiting"))
        #expect(lines.contains("            3 in flight"))
        #expect(
            lines.filter { $0.hasPrefix("state") } == ["state       flowing", "state       idle"]
        )
        #expect(lines.suffix(2).first == "worker-1/7/3fa91c02  2s     5s  alive")
    }

    @Test func whatNeedsAPersonStandsAboveAllElse() {
        #expect(
            text(Self.troubled, 100).prefix(13).joined(separator: "\n") == """
                aspayds-worker  1 of 3 replicas alive  2026-02-09T21:30:07Z
                NEEDS A PERSON
                  ! payouts/1 is stopped  do not reset offsets: see deploy/README.md, Partition stopped
                  ! payouts: nobody owns partition 3, for 67s  see the logs, and aspayds-worker topics check
                  ! payouts: the provider fails or is out of reach
                    they go on by themselves when it is back; ask the provider
                  ! worker-3/7/0badcafe has stopped: the ledger ends?[2J too early, 27s ago
                    see the last lines of its log
                  ! worker-2/7/90be11d4 is gone without a word, last heard of 67s ago
                    see why it ended; others take its partitions over
                  ! payouts: 2 in review, the oldest for 3h  aspayds-worker review list --domain payout

                            PAYMENTS                                     PAYOUTS
                """
        )
    }

    @Test func whatHoldsADomainBackIsShown() {
        let lines = text(Self.troubled, 120)
        #expect(lines.contains { $0.contains("off, by ASPAYDS_PAYOUTS") })
        #expect(lines.contains { $0.contains("stopped: the provider fails") })
        #expect(lines.contains { $0.contains("paused by amina 3m ago: ব্যাংক বন্ধ 银行关门了") })
        #expect(lines.contains { $0.contains("2 of 4  1 stopped") })
        #expect(lines.contains { $0.hasPrefix("in doubt") && $0.hasSuffix("1  oldest 47s") })
        #expect(
            lines.contains { $0.hasPrefix("last error") && $0.contains("7s ago: provider: ti") }
        )
    }

    @Test(arguments: [1, 2, 3, 7, 10, 12, 20, 39, 40, 60, 71, 72, 73, 80, 100, 132, 300])
    func noLineIsWiderAndNoPictureHigherThanTheScreen(_ width: Int) {
        for overview in [Self.healthy, Self.troubled, FleetScript().overview(at: 0)] {
            for height in [1, 2, 3, 5, 8, 12, 18, 24, 60] {
                let dashboard = Dashboard(
                    overview: overview,
                    width: width,
                    height: height,
                    hint: StyledLine("q quits"),
                    trouble: "_TRANSPORT: 银行关门了 is down"
                )
                let lines = dashboard.lines()
                #expect(lines.count <= height)
                #expect(lines.allSatisfy { $0.columns <= width })
                // Nothing that came from outside steers the terminal.
                #expect(lines.allSatisfy { !$0.text.contains("\u{1B}") })
            }
        }
    }

    @Test func aLowScreenStillShowsSomethingOfEverything() {
        let lines = text(Self.troubled, 80, 18)
        #expect(lines.count == 18)
        #expect(lines.contains("NEEDS A PERSON"))
        #expect(lines.contains { $0.contains("more lines") })
        #expect(lines.contains { $0.hasPrefix("state") })
        #expect(lines.contains { $0.hasPrefix("in review") })
        #expect(!lines.contains { $0.hasPrefix("tracked") })
        #expect(lines.contains { $0.hasPrefix("REPLICA") })
        #expect(lines.contains { $0.hasPrefix("worker-2") && $0.hasSuffix("silent") })
        // One line for each concern, as many as there is room for.
        #expect(lines[2] == "  ! payouts/1 is stopped")
        #expect(lines[3] == "  ! payouts: nobody owns partition 3, for 67s")
    }

    @Test func whoIsLostStandsBeforeWhoIsAlive() {
        let names = Self.troubled.replicas.map(\.replica.name)
        #expect(names == ["worker-2/7/90be11d4", "worker-3/7/0badcafe", "worker-1/7/3fa91c02"])
    }

    @Test func coloursAreForTerminalsAlone() throws {
        let lines = Dashboard(overview: Self.troubled, width: 80, height: nil).lines()
        let gone = try #require(lines.first { $0.text.contains("is gone without") })
        #expect(gone.painted(true).hasPrefix("\u{1B}[31m  ! \u{1B}[0m"))
        #expect(gone.painted(false) == gone.text)
    }

    @Test func nonsenseIsShownAndDoesNoHarm() throws {
        var script = FleetScript()
        for name in ["a", "b"] {
            for second in [0, 5] as [Int64] {
                script.beat(
                    name,
                    at: second,
                    payouts: .owning(.max, .min) { figures in
                        (figures.unfinished, figures.waiting, figures.inFlight) = (.max, .max, .max)
                        (figures.lag, figures.deadLetters) = (.max, second == 0 ? .min : .max)
                        figures.outcomes = ["requested": second == 0 ? .min : .max]
                        (figures.inReview, figures.oldestInReview) = (.max, 0)
                        (figures.rateLimit, figures.provider.p50, figures.provider.p99) = (
                            .infinity, 1e300, 1e300
                        )
                        (figures.restored, figures.toRestore) = (.max, 1)
                    }
                )
            }
        }
        let overview = script.overview(at: 7)
        #expect(text(overview, 80, 24).last?.hasSuffix("alive") == true)
        #expect(
            try JSONValue.parse(StatusDocument(overview: overview).text, duplicates: .refuse).object
                != nil
        )
    }

    @Test func theHintGivesWay() {
        func head(_ width: Int) -> String? {
            Dashboard(
                overview: Self.healthy,
                width: width,
                height: 24,
                hint: StyledLine("q quits")
            ).lines().first?.text
        }
        #expect(head(80)?.hasSuffix("Z              q quits") == true)
        #expect(head(60)?.hasSuffix("2026-02-09T21:30:07Z") == true)
    }
}

import ArgumentParser
import Contract
import JSON
import Testing

@testable import aspayds_worker

/// How all replicas are, for programs; and what `status` and `top` are told.
@Suite struct StatusDocumentTests {
    private func document(_ script: FleetScript, at seconds: Int64) throws -> JSONObject {
        let text = StatusDocument(overview: script.overview(at: seconds)).text
        #expect(!text.contains("\n"))
        return try #require(try JSONValue.parse(text, duplicates: .refuse).object)
    }

    @Test func saysWhatThePictureShows() throws {
        var script = FleetScript()
        for (second, count) in [(0, 10), (5, 20)] as [(Int64, Int64)] {
            script.beat(
                "h/1/a",
                at: second,
                roles: ["payouts"],
                payouts: .owning(0, 2, 3, 1, at: second) {
                    $0.outcomes = ["requested": count]
                    ($0.inReview, $0.oldestInReview) = (2, FleetScript.start - 10_000)
                    ($0.provider.p50, $0.provider.p99) = (40.4, 120)
                }
            )
        }
        script.beat("h/2/b", at: -5, started: -10, roles: ["payouts"])
        script.tell("h/2/b", .stopped, at: 0, WorkerStatus.askedTo)
        let status = try document(script, at: 7)
        #expect(status["at"]?.text == "2026-02-09T21:30:07.000Z")
        #expect(status["alive"] == .number("1"))
        let needs = try #require(status["needs_person"]?.array)
        #expect(needs.count == 1)
        #expect(needs.first?.object?["kind"]?.text == "in_review")
        #expect(needs.first?.object?["domain"]?.text == "payout")
        #expect(needs.first?.object?["since"]?.text == "2026-02-09T21:29:50.000Z")
        #expect(needs.first?.object?["message"]?.text == "payouts: 2 in review")

        // Only what somebody works on.
        #expect(status["payments"] == nil)
        let payouts = try #require(status["payouts"]?.object)
        #expect(payouts["state"]?.text == "flowing")
        #expect(payouts["partition_count"] == .number("4"))
        #expect(payouts["partitions"]?.array == ["0", "1", "2", "3"].map { .number($0) })
        #expect(payouts["outcomes_per_second"]?.object?["requested"] == .number("2"))
        #expect(payouts["provider_latency_ms"]?.object?["p50"] == .number("40.4"))
        #expect(payouts["oldest_in_review_seconds"] == .number("17"))

        let replicas = try #require(status["replicas"]?.array).compactMap(\.object)
        #expect(replicas.map { $0["state"]?.text } == ["alive", "stopped"])
        #expect(replicas.first?["payouts"]?.object?["partitions"]?.array?.count == 4)
        #expect(replicas.last?["reason"]?.text == "asked to")
        #expect(replicas.last?["heard_at"]?.text == "2026-02-09T21:30:00.000Z")
    }

    @Test func everyStateHasAWord() throws {
        func state(_ change: (inout DomainFigures) -> Void) throws -> String? {
            var script = FleetScript()
            script.beat("a", at: 0, roles: ["payouts"], payouts: .owning(0) { change(&$0) })
            return try document(script, at: 1)["payouts"]?.object?["state"]?.text
        }
        #expect(try state { _ in } == "idle")
        #expect(try state { $0.inFlight = 1 } == "flowing")
        #expect(try state { $0.partitions = [] } == "unassigned")
        #expect(try state { ($0.restored, $0.toRestore) = (1, 4) } == "restoring")
        #expect(try state { $0.sending = "off" } == "off")
        #expect(try state { $0.sending = "dry-run" } == "dry_run")
        #expect(try state { $0.breaker = "failures" } == "provider_down")
        #expect(try state { $0.breaker = "credentials" } == "credentials_refused")
    }

    @Test(arguments: [("59s", false), ("1m", true), ("7d", true), ("8d", false), ("soon", false)])
    func theMemoryHasLimits(_ text: String, _ isAllowed: Bool) {
        let isTaken = (try? StatusCommand.parseAsRoot(["--since", text])) != nil
        #expect(isTaken == isAllowed)
    }

    @Test func thePictureOfTopEndsWhenItIsOver() throws {
        let model = TopModel(
            memory: .seconds(3600),
            Overview.Terms(partitions: [:], heartbeat: 5000)
        )
        let size = TerminalSize(columns: 80, rows: 10)
        model.note(trouble: "_TRANSPORT: down")
        let lines = try #require(model.picture(size, at: FleetScript.start)).map(\.text)
        #expect(lines[0].hasSuffix("q quits"))
        #expect(lines[1] == "Kafka: _TRANSPORT: down")
        // Whoever is heard shows that Kafka is back.
        model.see(WorkerStatus(worker: "a", kind: .started, number: 1, at: FleetScript.start))
        let after = try #require(model.picture(size, at: FleetScript.start)).map(\.text)
        #expect(!after.contains { $0.hasPrefix("Kafka") })
        #expect(after[0].contains("1 of 1 replica alive"))
        model.end()
        #expect(model.picture(size, at: FleetScript.start) == nil)
    }
}

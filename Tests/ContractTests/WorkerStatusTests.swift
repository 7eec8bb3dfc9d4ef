import Contract
import Testing

/// What processes tell of themselves on `worker.status`, written and read.
@Suite struct WorkerStatusTests {
    private static let now: Int64 = 1_770_672_600_007

    private func read(_ type: String?, _ value: [UInt8]?) throws(UnreadableRecord) -> WorkerStatus {
        let result = Array((type ?? "").utf8).withUnsafeBytes { name in
            (value ?? []).withUnsafeBytes { bytes in
                Result { () throws(UnreadableRecord) in
                    try WorkerStatus(
                        type: type.map { _ in name },
                        value: value.map { _ in bytes }
                    )
                }
            }
        }
        return try result.get()
    }

    private func readBack(_ status: WorkerStatus) throws -> WorkerStatus {
        try read(status.type, status.encoded().value)
    }

    private func whatIsWrong(_ type: String?, _ value: String?) -> String? {
        do {
            _ = try read(type, value.map { Array($0.utf8) })
            return nil
        } catch { return error.what }
    }

    /// Every figure with a value of its own.
    private var figures: DomainFigures {
        var figures = DomainFigures()
        (figures.partitions, figures.stoppedPartitions) = ([0, 3], [3])
        (figures.lag, figures.unfinished, figures.waiting, figures.inFlight) = (12, 4, 3, 1)
        (figures.rateLimit, figures.rateAllowed, figures.rateUsed) = (5, 2.5, 1.25)
        figures.breaker = "credentials"
        figures.sending = "dry-run"
        figures.paused = StandingOrder(.flow(.payout, isPaused: true), by: "a", why: "b", at: 1000)
        figures.rateOrdered = StandingOrder(.rate(2.5), by: "c", why: "d", at: 2000)
        (figures.provider.p50, figures.provider.p90) = (40.5, 61)
        (figures.provider.p99, figures.provider.max, figures.provider.count) = (120, 180, 1204)
        figures.command.count = 2
        figures.outcomes = ["requested": 7, "completed": 3]
        (figures.deadLetters, figures.forwarded) = (2, 3)
        (figures.inDoubt, figures.oldestInDoubt) = (1, Self.now - 40_000)
        (figures.inReview, figures.oldestInReview) = (2, Self.now - 7_200_000)
        figures.tracked = 280
        (figures.restored, figures.toRestore) = (10, 20)
        (figures.lastError, figures.lastErrorAt) = ("provider: timeout", 5000)
        figures.at = Self.now - 1000
        return figures
    }

    @Test func aHeartbeatIsReadAsWritten() throws {
        let status = WorkerStatus(
            worker: "w/1/a",
            kind: .heartbeat,
            number: 7,
            at: Self.now,
            process: ProcessFigures(
                version: "1",
                host: "w",
                startedAt: 3000,
                roles: ["payouts", "webhooks"],
                domains: [.payout: figures, .payment: DomainFigures()]
            )
        )
        #expect(try readBack(status) == status)
    }

    @Test(arguments: WorkerStatus.Kind.allCases) func everyNoticeIsReadAsWritten(
        _ kind: WorkerStatus.Kind
    ) throws {
        guard kind != .heartbeat else { return }
        let status = WorkerStatus(
            worker: "w/1/a",
            kind: kind,
            number: 1,
            at: Self.now,
            domain: .payout,
            message: "m",
            reference: "WD-1",
            partition: 3,
            deadLetter: ReplayedLetter(
                place: CommandSource(topic: "d", partition: 3, offset: 17),
                time: 3000
            )
        )
        #expect(try readBack(status) == status)
    }

    @Test func whatAnotherVersionDoesNotTellIsNothing() throws {
        let text = """
            {"worker":"w","number":1,"at":"2026-02-09T21:30:00.007Z","version":"9","host":"h",\
            "news":true,"payouts":{"partitions":[1],"later":1},"payments":null}
            """
        let status = try read("aspayds.worker.heartbeat", Array(text.utf8))
        let payouts = try #require(status.process?.domains[.payout])
        #expect(payouts.partitions == [1] && payouts.lag == nil && payouts.deadLetters == nil)
        #expect(payouts.at == Self.now)
        #expect(status.process?.domains[.payment] == nil)
        #expect(status.process?.startedAt == Self.now)
    }

    @Test func whatIsNoStatusSaysWhy() {
        let head = #"{"worker":"w","number":1,"at":"2026-02-09T21:30:00.007Z""#
        let heartbeat = "aspayds.worker.heartbeat"
        #expect(whatIsWrong(nil, head + "}") == "no such status: ")
        #expect(whatIsWrong("aspayds.worker.later", "") == "no such status: aspayds.worker.later")
        #expect(whatIsWrong(heartbeat, nil) == "no value")
        #expect(whatIsWrong(heartbeat, "[]") == "not an object")
        #expect(whatIsWrong(heartbeat, #"{"worker":"w","number":1}"#) == "at is missing")
        #expect(whatIsWrong(heartbeat, head + "}") == "version is missing")
        let figures = head + #","version":"1","host":"h","payouts":{"unfinished":-0.5}}"#
        #expect(whatIsWrong(heartbeat, figures) == "unfinished is not readable")
    }
}

import Contract

@testable import aspayds_worker

/// What replicas would tell of themselves, from a few words.
struct FleetScript {
    /// When the first of them starts, in milliseconds since 1970.
    static let start: Int64 = 1_770_672_600_000

    private(set) var fleet = Fleet(memory: .seconds(3600))
    private var numbers: [String: UInt64] = [:]

    /// A replica beats, and by then has the figures given.
    mutating func beat(
        _ worker: String,
        at seconds: Int64,
        started: Int64 = 0,
        roles: [String] = ["payments", "payouts", "webhooks"],
        payments: DomainFigures? = nil,
        payouts: DomainFigures? = nil
    ) {
        var process = ProcessFigures(
            version: "1.2.3",
            host: "h",
            startedAt: Self.start + started * 1000,
            roles: roles
        )
        process.domains[.payment] = payments
        process.domains[.payout] = payouts
        tell(worker, .heartbeat, at: seconds, process: process)
    }

    /// A replica tells something else.
    mutating func tell(
        _ worker: String,
        _ kind: WorkerStatus.Kind,
        at seconds: Int64,
        of domain: Domain? = nil,
        _ message: String? = nil,
        partition: Int32? = nil,
        process: ProcessFigures? = nil
    ) {
        numbers[worker, default: 0] += 1
        fleet.see(
            WorkerStatus(
                worker: worker,
                kind: kind,
                number: numbers[worker] ?? 0,
                at: Self.start + seconds * 1000,
                domain: domain,
                message: message,
                partition: partition,
                process: process
            )
        )
    }

    /// A replica reads a dead letter of payouts that was put back.
    mutating func replayed(_ offset: Int64, setAsideAt seconds: Int64) {
        fleet.see(
            WorkerStatus(
                worker: "a",
                kind: .deadLetterReplayed,
                number: 1,
                at: Self.start + 20_000,
                domain: .payout,
                message: "m",
                deadLetter: ReplayedLetter(
                    place: CommandSource(topic: "d", partition: 0, offset: offset),
                    time: Self.start + seconds * 1000
                )
            )
        )
    }

    /// How all are at a moment.
    func overview(
        at seconds: Int64,
        partitions: [Domain: Int] = [.payment: 4, .payout: 4]
    ) -> Overview {
        var fleet = fleet
        let now = Self.start + seconds * 1000
        fleet.forget(at: now, heartbeat: 5000)
        return Overview(fleet, Overview.Terms(partitions: partitions, heartbeat: 5000), at: now)
    }

    /// What needs a person at a moment.
    func concerns(
        at seconds: Int64,
        partitions: [Domain: Int] = [.payment: 4, .payout: 4]
    ) -> [String] {
        overview(at: seconds, partitions: partitions).concerns.map(\.message)
    }
}

extension DomainFigures {
    /// Those of a worker that owns partitions, and has nothing to do but what is changed.
    static func owning(
        _ partitions: Int32...,
        at seconds: Int64 = 0,
        _ change: (inout DomainFigures) -> Void = { _ in }
    ) -> DomainFigures {
        var figures = DomainFigures()
        figures.partitions = partitions
        figures.lag = 0
        figures.rateLimit = 5
        figures.rateAllowed = 5
        figures.at = FleetScript.start + seconds * 1000
        change(&figures)
        return figures
    }
}

import Contract

/// What needs a person in a domain.
extension ConcernRules {
    /// A rebalance after a crash takes about as long as this, in milliseconds.
    private static let rebalance: Int64 = 60_000
    /// Slower than one command in this time is no pace that anybody sets.
    private static let longestStop: Int64 = 120_000

    func concerns(_ overview: DomainOverview) -> [Concern] {
        let one = [heldBack, unowned, stuck, inReview, deadLetters].compactMap { $0(overview) }
        return stopped(overview) + one
    }

    private func inReview(_ overview: DomainOverview) -> Concern? {
        let (domain, count) = (overview.domain, overview.total.inReview)
        guard count > 0 else { return nil }
        return Concern(
            kind: .inReview,
            domain: domain,
            since: overview.total.oldestInReview,
            message: "\(domain.plural): \(count) in review",
            help: "aspayds-worker review list --domain \(domain.rawValue)"
        )
    }

    private func deadLetters(_ overview: DomainOverview) -> Concern? {
        let finds = fleet.deadLetters.filter { $0.domain == overview.domain }
        guard let first = finds.first else { return nil }
        let count = finds.reduce(0) { $0 &+ $1.count }
        return Concern(
            kind: .deadLetters,
            domain: overview.domain,
            since: first.at,
            message: "\(overview.domain.plural): \(count) dead letter\(count == 1 ? "" : "s")",
            help: "aspayds-worker dead-letters list --unanswered"
        )
    }

    private func heldBack(_ overview: DomainOverview) -> Concern? {
        guard let reason = overview.total.breaker else { return nil }
        let isRefused = reason == "credentials"
        let kind = isRefused ? WorkerStatus.Kind.credentialsRefused : .breakerOpened
        let subject = Replica.Subject(kind: kind, domain: overview.domain, partition: nil)
        let (count, all) = (overview.heldBack, overview.replicas)
        let of = count < all ? " (\(count) of \(all) replicas)" : ""
        let what =
            isRefused
            ? "the provider refuses the API key or secret" : "the provider fails or is out of reach"
        return Concern(
            kind: isRefused ? .credentialsRefused : .breakerOpen,
            domain: overview.domain,
            since: alive.compactMap { $0.alerts[subject]?.at }.min(),
            message: "\(overview.domain.plural): \(what)\(of)",
            help: isRefused
                ? "put the right key into the secret and restart the workers"
                : "they go on by themselves when it is back; ask the provider"
        )
    }

    private func stopped(_ overview: DomainOverview) -> [Concern] {
        overview.total.stoppedPartitions.map { partition in
            let subject = Replica.Subject(
                kind: .partitionStopped,
                domain: overview.domain,
                partition: partition
            )
            let alert = alive.compactMap { $0.alerts[subject] }.max { $0.at < $1.at }
            let why = alert?.message.map { ": \($0)" } ?? ""
            return Concern(
                kind: .partitionStopped,
                domain: overview.domain,
                since: alert?.at,
                message: "\(overview.domain.plural)/\(partition) is stopped\(why)",
                help: "do not reset offsets: see deploy/README.md, Partition stopped"
            )
        }
    }

    private func unowned(_ overview: DomainOverview) -> Concern? {
        guard !alive.isEmpty else { return nil }
        let domain = overview.domain.plural
        guard overview.replicas > 0 else {
            return Concern(
                kind: .partitionUnowned,
                domain: overview.domain,
                since: fleet.ownedAt[overview.domain]?.values.max(),
                message: "\(domain): no replica that is alive works on them",
                help: "start one with the role \(domain) in ASPAYDS_ROLES"
            )
        }
        let begun = alive.filter { $0.works(on: overview.domain) }.map(\.startedAt).min() ?? now
        let owned = Set(overview.total.partitions)
        let times = (0..<Int32(overview.partitionCount ?? 0)).filter {
            !owned.contains($0)
        }.map { ($0, fleet.ownedAt[overview.domain]?[$0] ?? begun) }
        let unowned = times.filter { now - $0.1 > Self.rebalance }
        guard let since = unowned.map(\.1).min() else { return nil }
        return Concern(
            kind: .partitionUnowned,
            domain: overview.domain,
            since: since,
            message: "\(domain): nobody owns \(Self.list(unowned.map(\.0)))",
            help: "see the logs, and aspayds-worker topics check"
        )
    }

    /// `partition 3`, or the first few of several.
    private static func list(_ partitions: [Int32]) -> String {
        let shown = partitions.prefix(5).map(String.init).joined(separator: ", ")
        let more = partitions.count > 5 ? " and \(partitions.count - 5) more" : ""
        return "partition\(partitions.count == 1 ? "" : "s") \(shown)\(more)"
    }

    private func stuck(_ overview: DomainOverview) -> Concern? {
        guard overview.state.isOpen, let lag = overview.total.lag, lag > 0 else { return nil }
        let times = alive.compactMap { fleet.progressAt[overview.domain]?[$0.name] }
        guard let last = times.max(), now - last > Self.longestStop else { return nil }
        return Concern(
            kind: .stuck,
            domain: overview.domain,
            since: last,
            message: "\(overview.domain.plural): \(lag) commands wait and none ends",
            help: overview.total.lastError.map { "the last error: \($0)" }
                ?? "see `ready` of each replica, and its log"
        )
    }
}

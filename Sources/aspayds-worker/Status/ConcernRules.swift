import Contract

/// What needs a person, by what replicas tell.
struct ConcernRules {
    /// Figures are renewed every second, unless their worker hangs; in milliseconds.
    private static let longestHang: Int64 = 30_000

    let fleet: Fleet
    let replicas: [(replica: Replica, life: Replica.Life)]
    let domains: [DomainOverview]
    /// Milliseconds since 1970.
    let now: Int64

    /// The most urgent first.
    var concerns: [Concern] {
        var found = lost() + domains.flatMap(concerns)
        for (replica, life) in replicas where life == .alive { found += concerns(replica) }
        if alive.isEmpty { found.append(nobody()) }
        let order = Concern.Kind.allCases
        return order.flatMap { kind in found.filter { $0.kind == kind } }
    }

    var alive: [Replica] { replicas.filter { $0.life == .alive }.map(\.replica) }

    private func nobody() -> Concern {
        Concern(
            kind: .noReplica,
            since: replicas.map(\.replica.heardAt).max(),
            message: replicas.isEmpty
                ? "no replica has told anything lately" : "no replica is alive",
            help: "start one: aspayds-worker run"
        )
    }

    // MARK: Replicas

    /// Those that have ended otherwise than they were asked to, and were not started again.
    private func lost() -> [Concern] {
        let ended = replicas.filter { $0.life != .alive }
        let followed = Succession(of: ended.map(\.replica), among: replicas.map(\.replica)).followed
        return ended.compactMap { replica, life in
            guard !followed.contains(replica.name), !life.isAsked else { return nil }
            switch life {
            case .alive: return nil
            case .silent:
                return Concern(
                    kind: .replicaGone,
                    replica: replica.name,
                    since: replica.heardAt,
                    message: "\(replica.name) is gone without a word",
                    help: "see why it ended; others take its partitions over"
                )
            case .stopped(let reason):
                return Concern(
                    kind: .replicaFailed,
                    replica: replica.name,
                    since: replica.heardAt,
                    message: "\(replica.name) has stopped: \(reason)",
                    help: "see the last lines of its log"
                )
            }
        }
    }

    private func concerns(_ replica: Replica) -> [Concern] {
        let gaps = replica.alerts.values.filter {
            $0.kind == .ledgerGap && $0.at > now - fleet.memory
        }
        let foreign = gaps.sorted { $0.at < $1.at }.map { gap in
            Concern(
                kind: .ledgerGap,
                domain: gap.domain,
                replica: replica.name,
                since: gap.at,
                message: "\(place(gap)): \(gap.message ?? "somebody else writes to the ledger")",
                help: "nobody but the workers may write to a ledger: see topics/acls.yaml"
            )
        }
        let hanging = domains.compactMap { overview -> Concern? in
            guard let figures = replica.figures(overview.domain), let beat = replica.beat,
                beat.at - figures.at > Self.longestHang
            else { return nil }
            return Concern(
                kind: .replicaHangs,
                domain: overview.domain,
                replica: replica.name,
                since: figures.at,
                message: "\(replica.name) hangs: nothing of its \(overview.domain.plural) moves",
                help: "restart it; nothing is sent twice"
            )
        }
        return foreign + hanging
    }

    /// `payouts/3`.
    private func place(_ alert: WorkerStatus) -> String {
        let domain = alert.domain?.plural ?? "-"
        return alert.partition.map { "\(domain)/\($0)" } ?? domain
    }
}

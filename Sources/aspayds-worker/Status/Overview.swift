import Contract

/// How all replicas are at a moment.
struct Overview {
    /// What the rules need to know besides what replicas tell.
    struct Terms {
        /// How many partitions the commands of each domain have, as far as that is known.
        let partitions: [Domain: Int]
        /// Between two heartbeats, in milliseconds, as long as only one was seen.
        let heartbeat: Int64
    }

    /// Milliseconds since 1970.
    let now: Int64
    /// Those that have ended otherwise than they were asked to, those that are alive, and those that
    /// were asked to end.
    let replicas: [(replica: Replica, life: Replica.Life)]
    /// Each domain that a replica works on, or has worked on lately.
    let domains: [DomainOverview]
    /// What needs a person, the most urgent first.
    let concerns: [Concern]

    init(_ fleet: Fleet, _ terms: Terms, at now: Int64) {
        let lives = fleet.replicas.values.map {
            (replica: $0, life: $0.life(at: now, heartbeat: terms.heartbeat))
        }
        let alive = lives.filter { $0.life == .alive }
        let others = lives.filter { $0.life != .alive }
        self.now = now
        replicas = lives.sorted {
            ($0.life.rank, $0.replica.name) < ($1.life.rank, $1.replica.name)
        }
        let domains = Domain.allCases.filter { domain in
            lives.contains { $0.replica.works(on: domain) }
        }
        self.domains = domains.map { domain in
            DomainOverview(
                domain,
                partitions: terms.partitions[domain],
                alive: alive.map(\.replica),
                others: others.map(\.replica)
            )
        }
        let rules = ConcernRules(fleet: fleet, replicas: replicas, domains: self.domains, now: now)
        concerns = rules.concerns
    }

    /// How many replicas are alive.
    var alive: Int { replicas.count { $0.life == .alive } }
}

extension Replica.Life {
    /// What a person looks for comes first.
    fileprivate var rank: Int {
        switch self {
        case .silent: 0
        case .alive: 1
        case .stopped: isAsked ? 2 : 0
        }
    }
}

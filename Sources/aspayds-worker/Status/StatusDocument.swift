import Contract
import JSON

/// How all replicas are, as one JSON object.
struct StatusDocument {
    let overview: Overview

    var text: String {
        CompactJSON.line { w in
            w.field("at", RFC3339.format(overview.now))
            w.field("alive", overview.alive)
            w.array("needs_person") { w in
                for concern in overview.concerns { w.object { write(concern, to: &$0) } }
            }
            for domain in overview.domains {
                w.object(domain.domain.plural) { write(domain, to: &$0) }
            }
            w.array("replicas") { w in
                for (replica, life) in overview.replicas {
                    w.object { write(replica, life, to: &$0) }
                }
            }
        }
    }

    private func write(_ concern: Concern, to w: inout JSONWriter) {
        w.field("kind", concern.kind.rawValue)
        w.field("domain", concern.domain?.rawValue)
        w.field("worker", concern.replica)
        w.field("since", concern.since.map(RFC3339.format))
        w.field("message", concern.message)
        w.field("help", concern.help)
    }

    private func write(_ domain: DomainOverview, to w: inout JSONWriter) {
        w.field("state", domain.state.word)
        w.field("replicas", domain.replicas)
        w.field("replicas_held_back", domain.heldBack)
        w.field("replicas_pausing", domain.pausing)
        w.field("partition_count", domain.partitionCount)
        domain.total.write(to: &w, now: overview.now)
        w.object("outcomes_per_second") { w in
            for (kind, rate) in domain.rates.sorted(by: { $0.key < $1.key }) {
                w.field(kind, raw: JSONWriter.decimal(rate))
            }
        }
    }

    private func write(_ replica: Replica, _ life: Replica.Life, to w: inout JSONWriter) {
        w.field("worker", replica.name)
        switch life {
        case .alive: w.field("state", "alive")
        case .silent: w.field("state", "silent")
        case .stopped(let reason):
            w.field("state", "stopped")
            w.field("reason", reason)
        }
        w.field("heard_at", RFC3339.format(replica.heardAt))
        guard let process = replica.beat?.process else { return }
        w.field("host", process.host)
        w.field("version", process.version)
        w.field("started_at", RFC3339.format(process.startedAt))
        w.array("roles") { w in for role in process.roles { w.string(role) } }
        for domain in Domain.allCases {
            guard let figures = process.domains[domain] else { continue }
            w.object(domain.plural) { figures.write(to: &$0, now: overview.now) }
        }
    }
}

extension FlowState {
    /// For programs.
    fileprivate var word: String {
        switch self {
        case .unattended: "unattended"
        case .unassigned: "unassigned"
        case .credentialsRefused: "credentials_refused"
        case .providerDown: "provider_down"
        case .paused: "paused"
        case .off: "off"
        case .dryRun: "dry_run"
        case .restoring: "restoring"
        case .flowing: "flowing"
        case .idle: "idle"
        }
    }
}

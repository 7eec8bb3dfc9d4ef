import Contract

/// One start of a process, by what it has told of itself.
struct Replica {
    /// Whether it is there.
    enum Life: Equatable {
        case alive
        /// It has missed several heartbeats, and has not said that it ends.
        case silent
        /// It has said that it ends, and why.
        case stopped(String)

        /// Whether it has ended as it should.
        var isAsked: Bool { self == .stopped(WorkerStatus.askedTo) }
    }

    /// A heartbeat and when it was sent, in milliseconds since 1970.
    struct Beat {
        let at: Int64
        let process: ProcessFigures
    }

    /// What is remembered of an alert until it is over.
    struct Subject: Hashable {
        let kind: WorkerStatus.Kind
        let domain: Domain
        let partition: Int32?
    }

    /// What it is called: host, number and start.
    let name: String
    /// When it told something last, in milliseconds since 1970.
    private(set) var heardAt: Int64
    private(set) var beat: Beat?
    private(set) var previousBeat: Beat?
    /// What it has said that an operator should hear of, and has not taken back.
    private(set) var alerts: [Subject: WorkerStatus] = [:]
    private var end: String?
    private let firstHeardAt: Int64
    /// Between two heartbeats, at least: one that is late says nothing of the next.
    private var interval: Int64?

    init(_ status: WorkerStatus) {
        name = status.worker
        heardAt = status.at
        firstHeardAt = status.at
        see(status)
    }

    /// Takes in the next that it tells.
    mutating func see(_ status: WorkerStatus) {
        heardAt = max(heardAt, status.at)
        switch status.kind {
        case .heartbeat:
            guard let process = status.process else { return }
            (previousBeat, beat) = (beat, Beat(at: status.at, process: process))
            if let last = previousBeat, status.at > last.at {
                interval = min(interval ?? .max, status.at - last.at)
            }
        case .started: break
        case .stopped: end = status.message ?? ""
        case .breakerClosed:
            for kind in [WorkerStatus.Kind.breakerOpened, .credentialsRefused] {
                if let domain = status.domain {
                    alerts[Subject(kind: kind, domain: domain, partition: nil)] = nil
                }
            }
        case .credentialsRefused, .breakerOpened, .ledgerGap, .partitionStopped:
            guard let domain = status.domain else { return }
            let subject = Subject(kind: status.kind, domain: domain, partition: status.partition)
            alerts[subject] = status
        // A heartbeat counts them, and `Fleet`.
        case .reviewNeeded, .deadLetterReplayed: break
        }
    }

    /// When it began, in milliseconds since 1970.
    var startedAt: Int64 { beat?.process.startedAt ?? firstHeardAt }

    var host: Substring { name.prefix { $0 != "/" } }

    var roles: [String] { beat?.process.roles ?? [] }

    /// What it tells of a domain.
    func figures(_ domain: Domain) -> DomainFigures? { beat?.process.domains[domain] }

    /// Whether its roles have the domain in them.
    func works(on domain: Domain) -> Bool { roles.contains(domain.plural) }

    /// Three heartbeats may be missed, which takes ten seconds at least.
    func life(at now: Int64, heartbeat: Int64) -> Life {
        if let end { return .stopped(end) }
        return now - heardAt > max(3 * (interval ?? heartbeat), 10_000) ? .silent : .alive
    }

    /// Events per second by kind, from its last two heartbeats; empty before there are two.
    func rates(_ domain: Domain) -> [String: Double] {
        guard let beat, let previousBeat, beat.at > previousBeat.at,
            let new = beat.process.domains[domain]?.outcomes
        else { return [:] }
        let old = previousBeat.process.domains[domain]?.outcomes ?? [:]
        let seconds = Double(beat.at - previousBeat.at) / 1000
        return new.reduce(into: [:]) { rates, count in
            let more = count.value &- (old[count.key] ?? 0)
            if more > 0 { rates[count.key] = Double(more) / seconds }
        }
    }
}

import Contract

/// All replicas, by what they have told of themselves lately.
struct Fleet {
    /// When something was found or lost, in milliseconds since 1970.
    struct Find {
        let at: Int64
        let domain: Domain
        var count: Int64
    }

    /// Replicas that have ended are kept up to this number: one that crashes again and again is a
    /// new one each time.
    private static let mostEnded = 500
    private static let mostFinds = 1000

    /// How long what is over is remembered, in milliseconds.
    let memory: Int64
    /// By their names.
    private(set) var replicas: [String: Replica] = [:]
    /// When a replica has said last that it owns a partition, in milliseconds since 1970.
    private(set) var ownedAt: [Domain: [Int32: Int64]] = [:]
    /// When a replica has said last that an event was published, or that nothing waits, or may go on.
    private(set) var progressAt: [Domain: [String: Int64]] = [:]
    /// Dead letters that were found lately, oldest first.
    private var found: [Find] = []
    /// When those were set aside that have been replayed, by where they lie.
    private var replayed: [Domain: [CommandSource: Int64]] = [:]

    init(memory: Duration) {
        self.memory = memory.wholeMilliseconds
    }

    /// Takes in the next that a replica tells.
    mutating func see(_ status: WorkerStatus) {
        let known = replicas[status.worker]
        if known == nil {
            replicas[status.worker] = Replica(status)
        } else {
            replicas[status.worker]?.see(status)
        }
        if let letter = status.deadLetter, let domain = status.domain,
            replayed[domain]?.count ?? 0 < Self.mostFinds
        {
            replayed[domain, default: [:]][letter.place] = letter.time
        }
        guard let process = status.process else { return }
        for (domain, figures) in process.domains {
            for partition in figures.partitions {
                ownedAt[domain, default: [:]][partition] = status.at
            }
            let before = known?.figures(domain)
            let isBusy = (figures.lag ?? 0) > 0 && !figures.isKeptBack
            if before == nil || !isBusy || before?.outcomes != figures.outcomes {
                progressAt[domain, default: [:]][status.worker] = status.at
            }
            countDeadLetters(figures, before, of: domain, status, process)
        }
    }

    /// Dead letters that were found lately and not replayed since, oldest first.
    var deadLetters: [Find] {
        var finds = found
        for (domain, letters) in replayed {
            for time in letters.values.sorted() {
                // The next heartbeat after it was set aside has counted it.
                let index = finds.firstIndex {
                    $0.domain == domain && $0.at >= time && $0.count > 0
                }
                if let index { finds[index].count -= 1 }
            }
        }
        return finds.filter { $0.count > 0 }
    }

    private mutating func countDeadLetters(
        _ figures: DomainFigures,
        _ before: DomainFigures?,
        of domain: Domain,
        _ status: WorkerStatus,
        _ process: ProcessFigures
    ) {
        // What one has counted before the first that is remembered of it may be old.
        let isYoung = process.startedAt > status.at - memory
        guard let count = figures.deadLetters, let old = before?.deadLetters ?? (isYoung ? 0 : nil),
            count > old
        else { return }
        found.append(Find(at: status.at, domain: domain, count: count &- old))
        if found.count > Self.mostFinds { found.removeFirst() }
    }

    /// Forgets what has been over for too long.
    mutating func forget(at now: Int64, heartbeat: Int64) {
        let limit = now - memory
        found.removeAll { $0.at < limit }
        replayed = replayed.mapValues { letters in letters.filter { $0.value >= limit } }
        let ended = replicas.values.filter { $0.life(at: now, heartbeat: heartbeat) != .alive }
            .sorted { $0.heardAt < $1.heardAt }
        let surplus = max(0, ended.count - Self.mostEnded)
        for (index, replica) in ended.enumerated() where index < surplus || replica.heardAt < limit
        {
            replicas[replica.name] = nil
            for domain in Domain.allCases { progressAt[domain]?[replica.name] = nil }
        }
    }
}

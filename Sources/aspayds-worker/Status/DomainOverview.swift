import Contract

/// A domain over all replicas.
struct DomainOverview {
    let domain: Domain
    /// The replicas that are alive and have its role.
    let replicas: Int
    /// The partitions of its commands; nil where that cannot be found out.
    let partitionCount: Int?
    /// The figures of all replicas together: sums, the oldest times, and of percentiles the highest,
    /// because those of all together are not known.
    private(set) var total = DomainFigures()
    /// How many replicas hold requests back, and how many obey the order to pause.
    private(set) var heldBack = 0
    private(set) var pausing = 0
    /// Events per second, by kind.
    private(set) var rates: [String: Double] = [:]

    /// What is open was theirs who are gone, until somebody takes it over.
    init(_ domain: Domain, partitions: Int?, alive: [Replica], others: [Replica]) {
        self.domain = domain
        partitionCount = partitions
        replicas = alive.count { $0.works(on: domain) }
        for replica in alive {
            guard let figures = replica.figures(domain) else { continue }
            total.add(figures)
            heldBack += figures.breaker == nil ? 0 : 1
            pausing += figures.paused == nil ? 0 : 1
            rates.merge(replica.rates(domain), uniquingKeysWith: +)
        }
        total.partitions = Set(total.partitions).sorted()
        total.stoppedPartitions = Set(total.stoppedPartitions).sorted()
        addLeft(by: others)
    }

    /// Adds what is open in partitions that nobody has taken over, as their last owner has told it.
    private mutating func addLeft(by others: [Replica]) {
        var owned = Set(total.partitions)
        for replica in others.sorted(by: { $0.heardAt > $1.heardAt }) {
            guard let figures = replica.figures(domain), !figures.partitions.isEmpty,
                owned.isDisjoint(with: figures.partitions)
            else { continue }
            owned.formUnion(figures.partitions)
            total.addOpen(figures)
        }
    }
}

// Nonsense from outside is shown as nonsense; it is no reason to trap.
extension DomainFigures {
    fileprivate mutating func add(_ other: DomainFigures) {
        partitions += other.partitions
        stoppedPartitions += other.stoppedPartitions
        unfinished &+= other.unfinished
        waiting &+= other.waiting
        inFlight &+= other.inFlight
        rateLimit += other.rateLimit
        rateAllowed += other.rateAllowed
        rateUsed += other.rateUsed
        provider.add(other.provider)
        command.add(other.command)
        outcomes.merge(other.outcomes, uniquingKeysWith: &+)
        deadLetters = sum(deadLetters, other.deadLetters)
        forwarded = sum(forwarded, other.forwarded)
        restored = sum(restored, other.restored)
        toRestore = sum(toRestore, other.toRestore)
        at = at == 0 ? other.at : min(at, other.at)
        addOpen(other)
        addOrders(other)
    }

    /// Adds what is not at its end.
    fileprivate mutating func addOpen(_ other: DomainFigures) {
        lag = sum(lag, other.lag)
        inDoubt &+= other.inDoubt
        inReview &+= other.inReview
        tracked &+= other.tracked
        oldestInDoubt = [oldestInDoubt, other.oldestInDoubt].compactMap(\.self).min()
        oldestInReview = [oldestInReview, other.oldestInReview].compactMap(\.self).min()
    }

    /// Takes over what is worse or newer.
    private mutating func addOrders(_ other: DomainFigures) {
        // Who has wrong credentials does not find out how the provider is.
        if breaker != "credentials" { breaker = other.breaker ?? breaker }
        if sending != "off" { sending = other.sending ?? sending }
        paused = [paused, other.paused].compactMap(\.self).max { $0.at < $1.at }
        rateOrdered = [rateOrdered, other.rateOrdered].compactMap(\.self).max { $0.at < $1.at }
        if other.lastErrorAt ?? .min > lastErrorAt ?? .min {
            (lastError, lastErrorAt) = (other.lastError, other.lastErrorAt)
        }
    }

    private func sum(_ one: Int64?, _ other: Int64?) -> Int64? {
        guard let one, let other else { return one ?? other }
        return one &+ other
    }
}

extension DomainFigures.Latency {
    fileprivate mutating func add(_ other: Self) {
        func highest(_ one: Double?, _ other: Double?) -> Double? {
            [one, other].compactMap(\.self).max()
        }
        p50 = highest(p50, other.p50)
        p90 = highest(p90, other.p90)
        p99 = highest(p99, other.p99)
        max = highest(max, other.max)
        count &+= other.count
    }
}

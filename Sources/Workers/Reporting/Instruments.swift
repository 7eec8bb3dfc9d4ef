import Aspayds
import Contract
import CoreMetrics
import Engine
import Synchronization
import Telemetry

/// What the worker of one domain counts and times, through swift-metrics.
final class Instruments: Sendable {
    /// What is asked of the provider.
    enum Operation: String, CaseIterable {
        case create
        case status
        case batchStatus = "batch_status"
        case methods
    }

    private struct Question: Hashable {
        var operation: Operation
        var result: String
    }

    private let registry: MetricsRegistry
    private let domain: Domain
    private let outcomes: [Event.Kind: Counter]
    private let deadLetters: Counter
    private let forwarded: Counter
    private let ledgerGaps: Counter
    private let provider: [Operation: Timer]
    private let command: Timer
    private let commit: Timer
    private let questions = Mutex<[Question: Counter]>([:])
    private let gauges = Mutex<[String: Meter]>([:])

    private static let outcomesName = "aspayds_commands_total"
    private static let deadLettersName = "aspayds_dead_letters_total"
    private static let forwardedName = "aspayds_forwarded_total"
    private static let providerName = "aspayds_provider_request_duration_seconds"
    private static let commandName = "aspayds_command_duration_seconds"

    init(_ domain: Domain, _ registry: MetricsRegistry) {
        let labels = [("domain", domain.rawValue)]
        self.domain = domain
        self.registry = registry
        var outcomes: [Event.Kind: Counter] = [:]
        for kind in Event.Kind.allCases {
            outcomes[kind] = Counter(
                label: Self.outcomesName,
                dimensions: labels + [("outcome", kind.rawValue)],
                factory: registry
            )
        }
        self.outcomes = outcomes
        deadLetters = Counter(
            label: Self.deadLettersName,
            dimensions: labels,
            factory: registry
        )
        forwarded = Counter(label: Self.forwardedName, dimensions: labels, factory: registry)
        ledgerGaps = Counter(
            label: "aspayds_ledger_gaps_total",
            dimensions: labels,
            factory: registry
        )
        command = Timer(label: Self.commandName, dimensions: labels, factory: registry)
        commit = Timer(
            label: "aspayds_commit_duration_seconds",
            dimensions: labels,
            factory: registry
        )
        var provider: [Operation: Timer] = [:]
        for operation in Operation.allCases {
            provider[operation] = Timer(
                label: Self.providerName,
                dimensions: labels + [("operation", operation.rawValue)],
                factory: registry
            )
        }
        self.provider = provider
        // A counter that begins at nothing hides its first count from whoever asks for increases.
        for operation in Operation.allCases {
            for result in ["ok", AspaydsError.Code.rateLimited.rawValue] {
                questions.withLock {
                    $0[Question(operation: operation, result: result)] = counter(operation, result)
                }
            }
        }
    }

    private func counter(_ operation: Operation, _ result: String) -> Counter {
        Counter(
            label: "aspayds_provider_requests_total",
            dimensions: [
                ("domain", domain.rawValue), ("operation", operation.rawValue),
                ("result", result),
            ],
            factory: registry
        )
    }

    // MARK: What happens

    /// An event was published.
    func published(_ kind: Event.Kind) { outcomes[kind]?.increment() }

    func deadLettered() { deadLetters.increment() }

    /// A command was sent on to its home partition.
    func forwardedOne() { forwarded.increment() }

    /// Somebody else has written to a ledger of ours.
    func foundGap() { ledgerGaps.increment() }

    /// A command was answered, so long after it was read.
    func answered(after duration: Duration) {
        command.recordNanoseconds(duration.wholeNanoseconds)
    }

    /// Kafka has answered an offset commit, so long after it was asked.
    func committed(after duration: Duration) {
        commit.recordNanoseconds(duration.wholeNanoseconds)
    }

    /// Times a request to the provider, and counts how it ended.
    func timed<Answer>(
        _ operation: Operation,
        _ request: () async throws(AspaydsError) -> Answer
    ) async throws(AspaydsError) -> Answer {
        let start = Clock.uptime
        do throws(AspaydsError) {
            let answer = try await request()
            note(operation, "ok", since: start)
            return answer
        } catch {
            note(operation, error.code.rawValue, since: start)
            throw error
        }
    }

    private func note(_ operation: Operation, _ result: String, since start: Instant) {
        provider[operation]?.recordNanoseconds((Clock.uptime - start).wholeNanoseconds)
        let question = Question(operation: operation, result: result)
        questions.withLock { questions in
            if let known = questions[question] { return known.increment() }
            let made = counter(operation, result)
            questions[question] = made
            made.increment()
        }
    }

    // MARK: What is so

    /// Adds to figures what was counted and timed.
    func fill(_ figures: inout DomainFigures) {
        let labels = [("domain", domain.rawValue)]
        let series = Operation.allCases.compactMap {
            registry.durations(Self.providerName, labels + [("operation", $0.rawValue)])
        }
        figures.provider = .init(DurationSeries.summary(of: series))
        figures.command = .init(registry.durations(Self.commandName, labels)?.summary)
        for kind in Event.Kind.allCases {
            let series = registry.counter(
                Self.outcomesName,
                labels + [("outcome", kind.rawValue)]
            )
            if let count = series?.value, count > 0 { figures.outcomes[kind.rawValue] = count }
        }
        figures.deadLetters = registry.counter(Self.deadLettersName, labels)?.value
        figures.forwarded = registry.counter(Self.forwardedName, labels)?.value
    }

    /// Shows figures as gauges.
    func show(_ figures: DomainFigures, now: Int64) {
        func age(_ time: Int64?) -> Double { time.map { Double(max(0, now - $0)) / 1000 } ?? 0 }
        let remaining = (figures.toRestore ?? 0) - (figures.restored ?? 0)
        let values: [(String, Double)] = [
            ("aspayds_partitions_owned", Double(figures.partitions.count)),
            ("aspayds_stopped_partitions", Double(figures.stoppedPartitions.count)),
            ("aspayds_in_flight", Double(figures.inFlight)),
            ("aspayds_waiting", Double(figures.waiting)),
            ("aspayds_in_doubt", Double(figures.inDoubt)),
            ("aspayds_in_review", Double(figures.inReview)),
            ("aspayds_oldest_in_doubt_seconds", age(figures.oldestInDoubt)),
            ("aspayds_oldest_in_review_seconds", age(figures.oldestInReview)),
            ("aspayds_tracked", Double(figures.tracked)),
            ("aspayds_rate_limit_per_second", figures.rateLimit),
            (
                "aspayds_rate_used_ratio",
                figures.rateLimit > 0 ? figures.rateUsed / figures.rateLimit : 0
            ),
            ("aspayds_breaker_open", figures.breaker == nil ? 0 : 1),
            ("aspayds_restore_remaining_records", Double(remaining)),
            ("aspayds_figures_timestamp_seconds", Double(now) / 1000),
        ]
        for (name, value) in values { set(name, value) }
        // What has gone to another replica is its lag.
        let lag = figures.partitions.isEmpty ? 0 : figures.lag
        if let lag { set("aspayds_lag_records", Double(lag)) }
        for reason in ["credentials", "failures"] {
            let isIt = figures.breaker == reason
            set("aspayds_intake_stopped", isIt ? 1 : 0, [("reason", reason)])
        }
        let isPaused = figures.paused != nil
        set("aspayds_intake_stopped", isPaused ? 1 : 0, [("reason", "paused")])
        set("aspayds_intake_stopped", figures.sending == "off" ? 1 : 0, [("reason", "off")])
    }

    private func set(_ name: String, _ value: Double, _ more: [(String, String)] = []) {
        let gauge = gauges.withLock { gauges in
            let key = more.reduce(name) { $0 + $1.1 }
            if let known = gauges[key] { return known }
            let gauge = Meter(
                label: name,
                dimensions: [("domain", domain.rawValue)] + more,
                factory: registry
            )
            gauges[key] = gauge
            return gauge
        }
        gauge.set(value)
    }
}

extension DomainFigures.Latency {
    init(_ summary: DurationSeries.Summary?) {
        self.init()
        guard let summary else { return }
        count = summary.count
        guard let percentiles = summary.percentiles else { return }
        (p50, p90) = (percentiles.p50 * 1000, percentiles.p90 * 1000)
        (p99, max) = (percentiles.p99 * 1000, percentiles.max * 1000)
    }
}

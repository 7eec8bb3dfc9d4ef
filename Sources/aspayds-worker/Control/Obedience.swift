import Contract
import JSON

/// Which replicas do what an operator has ordered, by their heartbeats.
struct Obedience {
    /// A replica that has not been heard of for so long is none.
    private static let longestSilence: Int64 = 60_000

    private let order: StandingOrder
    /// Whether each replica obeys, as it said last.
    private var replicas: [String: Bool] = [:]

    init(to order: StandingOrder) {
        self.order = order
    }

    /// The replicas that do not obey.
    var late: [String] { replicas.filter { !$0.value }.keys.sorted() }

    private var obeying: Int { replicas.count - late.count }

    /// Reads heartbeats until every replica obeys, or the time is over.
    mutating func watch(_ settings: Settings, atMost time: Duration) async throws(Failure) {
        let start = order.at - Self.longestSilence
        guard var feed = try await StatusFeed(since: start, settings) else { return }
        try await feed.readToEnd { see($0) }
        if !late.isEmpty {
            _ = try await feed.follow(for: time) { status in
                see(status)
                return late.isEmpty
            }
        }
        await feed.close()
    }

    /// Takes in what a replica tells of itself.
    mutating func see(_ status: WorkerStatus) {
        if status.kind == .stopped { replicas[status.worker] = nil }
        let figures = domains.compactMap { status.process?.domains[$0] }
        guard !figures.isEmpty else { return }
        let isAlive = status.at > order.at - Self.longestSilence
        replicas[status.worker] = isAlive ? figures.allSatisfy(obeys) : nil
    }

    private var domains: [Domain] {
        if case .flow(let domain, _) = order.kind { [domain] } else { Domain.allCases }
    }

    private func obeys(_ figures: DomainFigures) -> Bool {
        let (obeyed, stands) =
            switch order.kind {
            case .flow(_, let isPaused): (figures.paused, isPaused)
            case .rate(let limit): (figures.rateOrdered, limit != nil)
            }
        if stands { return obeyed.map { $0.at >= order.at } ?? false }
        return obeyed == nil && figures.at > order.at
    }
}

extension Obedience {
    func line(at place: CommandSource) -> String {
        let what =
            switch order.kind {
            case .flow(let domain, let isPaused):
                "\(domain.plural) \(isPaused ? "paused" : "resumed")"
            case .rate(let limit): limit.map { "rate limit \($0)/s" } ?? "rate limit as it is set"
            }
        let who =
            replicas.isEmpty
            ? "no replica is alive; whoever starts obeys"
            : "\(obeying) of \(replicas.count) replicas obey"
        return "\(what) (\(place)): \(who)"
    }

    func json(at place: CommandSource) -> String {
        CompactJSON.line { w in
            w.field("key", order.key)
            w.field("topic", place.topic)
            w.field("partition", place.partition)
            w.field("offset", place.offset)
            w.field("replicas", replicas.count)
            w.field("obeying", obeying)
            w.array("late") { w in for worker in late { w.string(worker) } }
        }
    }
}

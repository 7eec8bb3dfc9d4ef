import Contract
import JSON
import Kafka

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
        let topic = Topics(prefix: settings.topicPrefix).workerStatus
        guard let found = try await KafkaAccess.describe([topic], settings)[topic] else { return }
        let places = (0..<found.partitions).map {
            TopicPartition(topic: topic, partition: Int32($0))
        }
        var scan = try TopicScan(places, settings)
        do throws(Failure) {
            try await scan.readToEnd { see($0) }
            if !late.isEmpty {
                _ = try await scan.follow(for: time) { record in
                    see(record)
                    return late.isEmpty
                }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
    }

    private mutating func see(_ record: Record) {
        let status = record.withValue { value in
            value.flatMap { try? JSONValue.parse($0, duplicates: .refuse) }
        }
        guard let object = status?.object else { return }
        let isEnd = record.withHeader("ce_type") { type in
            type.map { $0.elementsEqual(WorkerStatus.Kind.stopped.type.utf8) } ?? false
        }
        see(object, isEnd: isEnd)
    }

    /// Takes in what a replica tells of itself.
    mutating func see(_ status: JSONObject, isEnd: Bool) {
        guard let worker = status["worker"]?.text,
            let at = status["at"]?.text.flatMap(RFC3339.parse)
        else { return }
        if isEnd {
            replicas[worker] = nil
            return
        }
        let figures = domains.compactMap { status["\($0.rawValue)s"]?.object }
        guard !figures.isEmpty else { return }
        let isAlive = at > order.at - Self.longestSilence
        replicas[worker] = isAlive ? figures.allSatisfy(obeys) : nil
    }

    private var domains: [Domain] {
        if case .flow(let domain, _) = order.kind { [domain] } else { Domain.allCases }
    }

    private func obeys(_ figures: JSONObject) -> Bool {
        let (name, stands) =
            switch order.kind {
            case .flow(_, let isPaused): ("paused", isPaused)
            case .rate(let limit): ("rate_ordered", limit != nil)
            }
        let obeyed = figures[name]?.object?["at"]?.text.flatMap(RFC3339.parse)
        if stands { return obeyed.map { $0 >= order.at } ?? false }
        let told = figures["figures_at"]?.text.flatMap(RFC3339.parse) ?? 0
        return obeyed == nil && told > order.at
    }
}

extension Obedience {
    func line(at place: CommandSource) -> String {
        let what =
            switch order.kind {
            case .flow(let domain, let isPaused):
                "\(domain.rawValue)s \(isPaused ? "paused" : "resumed")"
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

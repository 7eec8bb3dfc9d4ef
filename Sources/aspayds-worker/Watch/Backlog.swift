import Kafka

/// Puts what lies in several partitions into the order of time.
///
/// Of what is more than it holds the older half goes on its way: where partitions are read that far
/// apart, the order is lost.
struct Backlog {
    private typealias Entry = (time: Int64, sighting: Sighting)

    private let most: Int
    private var entries: [Entry] = []
    /// What lies in one partition stays in its order, whatever clocks say.
    private var latest: [TopicPartition: Int64] = [:]

    init(most: Int = 20_000) { self.most = most }

    /// Takes the next of its partition; answers what cannot be held any longer.
    mutating func add(_ sighting: Sighting) -> [Sighting] {
        let place = TopicPartition(sighting.source)
        let time = max(latest[place] ?? .min, sighting.time)
        latest[place] = time
        entries.append((time, sighting))
        return entries.count > most ? take(most / 2) : []
    }

    /// All that is left.
    mutating func takeAll() -> [Sighting] { take(entries.count) }

    private mutating func take(_ count: Int) -> [Sighting] {
        let order = entries.indices.sorted { (entries[$0].time, $0) < (entries[$1].time, $1) }
        entries = order.map { entries[$0] }
        defer { entries.removeFirst(count) }
        return entries.prefix(count).map(\.sighting)
    }
}

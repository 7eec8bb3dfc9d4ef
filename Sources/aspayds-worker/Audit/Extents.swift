import Contract
import Kafka

/// Which part of every partition is read, and what is known of what is not there any more.
///
/// Whatever is read has its causes among what is read: the groups' offsets are asked for first, then
/// the ends of the ledgers, of the events, of the ledgers again, and of the commands.
struct Extents {
    struct Extent {
        /// The oldest record that is kept; everything before it is gone.
        var low: Int64
        /// The first record that is not read.
        var end: Int64
        /// The end that a ledger had before the ends of the events were known: what stands before it
        /// and was published is among the events.
        var settledEnd: Int64

        init(low: Int64, end: Int64, settledEnd: Int64? = nil) {
            (self.low, self.end, self.settledEnd) = (low, end, settledEnd ?? end)
        }
    }

    /// When reading began, in milliseconds since 1970.
    let asOf: Int64
    private let extents: [TopicPartition: Extent]
    private let counts: [String: Int]
    /// How far the groups have got with the commands; absent where that is not known.
    private let committed: [TopicPartition: Int64]
    /// How long topics keep records, in milliseconds, where that is known.
    private let retention: [String: Int64]
    /// When the oldest record was written of each partition that has lost some.
    private var oldest: [TopicPartition: Int64] = [:]
    private var unseen: Set<TopicPartition>

    init(
        _ extents: [TopicPartition: Extent],
        committed: [TopicPartition: Int64] = [:],
        retention: [String: Int64] = [:],
        asOf: Int64
    ) {
        (self.extents, self.committed) = (extents, committed)
        (self.retention, self.asOf) = (retention, asOf)
        counts = extents.keys.reduce(into: [:]) { counts, place in
            counts[place.topic] = max(counts[place.topic] ?? 0, Int(place.partition) + 1)
        }
        unseen = Set(extents.filter { $0.value.low > 0 }.keys)
    }

    subscript(_ partition: TopicPartition) -> Extent? { extents[partition] }

    /// How many partitions a topic has.
    func count(of topic: String) -> Int { counts[topic] ?? 0 }

    /// Notes when a record was written; the first of a partition counts.
    mutating func note(_ place: CommandSource, at time: Int64) {
        guard !unseen.isEmpty else { return }
        let partition = TopicPartition(place)
        if unseen.remove(partition) != nil { oldest[partition] = time }
    }

    /// Whether the first records of a partition are gone.
    func isCut(_ partition: TopicPartition) -> Bool { (extents[partition]?.low ?? 0) > 0 }

    /// Since when a partition is whole; nil for always.
    func wholeSince(_ partition: TopicPartition) -> Int64? {
        guard isCut(partition) else { return nil }
        return oldest[partition] ?? retention[partition.topic].map { asOf - $0 } ?? asOf
    }

    /// Since when every partition of a topic is whole; nil for always.
    func wholeSince(_ topic: String) -> Int64? {
        (0..<count(of: topic))
            .compactMap { wholeSince(TopicPartition(topic: topic, partition: Int32($0))) }
            .max()
    }

    /// Whether the group has finished with a command; nil where nobody knows.
    func hasPassed(_ partition: TopicPartition, _ offset: Int64) -> Bool? {
        committed[partition].map { offset < $0 }
    }

    /// How many partitions of commands there are of which nobody knows how far the group has got.
    func countUnknown(_ topics: Topics) -> Int {
        let commands = Set(Domain.allCases.map(topics.commands))
        return extents.keys.filter { commands.contains($0.topic) && committed[$0] == nil }.count
    }
}

extension TopicPartition {
    /// The partition of a record.
    init(_ place: CommandSource) {
        self.init(topic: place.topic, partition: place.partition)
    }
}

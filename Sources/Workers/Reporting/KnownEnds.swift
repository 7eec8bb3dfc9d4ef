import Engine
import Kafka

/// Where partitions end, as Kafka has told when it was asked.
///
/// Nothing is fetched of a partition that is paused, so nobody tells how it grows.
struct KnownEnds {
    private static let interval = Duration.seconds(2)
    /// What was told earlier counts for nothing.
    private static let longestAge = Duration.seconds(10)

    private var ends: [TopicPartition: Int64] = [:]
    private var toldAt: Instant?
    private var askedAt: Instant?
    private var isAsking = false

    /// Whether to ask now; whoever does tells the answer.
    mutating func isDue(at now: Instant) -> Bool {
        if isAsking { return false }
        if let askedAt, now - askedAt < Self.interval { return false }
        (isAsking, askedAt) = (true, now)
        return true
    }

    mutating func answered(_ ends: [TopicPartition: Int64]?, at time: Instant) {
        isAsking = false
        if let ends { (self.ends, toldAt) = (ends, time) }
    }

    /// Where a partition ends; nil where that was not told lately.
    func end(of place: TopicPartition, at now: Instant) -> Int64? {
        guard let toldAt, now - toldAt < Self.longestAge else { return nil }
        return ends[place]
    }
}

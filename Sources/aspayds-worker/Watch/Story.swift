import Contract
import Kafka

/// All that is known of one reference, put in order.
struct Story {
    /// Anybody can send any number of webhooks and commands.
    private static let most = 1000

    private(set) var entries: [StoryEntry] = []
    /// How much was left out, because it was too much.
    private(set) var omitted = 0
    private var ids: Set<String> = []

    /// Adds what comes next of its partition; false where it is left out.
    @discardableResult
    mutating func add(_ entry: StoryEntry) -> Bool {
        let isNew = entry.id.map { ids.insert($0).inserted } ?? false
        // A notification comes again after a crash; an event also when its command does.
        if entry.id != nil, !isNew, entry.teller != .event { return false }
        // What a worker says for the first time is never left out.
        guard isNew || entries.count < Self.most else {
            omitted += 1
            return false
        }
        entries.append(isNew || entry.teller != .event ? entry : entry.again)
        return true
    }

    /// The commands that have ended.
    var ended: Set<String> { Set(entries.compactMap(\.ending)) }

    /// The entries of each domain, in the order in which they happened.
    var chapters: [[StoryEntry]] {
        let domains: [Domain?] = Domain.allCases + [nil]
        return domains.map { domain in Self.ordered(entries.filter { $0.domain == domain }) }
            .filter { !$0.isEmpty }
    }

    /// By time; but what lies in one partition stays in its order, whatever clocks say.
    private static func ordered(_ entries: [StoryEntry]) -> [StoryEntry] {
        var latest: [TopicPartition: Int64] = [:]
        let timed = entries.enumerated().map { index, entry in
            let place = TopicPartition(
                topic: entry.source.topic,
                partition: entry.source.partition
            )
            let time = max(latest[place] ?? .min, entry.time)
            latest[place] = time
            return (time: time, rank: entry.rank, index: index, entry: entry)
        }
        return timed.sorted { ($0.time, $0.rank, $0.index) < ($1.time, $1.rank, $1.index) }
            .map(\.entry)
    }
}

extension StoryEntry {
    /// The same, told once more.
    fileprivate var again: StoryEntry {
        var entry = self
        entry.time = publishedAt ?? time
        entry.text += "  (again)"
        entry.style = .faint
        return entry
    }

    /// What causes comes before what it has caused, within a millisecond; the same for all in a topic.
    fileprivate var rank: Int {
        switch teller {
        case .command, .check, .webhook, .return, .decision: 0
        case .event, .deadLetter: 1
        case .notification: 2
        }
    }
}

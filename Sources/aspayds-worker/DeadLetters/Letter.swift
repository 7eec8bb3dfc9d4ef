import Contract
import Kafka

/// Where a dead letter lies in its topic: `PARTITION/OFFSET`.
struct LetterPlace: Hashable, Comparable, CustomStringConvertible {
    let partition: Int32
    let offset: Int64

    var description: String { "\(partition)/\(offset)" }

    static func < (left: Self, right: Self) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }
}

extension LetterPlace {
    /// Reads `3/17`, as `list` prints it.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]),
            partition >= 0, offset >= 0
        else { return nil }
        self.init(partition: partition, offset: offset)
    }
}

/// A dead letter.
struct Letter {
    let place: LetterPlace
    /// When it was set aside, in milliseconds since 1970.
    let time: Int64
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [(name: String, value: [UInt8]?)]
    let note: DeadLetter.Note

    init(_ record: Record) {
        let headers = record.headers.map { (name: $0.name, value: $0.value) }
        let note = DeadLetter.Note(headers)
        self.init(
            place: LetterPlace(partition: record.partition, offset: record.offset),
            time: note.time ?? record.timestamp,
            key: record.withKey { $0.map { [UInt8]($0) } },
            value: record.withValue { $0.map { [UInt8]($0) } },
            headers: headers,
            note: note
        )
    }

    init(
        place: LetterPlace,
        time: Int64,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)],
        note: DeadLetter.Note
    ) {
        self.place = place
        self.time = time
        self.key = key
        self.value = value
        self.headers = headers
        self.note = note
    }

    /// The dead letter that its record was replayed from.
    var replayOf: LetterPlace? {
        Replay.deadLetter(headers).map { LetterPlace(partition: $0.partition, offset: $0.offset) }
    }

    /// The domain of the topic that it comes from; nil where that is none of these.
    func domain(_ topics: Topics) -> Domain? {
        Domain.allCases.first { topics.commands(of: $0) == note.source?.topic }
    }
}

/// Which dead letters are meant.
struct LetterFilter {
    /// The topic that they come from.
    var topic: String?
    /// The reason's code.
    var reason: String?
    /// Set aside at this time or later, in milliseconds since 1970.
    var since: Int64?
    /// Set aside before this time.
    var until: Int64?

    func admits(_ letter: Letter) -> Bool {
        (topic == nil || topic == letter.note.source?.topic)
            && (reason == nil || reason == letter.note.reason)
            && (since.map { $0 <= letter.time } ?? true) && (until.map { letter.time < $0 } ?? true)
    }
}

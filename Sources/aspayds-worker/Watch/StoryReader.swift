import Contract
import JSON
import Kafka

/// Reads what is told of one reference out of the records of all topics.
struct StoryReader {
    private let topics: Topics
    /// In upper case: case does not matter.
    private let reference: String

    init(_ topics: Topics, reference: String) {
        self.topics = topics
        self.reference = Contract.Reference.uppercased(reference)
    }

    /// Nil where the record is about something else.
    func entry(_ record: Record) -> StoryEntry? {
        let source = CommandSource(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset
        )
        let name = source.topic
        if let domain = Domain.allCases.first(where: { topics.commands(of: $0) == name }) {
            return command(record, domain, source)
        }
        guard isKey(record) else { return nil }
        switch name {
        case topics.deadLetters: return deadLetter(record, source)
        case topics.notifications: return notification(record, source)
        case topics.webhooks: return hint(record, source)
        default:
            let sighting = Sighting(event: record, at: source)
            return StoryEntry(event: sighting, publishedAt: record.timestamp)
        }
    }

    /// Whether the key is the reference; nearly all keys are told apart by their length.
    private func isKey(_ record: Record) -> Bool {
        record.withKey { key in
            guard let key, key.count == reference.utf8.count else { return false }
            return isSame(String(decoding: key, as: UTF8.self))
        }
    }

    private func isSame(_ text: String) -> Bool {
        Contract.Reference.uppercased(text) == reference
    }

    /// Commands may come without a key.
    private func command(
        _ record: Record,
        _ domain: Domain,
        _ source: CommandSource
    ) -> StoryEntry? {
        let hasKey = record.withKey { $0.map { !$0.isEmpty } ?? false }
        guard !hasKey || isKey(record) else { return nil }
        let glimpse = record.withValue {
            CommandGlimpse(domain, headers: record.pairs, value: $0)
        }
        guard hasKey || glimpse.reference.map(isSame) ?? false else { return nil }
        let isCheck = glimpse.kind == "check"
        let kind = isCheck ? [] : [glimpse.kind].compactMap(\.self)
        return StoryEntry(
            teller: isCheck ? .check : .command,
            domain: domain,
            source: source,
            time: record.timestamp,
            text: (kind + glimpse.details + ["(\(source))"]).joined(separator: "  "),
            reference: glimpse.reference
        )
    }

    private func deadLetter(_ record: Record, _ source: CommandSource) -> StoryEntry {
        let origin = record.text(DeadLetter.prefix + "topic")
        return StoryEntry(
            deadLetter: Sighting(deadLetter: record, at: source),
            domain: Domain.allCases.first { topics.commands(of: $0) == origin }
        )
    }

    private func notification(_ record: Record, _ source: CommandSource) -> StoryEntry {
        let event = Self.field("event", of: record)
        return StoryEntry(
            teller: .notification,
            domain: event.flatMap { text in
                Domain.allCases.first { text.hasPrefix("\($0.rawValue).") }
            },
            source: source,
            time: record.timestamp,
            text: event ?? "not readable",
            style: .faint,
            id: record.text("event_id").map { "notification/\($0)" }
        )
    }

    /// A webhook or a browser: it says what it likes, and was checked.
    private func hint(_ record: Record, _ source: CommandSource) -> StoryEntry {
        let isReturn = record.text("aspayds_method") == "GET"
        let said = isReturn ? record.text("aspayds_query") : Self.field("event", of: record)
        let verdict = record.text("aspayds_verdict")
        let received = record.text("aspayds_received_at").flatMap(RFC3339.parse)
        return StoryEntry(
            teller: isReturn ? .return : .webhook,
            domain: record.text("aspayds_domain").flatMap(Domain.init(rawValue:)),
            source: source,
            time: received ?? record.timestamp,
            text: [said.map { String($0.prefix(64)) } ?? "-", verdict].compactMap(\.self).joined(
                separator: "  "
            ),
            style: .faint
        )
    }

    private static func field(_ name: String, of record: Record) -> String? {
        record.withValue { value in
            let parsed = value.flatMap { try? JSONValue.parse($0, duplicates: .keep) }
            return parsed?.object?[name]?.text.map { String($0.prefix(64)) }
        }
    }
}

extension Record {
    fileprivate var pairs: [(name: String, value: [UInt8]?)] {
        headers.map { (name: $0.name, value: $0.value) }
    }

    /// The text of a header.
    fileprivate func text(_ name: String) -> String? {
        withHeader(name) { $0.map { String(decoding: $0, as: UTF8.self) } }
    }
}

extension Sighting {
    init(event record: Record, at source: CommandSource) {
        self.init(
            event: record.pairs,
            value: record.withValue { $0.map { [UInt8]($0) } } ?? [],
            at: source,
            timestamp: record.timestamp
        )
    }

    init(deadLetter record: Record, at source: CommandSource) {
        self.init(
            deadLetter: record.pairs,
            key: record.withKey { $0.map { [UInt8]($0) } },
            at: source,
            timestamp: record.timestamp
        )
    }
}

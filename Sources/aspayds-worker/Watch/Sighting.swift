import Contract
import JSON

/// An event or a dead letter as `watch` shows it.
struct Sighting {
    /// Where the record lies.
    let source: CommandSource

    /// When it happened, in milliseconds since 1970.
    let time: Int64

    let domain: Domain?
    let reference: String?

    /// The event's kind, `dead_letter` or `unreadable`.
    let state: String

    let certainty: String?
    let amount: String?
    let reason: String?

    /// The last word on its command: what comes later belongs to the reference.
    let endsCommand: Bool

    /// The event as it was published.
    let value: [UInt8]?

    /// What the event is, its id, and what led to it; nil of what is no event.
    var event: Event.Kind?
    var eventID: String?
    var trigger: Event.Trigger?

    /// Tells one ended command from another: a reference, or for a dead letter its place.
    var commandKey: String {
        let name = reference.map(Reference.uppercased)
        return "\(domain?.rawValue ?? source.topic)/\(name ?? source.description)"
    }

    private static let ends: Set<Event.Kind> = [
        .created, .requested, .refused, .expired, .needsReview, .checked, .methods,
    ]

    /// Nobody may have asked for the payout methods.
    private static func endsCommand(_ event: Event) -> Bool {
        ends.contains(event.kind) && (event.kind != .methods || event.command != nil)
    }
}

extension Sighting {
    /// Reads an event; what is none is shown too.
    init(
        event headers: [(name: String, value: [UInt8]?)],
        value: [UInt8],
        at source: CommandSource,
        timestamp: Int64
    ) {
        do throws(UnreadableRecord) {
            let event = try Self.event(headers, value)
            self.init(
                source: source,
                time: event.occurredAt,
                domain: event.domain,
                reference: event.reference,
                state: event.kind.rawValue,
                certainty: event.certainty?.rawValue,
                amount: event.amount.map { "\($0)\(event.currency.map { " \($0)" } ?? "")" },
                reason: Self.detail(event),
                endsCommand: Self.endsCommand(event),
                value: value,
                event: event.kind,
                eventID: event.id,
                trigger: event.trigger
            )
        } catch {
            self.init(
                source: source,
                time: timestamp,
                domain: nil,
                reference: nil,
                state: "unreadable",
                certainty: nil,
                amount: nil,
                reason: error.what,
                endsCommand: false,
                value: nil
            )
        }
    }

    /// Reads a dead letter: the reason is in its headers, and its value is shown to nobody.
    init(
        deadLetter headers: [(name: String, value: [UInt8]?)],
        key: [UInt8]?,
        at source: CommandSource,
        timestamp: Int64
    ) {
        let note = DeadLetter.Note(headers)
        self.init(
            source: source,
            time: timestamp,
            domain: nil,
            reference: key.map { String(decoding: $0, as: UTF8.self) },
            state: "dead_letter",
            certainty: nil,
            amount: nil,
            reason: [note.reason, note.message, note.source.map { "(\($0))" }]
                .compactMap(\.self).joined(separator: " "),
            endsCommand: true,
            value: nil
        )
    }

    private static func event(
        _ headers: [(name: String, value: [UInt8]?)],
        _ value: [UInt8]
    ) throws(UnreadableRecord) -> Event {
        let result = value.withUnsafeBytes { buffer in
            Result { () throws(UnreadableRecord) in try Event(headers: headers, value: buffer) }
        }
        return try result.get()
    }

    private static func detail(_ event: Event) -> String? {
        var parts = [event.providerID].compactMap(\.self)
        if let status = event.status, status != event.kind.rawValue { parts.append(status) }
        if let reason = event.reason {
            parts.append(reason.code)
            if let message = reason.message { parts.append(message) }
        }
        if let url = event.paymentURL { parts.append(url) }
        return parts.isEmpty ? nil : parts.joined(separator: "  ")
    }
}

extension Sighting {
    /// A line for people; the columns line up from line to line.
    func line(colour: Bool) -> String {
        let clock = RFC3339.format(time).dropFirst("2026-01-01T".count).prefix { $0 != "Z" }
        let cells = [
            String(clock).padding(12), (domain?.rawValue ?? "-").padding(7),
            printable(reference ?? "-").padding(20),
            style.paint(state.padding(14), when: colour), (certainty ?? "-").padding(8),
            (amount ?? "-").padding(12), printable(reason ?? ""),
        ]
        return cells.joined(separator: "  ")
    }

    /// A line for programs.
    func json() -> String {
        CompactJSON.line { w in
            w.field("topic", source.topic)
            w.field("partition", source.partition)
            w.field("offset", source.offset)
            w.field("time", RFC3339.format(time))
            w.field("domain", domain?.rawValue)
            w.field("transaction_reference", reference)
            w.field("state", state)
            w.field("ends_command", endsCommand)
            if let value {
                w.field("event", raw: String(decoding: value, as: UTF8.self))
            } else {
                w.field("reason", reason)
            }
        }
    }

    var style: Style {
        switch state {
        case "created", "requested", "paid", "completed": .good
        case "refused", "rejected", "dead_letter", "unreadable", "expired": .bad
        case "in_doubt", "needs_review": .attention
        default: .faint
        }
    }
}

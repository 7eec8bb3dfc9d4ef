import DequeModule

/// The latest webhooks and what became of them.
struct WebhookLog: Sendable {
    /// How far one has come.
    enum State: String, Sendable {
        case waiting
        /// Kept back until the record's next one was sent.
        case held
        case sending
        /// Answered 2xx in time.
        case delivered
        /// Every attempt failed.
        case failed
        /// Not sent on purpose.
        case withheld
        /// Not sent because too many were waiting.
        case dropped
    }

    struct Entry: Sendable {
        var webhook: Webhook
        let at: Int64
        var state: State
        var attempts = 0
        var last: Courier.Outcome?

        /// As `GET /_sandbox/webhooks` lists it.
        var json: JSON {
            [
                "number": .integer(webhook.number), "event": .string(webhook.event.rawValue),
                "kind": .string(webhook.record.kind.rawValue),
                "reference": .string(webhook.record.reference), "id": .string(webhook.record.id),
                "url": .string(webhook.url), "fault": .optional(webhook.fault?.rawValue),
                "state": .string(state.rawValue), "attempts": .integer(attempts),
                "last": .optional(last?.name), "at": .string(timestamp(at)),
            ]
        }
    }

    static let limit = 1_000

    private(set) var entries: Deque<Entry> = []
    private var nextNumber = 1

    /// Enters the webhook and answers its number.
    mutating func add(_ webhook: Webhook, _ state: State, now: Int64) -> Int {
        if entries.count >= Self.limit { entries.removeFirst() }
        var entry = Entry(webhook: webhook, at: now, state: state)
        entry.webhook.number = nextNumber
        entries.append(entry)
        nextNumber += 1
        return entry.webhook.number
    }

    /// Numbers follow each other without gaps, so the place is known.
    private func index(_ number: Int) -> Int? {
        guard let first = entries.first else { return nil }
        let index = number - first.webhook.number
        return entries.indices.contains(index) ? index : nil
    }

    /// Nil for one that was never there, or is no longer.
    subscript(_ number: Int) -> Entry? { index(number).map { entries[$0] } }

    /// Does nothing to an entry that is no longer there.
    mutating func change(_ number: Int, _ change: (inout Entry) -> Void) {
        guard let index = index(number) else { return }
        change(&entries[index])
    }

    /// Forgets all; the numbers go on, so that none is ever meant for two.
    mutating func reset() {
        entries = []
    }

    /// The number that comes next.
    var upcoming: Int { nextNumber }
}

import DequeModule
import HTTPTypes

/// The latest requests to the provider, with their headers.
struct RequestLog: Sendable {
    private struct Entry: Sendable {
        let head: HTTPRequest
        /// The reference of an order.
        let reference: String?
        let outcome: Traffic.Outcome
        let at: Int64
    }

    static let limit = 1_000

    private var entries: Deque<Entry> = []

    mutating func add(
        _ head: HTTPRequest,
        _ reference: String?,
        _ outcome: Traffic.Outcome,
        now: Int64
    ) {
        if entries.count >= Self.limit { entries.removeFirst() }
        entries.append(Entry(head: head, reference: reference, outcome: outcome, at: now))
    }

    /// As `GET /_sandbox/requests/last` shows the last of them; credentials are blotted out.
    func json(limit: Int?) -> JSON {
        .array(entries.suffix(limit ?? Self.limit).map(Self.json))
    }

    private static func json(_ entry: Entry) -> JSON {
        let headers = entry.head.headerFields.map { field in
            let isSecret = field.name.canonicalName.hasPrefix("x-api-")
            return JSON.Member(
                name: field.name.canonicalName,
                value: .string(isSecret ? "****" : field.value)
            )
        }
        return [
            "method": .string(entry.head.method.rawValue), "path": .optional(entry.head.path),
            "reference": .optional(entry.reference), "headers": .object(headers),
            "outcome": .string(entry.outcome.name), "at": .string(timestamp(entry.at)),
        ]
    }
}

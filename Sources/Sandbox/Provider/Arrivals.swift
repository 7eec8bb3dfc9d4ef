internal import DequeModule

/// When requests arrived, in milliseconds since 1970.
struct Arrivals: Sendable {
    /// So many are kept; the oldest are forgotten first.
    static let limit = 100_000

    private var times: Deque<Int64> = []
    /// Those of the last second.
    private var recent: Deque<Int64> = []
    /// The most that came within any second.
    private(set) var peak = 0

    mutating func note(_ now: Int64) {
        if times.count >= Self.limit { times.removeFirst() }
        times.append(now)
        while let first = recent.first, first <= now - 1_000 { recent.removeFirst() }
        recent.append(now)
        peak = max(peak, recent.count)
    }

    /// The last ones, as `GET /_sandbox/requests/times` shows them.
    func json(last count: Int?) -> JSON {
        let shown = times.suffix(count ?? times.count)
        return ["times_ms": .array(shown.map { .integer(Int($0)) })]
    }
}

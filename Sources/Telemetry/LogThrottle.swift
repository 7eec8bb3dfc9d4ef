import Synchronization

/// Lets a repeated line through once in a while, and counts those it held back.
package final class LogThrottle: Sendable {
    private struct Entry {
        var last: ContinuousClock.Instant
        var heldBack = 0
    }

    private let interval: Duration
    private let entries = Mutex<[String: Entry]>([:])
    /// More kinds of lines than this within an interval are not told apart.
    private static let limit = 256

    /// Lets each kind of line through once in an interval.
    package init(interval: Duration = .seconds(30)) {
        self.interval = interval
    }

    /// Whether a line of this kind may be written now; if so, how many were held back before it.
    package func pass(_ kind: String, at now: ContinuousClock.Instant = .now) -> Int? {
        entries.withLock { entries in
            if entries.count >= Self.limit, entries[kind] == nil {
                entries = entries.filter { now - $0.value.last < interval }
            }
            let kind = entries.count < Self.limit || entries[kind] != nil ? kind : "other"
            if let entry = entries[kind], now - entry.last < interval {
                entries[kind]?.heldBack += 1
                return nil
            }
            let heldBack = entries[kind]?.heldBack ?? 0
            entries[kind] = Entry(last: now)
            return heldBack
        }
    }
}

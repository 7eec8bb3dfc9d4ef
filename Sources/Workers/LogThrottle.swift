import Engine
package import Kafka
package import Logging
import Synchronization

/// Lets a repeated line through once in a while, and counts those it held back.
package final class LogThrottle: Sendable {
    private struct Entry {
        var last: Instant
        var heldBack = 0
    }

    private let interval: Duration
    private let entries = Mutex<[String: Entry]>([:])
    /// More kinds of lines than this are not told apart.
    private static let limit = 256

    /// Lets each kind of line through once in an interval.
    package init(interval: Duration = .seconds(30)) {
        self.interval = interval
    }

    /// Whether a line of this kind may be written now; if so, how many were held back before it.
    package func pass(_ kind: String) -> Int? {
        let now = Clock.uptime
        return entries.withLock { entries in
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

extension LogThrottle {
    /// What is in the way of Kafka is met by every client of the process, and said by one of them.
    private static let kafka = LogThrottle(interval: .seconds(300))

    /// Warns of an error of Kafka: once in a while, and with a known cause once in five minutes,
    /// whoever meets it; then the cause is the message.
    package func warn(
        _ logger: Logger,
        _ message: Logger.Message,
        _ error: KafkaError,
        kind: String? = nil,
        _ metadata: Logger.Metadata = [:]
    ) {
        let cause = error.explanation
        let heldBack = cause.map { Self.kafka.pass($0) } ?? pass(kind ?? error.name)
        guard let heldBack else { return }
        var metadata = metadata
        metadata["error"] = "\(error.name): \(error.message)"
        metadata["repeated"] = "\(heldBack)"
        if cause != nil { metadata["during"] = "\(message)" }
        logger.warning(cause.map { "\($0)" } ?? message, metadata: metadata)
    }
}

package import Engine
import Synchronization

/// Which loops of this process hang: librdkafka does not notice, and only a restart helps.
package final class Liveness: Sendable {
    /// A loop turns at least once a second.
    package static let limit = Duration.seconds(60)

    private let turns = Mutex<[String: Instant]>([:])

    /// Nothing hangs that has not begun.
    package init() {}

    /// Notes when a loop turned.
    package func turned(_ subject: String, at now: Instant) {
        turns.withLock { $0[subject] = now }
    }

    /// A loop has ended and turns no more.
    package func ended(_ subject: String) {
        turns.withLock { $0[subject] = nil }
    }

    /// The loops that have not turned for the limit, in order.
    package func hanging(at now: Instant) -> [String] {
        turns.withLock { $0.filter { now - $0.value >= Self.limit }.keys.sorted() }
    }
}

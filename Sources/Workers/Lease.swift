import Engine
import Synchronization

/// The right to transmit for one assignment of a partition.
///
/// It ends before librdkafka is told to unassign (DESIGN.md §4), and is asked at the last moment
/// before bytes are handed over.
final class Lease: Sendable {
    private let isEnded = Atomic(false)

    /// Takes the right away, for good.
    func end() {
        isEnded.store(true, ordering: .sequentiallyConsistent)
    }

    /// Whether a transmission fenced for use until a deadline may begin now.
    func permits(until deadline: Instant) -> Bool {
        !isEnded.load(ordering: .sequentiallyConsistent) && Clock.uptime < deadline
    }
}

import Synchronization

/// Why this process is not ready, by subject; ready when there is no reason.
package final class Readiness: Sendable {
    private let reasons = Mutex<[String: String]>([:])

    /// Starts ready.
    package init() {}

    /// Says why a subject is not ready, or with nil that it is; true if that is news.
    @discardableResult
    package func set(_ subject: String, _ reason: String?) -> Bool {
        reasons.withLock { reasons in
            defer { reasons[subject] = reason }
            return reasons[subject] != reason
        }
    }

    /// Forgets the reasons of all subjects that begin so.
    package func clear(prefix: String) {
        reasons.withLock { $0 = $0.filter { !$0.key.hasPrefix(prefix) } }
    }

    /// Whether there is a reason for a subject.
    package func isSet(_ subject: String) -> Bool {
        reasons.withLock { $0[subject] != nil }
    }

    /// Every reason, as `subject: reason`, in order.
    package var all: [String] {
        reasons.withLock { $0.map { "\($0.key): \($0.value)" }.sorted() }
    }
}

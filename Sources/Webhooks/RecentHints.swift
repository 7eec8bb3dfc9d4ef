import Contract
import Synchronization

/// Remembers for a second which hints have led to a check, so that repeating them costs nothing.
///
/// Only the very same hint counts as repeated: another event about the reference may tell of a state
/// that is newer than the check before it.
final class RecentHints: Sendable {
    /// What is the same when a hint is repeated.
    struct Identity: Hashable {
        let domain: Domain
        let reference: String
        /// The event, or the status of a return.
        let word: String

        init(_ token: CallbackToken, _ word: String) {
            domain = token.domain
            reference = Reference.uppercased(token.reference)
            self.word = word
        }
    }

    private let window: Duration
    private let limit: Int
    private let times = Mutex<[Identity: ContinuousClock.Instant]>([:])

    init(window: Duration = .seconds(1), limit: Int = 8192) {
        self.window = window
        self.limit = limit
    }

    /// Whether the hint came within the window already; if not, it is remembered from now on.
    func isRepeated(_ hint: Identity, at now: ContinuousClock.Instant = .now) -> Bool {
        times.withLock { times in
            if let last = times[hint], now - last < window { return true }
            if times.count >= limit { times = times.filter { now - $0.value < window } }
            // To forget too much costs no more than checks.
            if times.count >= limit { times = [:] }
            times[hint] = now
            return false
        }
    }

    /// The check was not written: who comes next shall ask for it again.
    func forget(_ hint: Identity) {
        times.withLock { $0[hint] = nil }
    }
}

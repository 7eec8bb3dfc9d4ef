import Contract
import Engine

/// The payout methods that the provider has listed last.
///
/// A list that could not be refreshed for two intervals may be wrong by now, and judges nothing any
/// more: the provider then decides.
struct ListedMethods: Sendable {
    private let lifetime: Duration?
    private var latest: (methods: PayoutMethods, at: Instant)?

    /// Nothing is known yet; without an interval what is learned is never forgotten.
    init(refreshInterval: Duration?) {
        lifetime = refreshInterval.map { $0 * 2 }
    }

    mutating func learn(_ methods: PayoutMethods, at now: Instant) {
        latest = (methods, now)
    }

    /// What payouts are judged by at a moment; nil where that is not known.
    func known(at now: Instant) -> PayoutMethods? {
        guard let latest else { return nil }
        if let lifetime, now - latest.at > lifetime { return nil }
        return latest.methods
    }

    /// Lets go of a list that is too old; true if there was one.
    mutating func forgetOld(at now: Instant) -> Bool {
        guard latest != nil, known(at: now) == nil else { return false }
        latest = nil
        return true
    }
}

/// What requests to the provider are for; lanes share one rate, in this order of preference.
struct Lanes: OptionSet, Sendable {
    let rawValue: UInt8

    /// Creates an invoice or requests a payout.
    static let create = Lanes(rawValue: 1)
    /// Looks up what is in doubt or asked for.
    static let verify = Lanes(rawValue: 2)
    /// Follows what was accepted.
    static let poll = Lanes(rawValue: 4)

    /// The one that is preferred.
    var first: Lanes { Lanes(rawValue: rawValue & (~rawValue &+ 1)) }
}

/// A token bucket with lanes, which slows down when the provider says 429.
///
/// The bucket holds at most a twentieth of a second's tokens, so that in any window of one second
/// at most 105 % of the rate pass (at least one). A 429 halves the rate, every second without one
/// gives back a twentieth of the share; the floor is the smaller of 1/s and the share.
struct RateLimiter {
    /// This process's part of the provider's limit, in requests per second.
    private(set) var share: Double = 0
    /// What is allowed at present: the share, less what 429 answers have taken off.
    private(set) var rate: Double = 0
    private var tokens: Double = 0
    private var refilledAt: Instant
    private var blockedUntil: Instant
    private var slowedAt: Instant?
    private var turn = 0
    /// Requests that were allowed so far.
    private(set) var permits: UInt64 = 0
    /// Since when work has been waiting for a token; nil while none does.
    private var shortSince: Instant?
    private var shortage = Duration.zero
    private var lastStock: (at: Instant, permits: UInt64)

    /// Starts without a share and therefore closed.
    init(at now: Instant) {
        refilledAt = now
        blockedUntil = now
        lastStock = (now, 0)
    }

    private var capacity: Double { max(1, rate / 20) }

    /// Changes the share; what is gained starts empty, so that the sum over replicas stays within
    /// the limit while partitions move.
    mutating func setShare(_ newShare: Double, at now: Instant) {
        refill(at: now)
        let slowdown = share > 0 ? rate / share : 1
        share = newShare
        rate = max(newShare * slowdown, min(1, newShare))
        tokens = min(tokens, capacity)
    }

    /// Takes a token for one of the lanes that have work; nil while there is none.
    mutating func take(from waiting: Lanes, at now: Instant) -> Lanes? {
        guard !waiting.isEmpty else {
            isShort(false, at: now)
            return nil
        }
        refill(at: now)
        guard now >= blockedUntil, tokens >= 1 else {
            isShort(true, at: now)
            return nil
        }
        tokens -= 1
        permits &+= 1
        let lane = Self.turns[turn]
        turn = (turn + 1) % Self.turns.count
        return waiting.contains(lane) ? lane : waiting.first
    }

    // The floors: where every lane has work, verification gets a fifth of the requests, polls a tenth.
    private static let turns: [Lanes] = [
        .create, .create, .verify, .create, .poll, .create, .create, .verify, .create, .create,
    ]

    /// When the next token can be taken; nil without a share.
    func nextToken(after now: Instant) -> Instant? {
        guard rate > 0 else { return nil }
        let elapsed = max(0, now.seconds(since: refilledAt))
        let missing = max(0, 1 - min(capacity, tokens + elapsed * rate))
        if missing == 0 { return max(now, blockedUntil) }
        let due = now + .nanoseconds(Int64((missing / rate * 1e9).rounded(.up)))
        return max(due, blockedUntil)
    }

    /// Whether a 429 has taken something off that has not come back.
    func isSlowed(at now: Instant) -> Bool { rate < share || now < blockedUntil }

    /// Nothing is asked for at present, whatever waits.
    mutating func rest(at now: Instant) { isShort(false, at: now) }

    private mutating func isShort(_ isShort: Bool, at now: Instant) {
        if let shortSince { shortage += max(.zero, now - shortSince) }
        shortSince = isShort ? now : nil
    }

    /// What has been used, and missed, since the last time this was asked.
    mutating func takeStock(at now: Instant) -> Stock {
        refill(at: now)
        isShort(shortSince != nil, at: now)
        let seconds = max(1e-3, now.seconds(since: lastStock.at))
        let stock = Stock(
            used: Double(permits &- lastStock.permits) / max(1, seconds),
            short: min(1, shortage.inSeconds / seconds)
        )
        lastStock = (now, permits)
        shortage = .zero
        return stock
    }

    /// How a replica got along with its part.
    struct Stock {
        /// Requests per second.
        var used: Double
        /// The part of the time in which work waited for a token.
        var short: Double
    }

    /// Slows down after a 429, and waits as long as the provider asked.
    mutating func slowDown(retryAfter: Duration?, at now: Instant) {
        refill(at: now)
        if let retryAfter { blockedUntil = max(blockedUntil, now + retryAfter) }
        // Requests in flight at the same time all get their 429: they count once a second.
        if let slowedAt, now - slowedAt < .seconds(1) { return }
        slowedAt = now
        rate = max(rate / 2, min(1, share))
        tokens = 0
    }

    private mutating func refill(at now: Instant) {
        let elapsed = now.seconds(since: refilledAt)
        guard elapsed > 0 else { return }
        tokens = min(capacity, tokens + elapsed * rate)
        if rate < share { rate = min(share, rate + share / 20 * elapsed) }
        refilledAt = now
    }
}

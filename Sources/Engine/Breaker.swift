/// Stops sending while the provider fails or refuses the credentials, and finds out when it is back.
///
///     closed ── failures / credentials refused ──→ open ── pause over ──→ probing
///        ↑                                           ↑                      │
///        └────────────── probe answered ─────────────┼───── probe failed ───┘
///
/// The probe is a harmless read (GET /payout/methods), never a payout.
struct Breaker {
    enum State: Equatable {
        case closed
        case open(until: Instant, reason: BreakerReason)
        case probing(BreakerReason)
    }

    private(set) var state: State = .closed
    private var failures = 0
    private var answers = 0
    private var windowStart: Instant
    private var openings = 0

    private static let window = Duration.seconds(10)
    private static let minimumFailures = 5
    private static let pauses = Backoff(base: .seconds(1), cap: .seconds(30))

    init(at now: Instant) {
        windowStart = now
    }

    /// Whether requests may be sent.
    var isClosed: Bool { state == .closed }

    /// Why requests are held back, if they are.
    var reason: BreakerReason? {
        switch state {
        case .closed: nil
        case .open(_, let reason), .probing(let reason): reason
        }
    }

    /// When the pause of an open breaker is over.
    var reopensAt: Instant? {
        guard case .open(let until, _) = state else { return nil }
        return until
    }

    /// Counts the result of a request; true if that opens the breaker.
    mutating func note(failed: Bool, at now: Instant) -> Bool {
        guard isClosed else { return false }
        if now - windowStart > Self.window {
            (failures, answers, windowStart) = (0, 0, now)
        }
        if failed { failures += 1 } else { answers += 1 }
        guard failures >= Self.minimumFailures, failures >= answers else { return false }
        open(.failures, at: now)
        return true
    }

    /// Opens at once, whatever the counts say.
    mutating func open(_ reason: BreakerReason, at now: Instant) {
        openings += 1
        // Not jittered: replicas trip at different moments anyway, and a script can say when.
        let pause = Self.pauses.ceiling(try: openings)
        state = .open(until: now + pause, reason: reason)
    }

    /// Begins the probe if the pause is over; true if one must be sent.
    mutating func startProbe(at now: Instant) -> Bool {
        guard case .open(let until, let reason) = state, now >= until else { return false }
        state = .probing(reason)
        return true
    }

    /// Takes the probe's answer; true if the breaker is closed by it.
    mutating func probed(_ result: ProbeResult, at now: Instant) -> Bool {
        guard case .probing(let reason) = state else { return false }
        switch result {
        case .failed: open(.failures, at: now)
        case .unauthorized: open(.credentials, at: now)
        // A store without payouts may answer so for ever: it is back, unless this is what was wrong.
        case .forbidden where reason == .credentials: open(.credentials, at: now)
        case .healthy, .forbidden:
            state = .closed
            (failures, answers, windowStart, openings) = (0, 0, now, 0)
            return true
        }
        return false
    }
}

/// Why the engine holds its requests back.
public enum BreakerReason: String, Sendable, Hashable {
    /// Too many requests got no answer or a server error.
    case failures
    /// The provider refused the API key or secret.
    case credentials
}

/// What the harmless read found.
public enum ProbeResult: Sendable, Hashable {
    /// The provider answered as it should.
    case healthy
    /// No answer, or a server error.
    case failed
    /// 401: the provider refuses the credentials.
    case unauthorized
    /// 403 or 404: perhaps credentials or configuration, perhaps a store without payouts.
    case forbidden
}

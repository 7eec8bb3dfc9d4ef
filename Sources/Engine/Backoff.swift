/// Exponential back-off with full jitter and a cap.
///
/// The delay before try `n` (from 1) is drawn from 0 … min(cap, base · 2ⁿ⁻¹): with the defaults up
/// to 0.5 s, 1 s, 2 s, 4 s, 8 s, 16 s, then always up to 30 s. Full jitter spreads the retries of
/// many commands evenly (AWS Architecture Blog, "Exponential Backoff And Jitter").
public struct Backoff: Sendable, Hashable {
    /// The longest first delay.
    public var base: Duration
    /// No delay is longer than this, the provider's Retry-After apart.
    public var cap: Duration

    /// A back-off that starts at `base` and never exceeds `cap`.
    public init(base: Duration = .milliseconds(500), cap: Duration = .seconds(30)) {
        self.base = base
        self.cap = cap
    }

    /// The longest possible delay before a try.
    func ceiling(try number: Int) -> Duration {
        // 2²⁰ times any sensible base is above any sensible cap.
        min(cap, base * (1 << min(max(number - 1, 0), 20)))
    }

    /// Draws the delay before a try; what the provider asked for (Retry-After) is a minimum.
    func delay(
        try number: Int,
        atLeast requested: Duration?,
        using generator: inout SeededGenerator
    ) -> Duration {
        let limit = max(ceiling(try: number).wholeNanoseconds, 1)
        let drawn = Duration.nanoseconds(Int64.random(in: 0...limit, using: &generator))
        guard let requested else { return drawn }
        // Many commands may have been told the same: the jitter keeps them apart.
        return requested + min(drawn, .seconds(1))
    }
}

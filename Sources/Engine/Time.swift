/// A point on a clock that runs through suspension of the machine (CLOCK_BOOTTIME), in nanoseconds.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's own zero.
    public var nanoseconds: Int64

    /// A point a number of nanoseconds after the clock's zero.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Later by a duration.
    public static func + (left: Instant, right: Duration) -> Instant {
        let sum = left.nanoseconds.addingReportingOverflow(right.wholeNanoseconds)
        // What is further away than the clock can say never comes.
        return Instant(nanoseconds: sum.overflow ? .max : sum.partialValue)
    }

    /// The time from one point to another, negative if it lies in the past.
    public static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    /// How many seconds have passed since an earlier point: without the 128 bits of a `Duration`.
    func seconds(since earlier: Instant) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }

    /// Earlier comes first.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// The earliest of several points in time, if there is any.
struct Earliest {
    private(set) var instant: Instant?

    mutating func note(_ other: Instant?) {
        guard let other else { return }
        instant = min(instant ?? other, other)
    }
}

/// The time that comes with every input: what the engine knows of clocks.
public struct Moment: Hashable, Sendable {
    /// For delays and deadlines.
    public var uptime: Instant
    /// For `not_after`: milliseconds since 1970, UTC.
    public var wallClock: Int64

    /// Reads of both clocks at one moment.
    public init(uptime: Instant, wallClock: Int64) {
        self.uptime = uptime
        self.wallClock = wallClock
    }
}

extension Duration {
    /// The duration in nanoseconds, cut to what 64 bits hold (292 years).
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if whole.overflow { return seconds < 0 ? .min / 4 : .max / 4 }
        return whole.partialValue + attoseconds / 1_000_000_000
    }

    /// The duration in seconds.
    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

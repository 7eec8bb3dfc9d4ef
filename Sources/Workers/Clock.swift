package import Engine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The clocks of this machine.
package enum Clock {
    /// Both clocks at this moment.
    package static var now: Moment {
        Moment(uptime: uptime, wallClock: read(CLOCK_REALTIME) / 1_000_000)
    }

    /// The clock that runs through suspension (DESIGN.md §4: the send deadline).
    package static var uptime: Instant {
        #if os(Linux)
        Instant(nanoseconds: read(CLOCK_BOOTTIME))
        #else
        Instant(nanoseconds: read(CLOCK_MONOTONIC))
        #endif
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

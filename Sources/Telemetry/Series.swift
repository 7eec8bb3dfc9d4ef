import CoreMetrics
import Histogram
import Synchronization

/// A metric that only grows.
package final class CounterSeries: CounterHandler, Sendable {
    private let total = Atomic<Int64>(0)

    package init() {}

    package func increment(by amount: Int64) {
        total.wrappingAdd(amount, ordering: .relaxed)
    }

    package func reset() { total.store(0, ordering: .relaxed) }

    /// What was counted so far.
    package var value: Int64 { total.load(ordering: .relaxed) }
}

/// A metric that goes up and down.
package final class GaugeSeries: MeterHandler, RecorderHandler, Sendable {
    private let current = Mutex(0.0)

    package init() {}

    package func set(_ value: Int64) { set(Double(value)) }
    package func set(_ value: Double) { current.withLock { $0 = value } }
    package func increment(by amount: Double) { current.withLock { $0 += amount } }
    package func decrement(by amount: Double) { increment(by: -amount) }
    package func record(_ value: Int64) { set(value) }
    package func record(_ value: Double) { set(value) }

    /// The present value.
    package var value: Double { current.withLock { $0 } }
}

/// Durations: how many, their sum, and percentiles of the last one to two minutes.
///
/// Its size is fixed, about 30 KB; values above an hour count as an hour.
package final class DurationSeries: TimerHandler, Sendable {
    private struct State {
        var current = Self.empty
        var previous = Self.empty
        var begun: ContinuousClock.Instant
        var count: Int64 = 0
        var nanoseconds: Int64 = 0

        static let empty = Histogram<UInt32>(
            lowestDiscernibleValue: 1,
            highestTrackableValue: longest,
            numberOfSignificantValueDigits: .two
        )
    }

    /// An hour, in microseconds.
    private static let longest: UInt64 = 3_600_000_000
    private static let window = Duration.seconds(60)

    private let state: Mutex<State>

    package init(at now: ContinuousClock.Instant = .now) {
        state = Mutex(State(begun: now))
    }

    package func recordNanoseconds(_ duration: Int64) {
        record(duration, at: .now)
    }

    func record(_ nanoseconds: Int64, at now: ContinuousClock.Instant) {
        let nanoseconds = max(0, nanoseconds)
        state.withLock { state in
            Self.turn(&state, at: now)
            state.current.record(min(UInt64(nanoseconds) / 1000, Self.longest))
            state.count &+= 1
            state.nanoseconds &+= nanoseconds
        }
    }

    /// What was recorded.
    package struct Summary: Sendable, Equatable {
        /// All that were recorded so far.
        package var count: Int64
        /// Their sum.
        package var seconds: Double
        /// Of the last minute or two: the durations in seconds below which a half, nine tenths and
        /// 99 of 100 were; nil where nothing was recorded.
        package var percentiles: Percentiles?

        package struct Percentiles: Sendable, Equatable {
            package var p50: Double
            package var p90: Double
            package var p99: Double
            package var max: Double
        }
    }

    /// What was recorded so far.
    package var summary: Summary { summary(at: .now) }

    func summary(at now: ContinuousClock.Instant) -> Summary { Self.summary(of: [self], at: now) }

    /// What was recorded in several series, as if it were one.
    package static func summary(
        of list: [DurationSeries],
        at now: ContinuousClock.Instant = .now
    ) -> Summary {
        var all = State.empty
        var summary = Summary(count: 0, seconds: 0)
        for series in list {
            series.state.withLock { state in
                turn(&state, at: now)
                all.add(state.previous)
                all.add(state.current)
                summary.count &+= state.count
                summary.seconds += Double(state.nanoseconds) / 1e9
            }
        }
        guard all.totalCount > 0 else { return summary }
        func seconds(_ percentile: Double) -> Double {
            Double(all.valueAtPercentile(percentile)) / 1e6
        }
        summary.percentiles = Summary.Percentiles(
            p50: seconds(50),
            p90: seconds(90),
            p99: seconds(99),
            max: seconds(100)
        )
        return summary
    }

    /// Begins another minute when this one is over, and forgets the one before it.
    private static func turn(_ state: inout State, at now: ContinuousClock.Instant) {
        let age = now - state.begun
        guard age >= window else { return }
        swap(&state.current, &state.previous)
        state.current.reset()
        if age >= window * 2 { state.previous.reset() }
        state.begun = now
    }
}

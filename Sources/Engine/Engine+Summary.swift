internal import DequeModule

extension CommandEngine {
    /// What can be told of the engine at this moment; takes time in proportion to what is in doubt.
    public var summary: Summary {
        var summary = Summary(
            partitions: [:],
            waiting: waitingOrders.count + readyOrders.count + waitingChecks.count,
            inFlight: slotsTaken,
            heldBack: breaker.reason,
            share: limiter.share,
            rate: limiter.rate,
            permits: limiter.permits
        )
        for state in owned {
            summary.partitions[state.number] = state.progress.watermark
            summary.unfinished += state.unfinished
            summary.tracked += state.tracked.count
            for doubt in state.doubts.values {
                if doubt.inReview {
                    summary.inReview.add(since: doubt.since)
                } else {
                    summary.inDoubt.add(since: doubt.since)
                }
            }
            for since in state.disputes.values { summary.inReview.add(since: since) }
        }
        return summary
    }

    /// A report of an engine's state, for health, heartbeats and metrics.
    public struct Summary: Sendable, Hashable {
        /// The partitions owned, each with its first command that is not finished.
        public var partitions: [Int32: Int64]
        /// Commands taken and not finished.
        public var unfinished = 0
        /// Those of them that wait for a permit.
        public var waiting: Int
        /// Orders on their way to the provider, their intents and fences included.
        public var inFlight: Int
        /// References whose outcome is being looked up.
        public var inDoubt = Backlog()
        /// References that need a person.
        public var inReview = Backlog()
        /// References that were accepted and whose end is not known.
        public var tracked = 0
        /// Why requests are held back, if they are.
        public var heldBack: BreakerReason?
        /// Requests per second that are this process's part of the limit.
        public var share: Double
        /// Requests per second allowed at present: the share, less what 429 answers took off.
        public var rate: Double
        /// Requests that were allowed so far.
        public var permits: UInt64
    }

    /// How many, and how old.
    public struct Backlog: Sendable, Hashable {
        /// How many there are.
        public private(set) var count = 0
        /// Since when the oldest: milliseconds since 1970; nil where there is none.
        public private(set) var oldest: Int64?

        /// None.
        public init() {}

        mutating func add(since time: Int64) {
            count += 1
            oldest = min(oldest ?? time, time)
        }
    }
}

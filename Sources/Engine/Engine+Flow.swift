/// Partitions are paused while the engine cannot use what they hold, and its state is told.
extension CommandEngine {
    /// Whether a command is being worked on, perhaps anew since its payload was to be forgotten.
    public func isWorking(on id: RecordID) -> Bool { works[id] != nil }

    /// Whether there is room for more commands; while there is not, records are left where they are.
    public var wantsRecords: Bool { works.count < settings.maxHeld }

    /// Pauses what must not be read and resumes it; two marks apart, so that it does not flutter.
    mutating func controlFlow() {
        var paused: [Int32] = []
        var resumed: [Int32] = []
        for partition in owned {
            let wanted = shouldPause(partition)
            if wanted == partitions[partition]?.isPaused { continue }
            partitions[partition]?.isPaused = wanted
            if wanted { paused.append(partition) } else { resumed.append(partition) }
        }
        if !paused.isEmpty { effects.append(.pause(paused)) }
        if !resumed.isEmpty { effects.append(.resume(resumed)) }
    }

    private func shouldPause(_ partition: Int32) -> Bool {
        guard breaker.isClosed, partitions[partition]?.phase == .active else { return true }
        let isPaused = partitions[partition]?.isPaused == true
        let limit = isPaused ? settings.maxSpan / 2 : settings.maxSpan
        return partitions[partition]?.progress.span ?? 0 >= limit
    }

    /// What can be told of the engine at this moment.
    public var summary: Summary {
        Summary(
            partitions: owned,
            held: owned.reduce(0) { $0 + (partitions[$1]?.held ?? 0) },
            inFlight: slotsTaken,
            inDoubt: owned.reduce(0) { $0 + (partitions[$1]?.doubts.count ?? 0) },
            heldBack: breaker.reason,
            rate: limiter.rate
        )
    }

    /// A report of an engine's state, for health and heartbeats.
    public struct Summary: Sendable, Hashable {
        /// The partitions owned.
        public var partitions: [Int32]
        /// Commands taken and not finished.
        public var held: Int
        /// Orders and questions on their way.
        public var inFlight: Int
        /// References whose outcome is being looked up, those in review included.
        public var inDoubt: Int
        /// Why requests are held back, if they are.
        public var heldBack: BreakerReason?
        /// Requests per second allowed at present.
        public var rate: Double
    }
}

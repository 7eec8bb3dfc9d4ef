/// Partitions are paused while the engine cannot use what they hold.
extension CommandEngine {
    /// Whether a command is being worked on, perhaps anew since its payload was to be forgotten.
    public func isWorking(on id: RecordID) -> Bool { works[id] != nil }

    /// Whether there is room for more commands; while there is not, records are left where they are.
    public var wantsRecords: Bool { works.count < settings.maxHeld }

    /// Pauses what must not be read and resumes it; two marks apart, so that it does not flutter.
    mutating func controlFlow() {
        var paused: [Int32] = []
        var resumed: [Int32] = []
        for state in owned {
            let wanted = shouldPause(state)
            if wanted == state.isPaused { continue }
            state.isPaused = wanted
            if wanted { paused.append(state.number) } else { resumed.append(state.number) }
        }
        if !paused.isEmpty { effects.append(.pause(paused)) }
        if !resumed.isEmpty { effects.append(.resume(resumed)) }
    }

    private func shouldPause(_ state: PartitionState) -> Bool {
        if isPaused && !settings.readsWhilePaused { return true }
        guard breaker.isClosed, state.phase == .active else { return true }
        let limit = state.isPaused ? settings.maxSpan / 2 : settings.maxSpan
        return state.progress.span >= limit
    }
}

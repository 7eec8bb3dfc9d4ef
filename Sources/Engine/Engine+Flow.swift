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
        let isHeld = (isPaused && !settings.readsWhilePaused) || !breaker.isClosed
        for state in isHeld == isFlowHeld ? busy : owned {
            let wanted = isHeld || shouldPause(state)
            if wanted == state.isPaused { continue }
            state.isPaused = wanted
            if wanted { paused.append(state.number) } else { resumed.append(state.number) }
        }
        isFlowHeld = isHeld
        if !paused.isEmpty { effects.append(.pause(paused)) }
        if !resumed.isEmpty { effects.append(.resume(resumed)) }
    }

    private func shouldPause(_ state: PartitionState) -> Bool {
        guard state.phase == .active else { return true }
        let limit = state.isPaused ? settings.maxSpan / 2 : settings.maxSpan
        return state.progress.span >= limit
    }

    // MARK: Busy partitions

    /// Something has changed by which a partition is to be paused, resumed or committed: its phase,
    /// its progress, or what waits for a fence.
    mutating func stir(_ partition: Int32) {
        guard let state = partitions[partition], !state.isBusy else { return }
        state.isBusy = true
        let place = busy.firstIndex { $0.number > partition } ?? busy.endIndex
        busy.insert(state, at: place)
    }

    /// Looks no more at partitions where all is said and done.
    mutating func settleBusy() {
        busy.removeAll { state in
            state.isBusy = state.hasSomethingToCommit
            return !state.isBusy
        }
    }
}

internal import DequeModule

/// Commands that ask, and the harmless read.
extension CommandEngine {
    static let maxAsks = 4

    /// So often a check may go unanswered among others before it is asked for by itself.
    private static let triesAmongOthers = 2
    /// So often the provider may say nothing to one by itself before that is its answer.
    private static let triesAlone = 6

    /// Asks for a reference or an id; what is followed or in doubt is looked at soon as well.
    mutating func check(_ id: RecordID, _ key: ReferenceKey) {
        hint(DoubtID(partition: id.partition, key: key), .check)
        ask(id)
    }

    /// Lets the provider be asked for the answer to a command.
    mutating func ask(_ id: RecordID) {
        move(id, to: .waiting)
        waitingChecks.append(id)
    }

    var isAskDue: Bool { !waitingChecks.isEmpty && askBatches.count < Self.maxAsks }

    mutating func skipStaleChecks() {
        while let first = waitingChecks.first, works[first]?.state != .waiting {
            waitingChecks.removeFirst()
        }
    }

    /// Asks for as many as one request holds; what has to be alone goes alone.
    mutating func askDue() {
        var batch: [Ticket] = []
        var isAlone = false
        while !isAlone, batch.count < Self.maxLookupBatchSize, let first = waitingChecks.first {
            isAlone = mustBeAlone(first)
            if isAlone && !batch.isEmpty { break }
            waitingChecks.removeFirst()
            move(first, to: .asking)
            batch.append(newTicket(for: first))
            skipStaleChecks()
        }
        guard !batch.isEmpty else { return }
        let number = newNumber()
        askBatches[number] = batch
        effects.append(.ask(number, batch))
    }

    private func mustBeAlone(_ id: RecordID) -> Bool {
        guard let work = works[id], work.key != nil else { return true }
        return work.tries >= Self.triesAmongOthers
    }

    mutating func answered(_ number: LookupNumber, _ answered: Set<Ticket>, failure: Outcome?) {
        guard let batch = askBatches.removeValue(forKey: number) else { return }
        if let failure { noteForBreaker(failure) } else { note(failed: false) }
        var retryAfter: Duration?
        if case .notSent(_, let delay) = failure { retryAfter = delay }
        // What never reached the provider was no try: that waits, as everything does.
        let isTry = batch.count == 1 && failure?.reachedProvider != false
        for ticket in batch where state(awaiting: ticket) == .asking {
            if answered.contains(ticket) {
                publish(ticket.record, .answer)
                continue
            }
            works[ticket.record]?.tries += 1
            if isTry { works[ticket.record]?.triesAlone += 1 }
            if works[ticket.record]?.triesAlone ?? 0 >= Self.triesAlone {
                publish(ticket.record, .unanswered)
            } else {
                backOff(ticket.record, retryAfter: retryAfter)
            }
        }
    }

    /// Whether what the provider has under a reference was ordered by a command of this ledger; nil
    /// where that is not known: the partition is not ours, or what was sent is in doubt.
    public func isOwn(_ key: ReferenceKey, in partition: Int32) -> Bool? {
        guard let state = partitions[partition], state.isClaimed else { return nil }
        guard let standing = state.references[key] else { return false }
        if standing.state.isAccepted { return true }
        return standing.isOpen ? nil : false
    }

    // MARK: The harmless read

    /// After this the harmless read is tried again when it told nothing.
    private static let refreshRetry = Duration.seconds(30)

    var isRefreshDue: Bool {
        guard let refreshAt, !isProbing else { return false }
        return refreshAt <= now.uptime
    }

    mutating func refreshLater(after result: ProbeResult) {
        guard let interval = settings.refreshInterval else { return }
        refreshAt = now.uptime + (result == .failed ? Self.refreshRetry : interval)
    }
}

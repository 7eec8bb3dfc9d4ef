/// What contradicts itself, is overdue or is held waits for a person although nothing is in doubt.
extension CommandEngine {
    /// Notes since when a person has to look at what is not in doubt.
    mutating func noteDispute(
        _ id: DoubtID,
        _ state: LedgerState,
        at time: Int64,
        _ finding: FindingNumber?
    ) {
        if state == .disputed, let finding {
            partitions[id.partition]?.findings[id.key, default: []].insert(finding)
        }
        guard state.needsPerson else {
            partitions[id.partition]?.disputes[id.key] = nil
            return
        }
        let known = partitions[id.partition]?.disputes[id.key]
        partitions[id.partition]?.disputes[id.key] = known ?? time
    }

    /// Whether a person was not called for this before: what is open needs no second call, and what
    /// was closed is not opened again by what was known then.
    func isUndisputed(_ id: DoubtID, _ sighting: Sighting?) -> Bool {
        guard let finding = sighting?.finding else { return false }
        return partitions[id.partition]?.findings[id.key]?.contains(finding) != true
    }

    /// What a person has to look at although it is not in doubt, if a decision would be about that.
    public func dispute(in partition: Int32, of key: ReferenceKey) -> Followed? {
        guard let state = partitions[partition], state.disputes[key] != nil,
            let standing = state.references[key]
        else { return nil }
        return followed(DoubtID(partition: partition, key: key), standing)
    }

    /// A reference, and where the ledger has told of it last.
    func followed(_ id: DoubtID, _ standing: Standing) -> Followed {
        let told = partitions[id.partition]?.told[id.key]?.ledgerOffset
        return Followed(record: standing.record, ledgerOffset: told ?? standing.ledgerOffset)
    }

    /// A person says what became of what was accepted; nothing lets it be sent again.
    ///
    /// A decision from before the dispute was about something else.
    mutating func decideDispute(_ id: DoubtID, _ decision: ReviewDecision) {
        guard let state = partitions[id.partition], let since = state.disputes[id.key],
            decision.at >= since,
            let standing = state.references[id.key], standing.attempt == decision.attempt
        else { return }
        if standing.state == .held { return decideHeld(id, decision) }
        guard decision.verdict != .release else { return }
        guard works[standing.record] == nil else {
            works[standing.record]?.laterDecision = decision
            return
        }
        var work = Work(goingOnWith: standing, of: id.key)
        work.decision = decision.number
        take(standing.record, work)
        conclude(standing.record, as: decision.verdict == .done ? .completed : .cancelled)
    }
}

package import Contract
package import Engine

/// What the contract and the engine call the same thing.
extension LedgerEntry {
    /// A record that says something of an attempt; nil for a claim.
    package init?(_ index: LedgerIndex, partition: Int32, offset: Int64) {
        guard let state = LedgerState(index.kind) else { return nil }
        self.init(
            key: .init(index.key),
            fingerprint: .init(index.fingerprint),
            record: RecordID(partition: partition, offset: index.offset),
            attempt: index.attempt,
            state: state,
            sequence: index.sequence,
            offset: offset,
            notAfter: index.notAfter,
            at: index.at,
            owner: index.owner,
            origin: RecordID(partition: index.originPartition, offset: index.originOffset),
            since: index.since,
            decision: index.decision,
            finding: index.finding,
            isUnannounced: index.isUnannounced,
            amount: index.amount
        )
    }
}

extension LedgerState {
    init?(_ kind: LedgerIndex.Kind) {
        switch kind {
        case .claim: return nil
        case .intent: self = .intent
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .notSent: self = .notSent
        case .inDoubt: self = .inDoubt
        case .review: self = .review
        case .released: self = .released
        case .expired: self = .expired
        case .conflict: self = .conflict
        case .processing: self = .processing
        case .completed: self = .completed
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .changed: self = .changed
        case .overdue: self = .overdue
        case .disputed: self = .disputed
        case .held: self = .held
        case .approved: self = .approved
        }
    }
}

extension LedgerRecord.State {
    init?(_ state: LedgerState) {
        switch state {
        case .intent: return nil
        case .accepted: self = .accepted
        case .refused: self = .refused
        case .notSent: self = .notSent
        case .inDoubt: self = .inDoubt
        case .review: self = .review
        case .released: self = .released
        case .expired: self = .expired
        case .conflict: self = .conflict
        case .processing: self = .processing
        case .completed: self = .completed
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .changed: self = .changed
        case .overdue: self = .overdue
        case .disputed: self = .disputed
        case .held: self = .held
        case .approved: self = .approved
        }
    }
}

extension RecordID {
    init(_ source: CommandSource) {
        self.init(partition: source.partition, offset: source.offset)
    }
}

extension Engine.ReferenceKey {
    init(_ reference: String) {
        self.init(Contract.ReferenceKey(reference))
    }

    init(_ key: Contract.ReferenceKey) {
        self.init(high: key.high, low: key.low)
    }
}

extension Engine.Fingerprint {
    init(_ fingerprint: Contract.Fingerprint) {
        self.init(high: fingerprint.high, low: fingerprint.low)
    }
}

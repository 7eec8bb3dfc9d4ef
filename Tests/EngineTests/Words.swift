import Engine

// What scripts are written in: commands, records of the ledger, and what is read from effects.

func record(_ offset: Int64, _ partition: Int32 = 0) -> RecordID {
    RecordID(partition: partition, offset: offset)
}

func key(_ reference: UInt64) -> ReferenceKey { ReferenceKey(high: reference, low: 0) }

/// A command is read where it was produced.
func received(_ offset: Int64, _ order: Order) -> Input { received(offset, 0, order) }

func received(_ offset: Int64, _ partition: Int32, _ order: Order) -> Input {
    var order = order
    order.origin = record(offset, partition)
    return .received(order.origin, .create(order))
}

/// A command that was forwarded is read at its home.
func received(_ offset: Int64, _ order: Order, from origin: RecordID) -> Input {
    var order = order
    order.origin = origin
    return .received(record(offset), .create(order))
}

func order(_ reference: UInt64, body: UInt64 = 7, notAfter: Int64? = nil) -> Order {
    Order(
        key: key(reference),
        fingerprint: Fingerprint(high: body, low: 0),
        notAfter: notAfter,
        origin: record(-1)
    )
}

func entry(
    _ reference: UInt64,
    body: UInt64 = 7,
    at offset: Int64,
    attempt: Int = 1,
    _ state: LedgerState,
    ledgerOffset: Int64 = 5,
    sequence: Int = 1,
    by owner: UInt64 = 0,
    from origin: RecordID? = nil,
    since: Int64? = nil,
    decision: DecisionNumber? = nil,
    finding: FindingNumber? = nil,
    isUnannounced: Bool = false
) -> LedgerEntry {
    LedgerEntry(
        key: key(reference),
        fingerprint: Fingerprint(high: body, low: 0),
        record: record(offset),
        attempt: attempt,
        state: state,
        sequence: sequence,
        offset: ledgerOffset,
        owner: owner,
        origin: origin,
        since: since,
        decision: decision,
        finding: finding,
        isUnannounced: isUnannounced
    )
}

/// A record of a ledger that several owners have written; its place says its offset.
enum Written {
    case claim(by: UInt64, isForeign: Bool = false)
    case record(LedgerEntry)
}

extension [Written] {
    func inputs(from start: Int64, of partition: Int32) -> [Input] {
        zip(start..., self).map { offset, written in
            switch written {
            case .claim(let owner, let isForeign):
                let claim = LedgerClaim(owner: owner, isForeign: isForeign, offset: offset)
                return .claim(partition: partition, claim)
            case .record(var entry):
                entry.offset = offset
                return .ledger(partition: partition, entry)
            }
        }
    }
}

/// What a record or an event says, without its details.
struct Said: Equatable {
    var attempt: Int
    var state: LedgerState
    var sequence: Int

    init(_ attempt: Int, _ state: LedgerState, _ sequence: Int) {
        self.attempt = attempt
        self.state = state
        self.sequence = sequence
    }
}

extension LedgerWrite {
    var said: Said { Said(attempt, state, sequence) }
}

extension Publication {
    /// What an event about a reference says.
    var said: Said? {
        if case .recorded(let write) = self { write.said } else { nil }
    }
}

extension [Effect] {
    var polls: [(number: LookupNumber, subjects: [Followed])] {
        compactMap {
            if case .poll(let number, let subjects) = $0 { (number, subjects) } else { nil }
        }
    }

    var appends: [(ticket: Ticket, write: LedgerWrite)] {
        compactMap { if case .append(let ticket, let write) = $0 { (ticket, write) } else { nil } }
    }

    var commits: [(number: CommitNumber, offsets: [Int32: Int64])] {
        compactMap {
            guard case .commit(let number, let marks) = $0 else { return nil }
            return (number, marks.mapValues(\.offset))
        }
    }

    var transmissions: [Ticket] {
        compactMap { if case .transmit(let ticket, _, _) = $0 { ticket } else { nil } }
    }

    var publications: [(ticket: Ticket, publication: Publication)] {
        compactMap { if case .publish(let ticket, let what) = $0 { (ticket, what) } else { nil } }
    }

    var lookups: [(number: LookupNumber, records: [RecordID], isConfirming: Bool)] {
        compactMap {
            guard case .lookUp(let number, let records, let isConfirming) = $0 else { return nil }
            return (number, records, isConfirming)
        }
    }

    var claims: [Ticket] {
        compactMap { if case .claim(let ticket) = $0 { ticket } else { nil } }
    }

    var gaps: [(partition: Int32, from: Int64, to: Int64)] {
        compactMap {
            guard case .readLedger(let partition, let from, let to) = $0 else { return nil }
            return (partition, from, to)
        }
    }

    var asks: [(number: LookupNumber, tickets: [Ticket])] {
        compactMap {
            guard case .ask(let number, let tickets) = $0 else { return nil }
            return (number, tickets)
        }
    }

    var asked: [Ticket] { asks.flatMap(\.tickets) }

    /// What heartbeats tell of the rate.
    var notices: [ShareNotice?] {
        compactMap { if case .tell(let notice) = $0 { .some(notice) } else { nil } }
    }

    var alerts: [Alert] {
        compactMap { if case .alert(let alert) = $0 { alert } else { nil } }
    }
}

extension CommandEngine.Summary {
    /// What is in doubt, or in review because of a doubt or a dispute.
    var doubts: Int { inDoubt.count + inReview.count }
}

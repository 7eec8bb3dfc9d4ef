internal import DequeModule
internal import HeapModule

/// Commands are taken, put in line, admitted and finished.
extension CommandEngine {
    mutating func receive(_ id: RecordID, _ arrival: Arrival) {
        guard partitions[id.partition]?.phase == .active else {
            if works[id] == nil { effects.append(.forget(id)) }
            return
        }
        guard partitions[id.partition]?.progress.begin(id.offset) == true else {
            if works[id] == nil && !isPayloadNeeded(id, arrival.key) { effects.append(.forget(id)) }
            return
        }
        stir(id.partition)
        if let known = works[id] {
            // Read again while its place in line, or its settling after a restart, still stands.
            if known.state == .dropped {
                move(id, to: .queued)
                partitions[id.partition]?.unfinished += 1
            }
        } else if take(id, Work(arrival: arrival, state: .queued)) {
            activate(id)
        }
    }

    /// Adds a command at the end of the line of its key; true if it is the first in line.
    @discardableResult
    mutating func take(_ id: RecordID, _ work: Work) -> Bool {
        works[id] = work
        partitions[id.partition]?.unfinished += 1
        guard work.isInLine, let key = work.key else { return true }
        guard let tail = tails.updateValue(id, forKey: key) else { return true }
        works[tail]?.next = id
        return false
    }

    /// Begins the work on a command that has become the first in line.
    private mutating func activate(_ id: RecordID) {
        // What is settled after a restart is under way already, wherever it stands in line.
        guard let work = works[id], work.state == .queued else { return }
        switch work.arrival {
        case .create(let order): admit(id, order)
        case .hint(let key, let cause): hint(id, key, cause)
        case .check(let key): check(id, key)
        case .methods: ask(id)
        case .invalid: publish(id, .invalid)
        case .malformed: publish(id, .deadLetter)
        case .stray: publish(id, .forward)
        }
    }

    /// Decides by what the ledger says of its reference whether an order is new.
    private mutating func admit(_ id: RecordID, _ order: Order) {
        guard let standing = partitions[id.partition]?.references[order.key] else {
            return wait(id, order)
        }
        if let settlement = works[standing.record], !settlement.isInLine, settlement.isEnding {
            // What became of the reference is said first; the turn is passed on then.
            works[standing.record]?.next = id
            return
        }
        let isOwn = standing.belongs(to: order, readAt: id)
        // A later command of this reference had its turn, so this one was answered before it.
        if standing.record > id && !isOwn { return finish(id) }
        if !isOwn, let answer = partitions[id.partition]?.references.answer(of: order) {
            return answer == .ended ? finish(id) : publish(id, .conflict(standing.answeredState))
        }
        switch standing.state {
        case .refused where !isOwn, .expired where !isOwn, .notSent, .conflict:
            // A different, later command may try again what was refused (DESIGN.md §4).
            works[id]?.attempt = standing.attempt
            works[id]?.sequence = standing.sequence
            wait(id, order)
        case .intent, .accepted, .refused, .expired, .inDoubt, .review, .released, .processing,
            .completed, .rejected, .cancelled, .changed, .overdue, .disputed, .held, .approved:
            answer(id, order, standing)
        }
    }

    /// Answers a command from the ledger.
    private mutating func answer(_ id: RecordID, _ order: Order, _ standing: Standing) {
        var write = LedgerWrite(
            attempt: standing.attempt,
            state: standing.answeredState,
            sequence: standing.sequence
        )
        if standing.agrees(with: order) {
            publish(id, .replay(write, ledgerOffset: standing.ledgerOffset))
        } else if standing.isOpen {
            // If nothing comes of the other order, this one must not be tried when it is read again.
            write.state = .conflict
            move(id, to: .recording(write))
            append(id, write)
        } else {
            publish(id, .conflict(standing.state))
        }
    }

    /// The ledger knows that a command is being told of a conflict.
    mutating func conflictRecorded(_ id: RecordID) {
        guard let order = works[id]?.order else { return }
        partitions[id.partition]?.references.noteConflict(of: order)
        let standing = partitions[id.partition]?.references[order.key]
        publish(id, .conflict(standing?.answeredState ?? .conflict))
    }

    func isOverdue(_ order: Order) -> Bool {
        guard let notAfter = order.notAfter else { return false }
        return now.wallClock > notAfter
    }

    /// Lets an order wait for a permit.
    private mutating func wait(_ id: RecordID, _ order: Order) {
        if order.isInadmissible { return forgo(id, as: .refused) }
        waitForTurn(id)
        if let notAfter = order.notAfter {
            expiries.insert(Expiry(wallClock: notAfter, record: id))
            // Most orders are sent in time and leave their entry behind.
            if expiries.count > 2 * works.count + 1000 {
                expiries = Heap(expiries.unordered.filter { works[$0.record] != nil })
            }
        }
    }

    mutating func waitForTurn(_ id: RecordID) {
        move(id, to: .waiting)
        waitingOrders.append(id)
    }

    /// Ends commands that were not sent in time.
    ///
    /// What may have arrived never expires.
    mutating func expireOverdue() {
        while let expiry = expiries.min, now.wallClock > expiry.wallClock {
            expiries.removeMin()
            guard let work = works[expiry.record] else { continue }
            switch work.state {
            case .waiting, .backingOff, .fencing, .ready: forgo(expiry.record, as: .expired)
            default: continue
            }
        }
    }

    /// Lets an order end without being sent, behind a fence: only the partition's owner may say so.
    mutating func forgo(_ id: RecordID, as end: LedgerState) {
        guard let work = works[id], work.foregone == nil else { return }
        works[id]?.foregone = end
        if work.state != .fencing(nil) { awaitFence(id) }
    }

    /// The fence holds: what was never sent has ended, what may have arrived is for a person.
    mutating func concludeForegone(_ id: RecordID, as end: LedgerState) {
        guard let work = works[id] else { return }
        if work.mayHaveArrived { return conclude(id, as: .review) }
        if !work.hasIntent { works[id]?.attempt += 1 }
        conclude(id, as: end)
    }

    /// Finishes a command: its offset may pass, the next of its key begins.
    mutating func finish(_ id: RecordID) {
        partitions[id.partition]?.progress.finish(id.offset)
        stir(id.partition)
        remove(id)
    }

    /// Takes a command out, whether it is finished or left to another owner.
    mutating func remove(_ id: RecordID) {
        guard let work = works.removeValue(forKey: id) else { return }
        count(work, -1)
        if work.state != .dropped { partitions[id.partition]?.unfinished -= 1 }
        if work.isInLine, work.next == nil, let key = work.key, tails[key] == id {
            tails[key] = nil
        }
        if let next = work.next { giveTurn(to: next) }
        if let key = work.key { pollNews(DoubtID(partition: id.partition, key: key)) }
        if let decision = work.laterDecision, let key = work.key {
            decide(DoubtID(partition: id.partition, key: key), decision)
        }
        if works[id] == nil && !isPayloadNeeded(id, work.key) { effects.append(.forget(id)) }
    }

    private func isPayloadNeeded(_ id: RecordID, _ key: ReferenceKey?) -> Bool {
        guard let key else { return false }
        return partitions[id.partition]?.doubts[key]?.record == id
    }

    private mutating func giveTurn(to next: RecordID) {
        if works[next]?.state == .dropped { remove(next) } else { activate(next) }
    }

    /// Leaves a queued command to another owner; it keeps its place until its turn comes, so that
    /// the line stays whole.
    mutating func drop(_ id: RecordID) {
        move(id, to: .dropped)
        partitions[id.partition]?.unfinished -= 1
    }
}

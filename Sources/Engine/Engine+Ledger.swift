internal import DequeModule

/// The ledger of a partition is read, claimed and kept an eye on.
///
/// The latest claim says who may write: a record of anybody else is *late*. A late intent was never
/// transmitted, because its writer sees, before it transmits, that its record does not follow the
/// last one it knew of, and finds the claim in between. A late acceptance is evidence while it is
/// not known what became of the attempt; other late outcomes say nothing. So whoever reads a ledger
/// comes to the same conclusions from it.
extension CommandEngine {
    // MARK: Restoring

    /// How far the ledger of a partition that was assigned is known from before, and whose claim was
    /// the latest there: what is before need not be read again.
    public func knownLedger(of partition: Int32) -> (end: Int64, claimant: UInt64?) {
        (partitions[partition]?.ledgerEnd ?? 0, partitions[partition]?.claimant)
    }

    /// Whether what others write to the ledger of a partition is late.
    public func isClaimed(_ partition: Int32) -> Bool { partitions[partition]?.isClaimed == true }

    /// The offset of the latest command in what was read of a partition's ledger since it was
    /// assigned.
    public func latestCommand(of partition: Int32) -> Int64? {
        partitions[partition]?.latestCommand
    }

    mutating func read(_ entry: LedgerEntry, in partition: Int32) {
        if isClaimed(partition) {
            observe(entry, in: partition)
        } else {
            restore(entry, in: partition)
        }
    }

    private mutating func restore(_ entry: LedgerEntry, in partition: Int32) {
        if let state = partitions[partition] {
            state.latestCommand = max(state.latestCommand ?? 0, entry.record.offset)
        }
        if let claimant = partitions[partition]?.claimant, claimant != entry.owner {
            guard entry.state == .accepted else { return }
            partitions[partition]?.references.noteLateAcceptance(entry)
            return
        }
        if entry.state == .conflict {
            partitions[partition]?.references.noteConflict(of: Order(entry))
            return
        }
        let known = partitions[partition]?.references[entry.key]
        // That an earlier attempt's end was said is noted when a later one may be under way already.
        if let known, known.attempt > entry.attempt { return }
        recount(entry, in: partition)
        var standing = Standing(entry)
        standing.sequence = max(standing.sequence, known?.sequence ?? 0)
        if let known { standing.continues(known) }
        let subject = DoubtID(partition: partition, key: entry.key)
        noteFollowed(subject, entry.state, since: entry.since, at: entry.at, entry.finding)
        noteDispute(subject, entry.state, at: entry.since ?? entry.at, entry.finding)
        noteTold(subject, entry.state, offset: entry.offset, at: entry.at)
        guard standing.isOpen || entry.isUnannounced else {
            partitions[partition]?.references.settle(standing, of: entry.key)
            return
        }
        let open = OpenReference(
            standing: standing,
            order: Order(entry),
            since: entry.since,
            at: entry.at,
            decision: entry.decision,
            unannounced: entry.isUnannounced ? LedgerWrite(entry) : nil
        )
        partitions[partition]?.references.reopen(open)
    }

    mutating func read(_ claim: LedgerClaim, in partition: Int32) {
        guard let state = partitions[partition] else { return }
        state.isForeign = claim.isForeign
        if !state.isClaimed {
            state.claimant = claim.owner
        } else if claim.owner != owner {
            state.isDisplaced = true
        }
    }

    /// The ledger was read to its end, or a gap was.
    mutating func finishReading(_ partition: Int32, end: Int64) {
        guard let state = partitions[partition] else { return }
        if state.isForeign {
            return stopForForeignGroup(partition)
        }
        if state.phase == .restoring {
            state.isRead = true
            state.ledgerEnd = end
            state.phase = .claiming(.fencing)
            stir(partition)
        } else if state.isReadingGap {
            closeGap(partition, end: end)
        }
    }

    private mutating func stopForForeignGroup(_ partition: Int32) {
        effects.append(.alert(.foreignGroup(partition)))
        leaveWork(of: [partition])
        partitions[partition]?.claimTicket = nil
        isStopping = true
        drain(owned.map(\.number))
    }

    // MARK: Claiming

    /// The fence of a claim holds: the ledger hears who writes from here on.
    mutating func claim(_ partition: Int32) {
        let ticket = Ticket(claimOf: partition, number: newNumber())
        if partitions[partition]?.phase == .claiming(.fencing) {
            partitions[partition]?.phase = .claiming(.appending)
        }
        partitions[partition]?.claimTicket = ticket
        effects.append(.claim(ticket))
    }

    private mutating func claimed(_ ticket: Ticket) {
        let partition = ticket.record.partition
        guard let state = partitions[partition] else { return }
        state.claimTicket = nil
        state.claimant = owner
        state.isClaimed = true
        state.claimedAt = now.wallClock
        if state.phase == .claiming(.appending) { begin(partition) }
    }

    /// Begins with what the last owner left open: an intent without outcome may have been sent.
    private mutating func begin(_ partition: Int32) {
        guard let references = partitions[partition]?.references else { return }
        remembered = [:]
        partitions[partition]?.phase = .active
        stir(partition)
        let open = references.open.values
            .sorted { $0.standing.ledgerOffset < $1.standing.ledgerOffset }
        resumeTracking(partition)
        for reference in open { resume(reference, in: partition) }
    }

    private mutating func resume(_ reference: OpenReference, in partition: Int32) {
        let standing = reference.standing
        let isAcceptedLate = reference.lateAcceptance?.attempt == standing.attempt
        let isDoubt = standing.state.isDoubt && !isAcceptedLate
        if isDoubt { openDoubt(reference, in: partition, isFound: true) }
        let isForPerson = isDoubt || standing.state == .held
        if isForPerson && reference.unannounced == nil { return }
        take(standing.record, work(for: reference, in: partition))
        if standing.state == .intent || isAcceptedLate {
            conclude(standing.record, as: .inDoubt)
        } else if standing.state == .released {
            resend(standing.record)
        } else if standing.state == .approved {
            waitForTurn(standing.record)
        } else if let write = reference.unannounced {
            // The last owner recorded it, and perhaps did not say it.
            publish(standing.record, .recorded(write))
        }
    }

    /// A work that goes on with what was found open.
    func work(for reference: OpenReference, in partition: Int32) -> Work {
        let standing = reference.standing
        var work = Work(arrival: .create(reference.order), state: .waiting)
        work.isSettlement = true
        // Where its command is going to be read again, what has the same key waits for it.
        work.isInLine = partitions[partition]?.progress.isRead(standing.record.offset) == false
        work.attempt = standing.attempt
        work.sequence = standing.sequence
        work.decision = reference.decision
        return work
    }

    // MARK: Acknowledgements

    mutating func appended(_ ticket: Ticket, offset: Int64?) {
        // What an earlier assignment wrote, and this one may not have read, counts as unknown.
        guard isAwaited(ticket) else { return }
        // Where it was stored may be unknown to the client (a duplicate of a lost acknowledgement):
        // nothing can be built on that.
        guard let offset, offset >= 0 else { return offerLater(ticket) }
        let partition = ticket.record.partition
        let end = partitions[partition]?.ledgerEnd ?? 0
        let isReading = partitions[partition]?.isReadingGap == true
        if offset < end || (offset == end && !isReading) {
            partitions[partition]?.ledgerEnd = max(end, offset + 1)
            return acknowledged(ticket, offset: offset)
        }
        // Somebody else has written: what it was must be known before anything is built on ours.
        partitions[partition]?.heldAcknowledgements
            .append(Acknowledgement(ticket: ticket, offset: offset))
        if !isReading { readGap(of: partition, from: end, to: offset) }
    }

    /// Whether the answer to what a ticket was given for still counts.
    public func isAwaited(_ ticket: Ticket) -> Bool {
        if !ticket.isClaim { return state(awaiting: ticket) != nil }
        return partitions[ticket.record.partition]?.claimTicket == ticket
    }

    private mutating func acknowledged(_ ticket: Ticket, offset: Int64) {
        if ticket.isClaim { return claimed(ticket) }
        switch state(awaiting: ticket) {
        case .journaling: journaled(ticket.record)
        case .recording(let write): recorded(ticket.record, write, offset: offset)
        default: return
        }
    }

    private mutating func readGap(of partition: Int32, from start: Int64, to end: Int64) {
        partitions[partition]?.isReadingGap = true
        effects.append(.alert(.ledgerGap(partition: partition, from: start, to: end)))
        effects.append(.readLedger(partition: partition, from: start, to: end))
    }

    /// What somebody else has written while the partition is ours.
    private mutating func observe(_ entry: LedgerEntry, in partition: Int32) {
        guard let state = partitions[partition], entry.owner != owner, !state.isDisplaced else {
            return
        }
        guard entry.state == .accepted else { return }
        // The doubt that it clears up may only be on its way to the ledger.
        state.references.noteLateAcceptance(entry)
        guard let doubt = state.doubts[entry.key], doubt.attempt == entry.attempt else { return }
        settleLate(DoubtID(partition: partition, key: entry.key), doubt)
    }

    private mutating func closeGap(_ partition: Int32, end: Int64) {
        guard let state = partitions[partition] else { return }
        state.isReadingGap = false
        state.ledgerEnd = max(end, state.ledgerEnd)
        let acknowledgements = state.heldAcknowledgements
        state.heldAcknowledgements = []
        if state.isDisplaced {
            // What we have written since is void, and not ours to announce.
            state.claimTicket = nil
            if state.isDraining { return leaveWork(of: [partition]) }
            // Whether its claim or ours is late the log cannot say: the group decides anew.
            abandon(owned.filter { !$0.isDraining }.map(\.number))
            effects.append(.reassign)
            return
        }
        for held in acknowledgements { appended(held.ticket, offset: held.offset) }
    }
}

extension Standing {
    package init(_ entry: LedgerEntry) {
        self.init(
            record: entry.record,
            origin: entry.origin.digest,
            fingerprint: entry.fingerprint.high,
            attempt: entry.attempt,
            sequence: entry.sequence,
            state: entry.state,
            ledgerOffset: entry.offset
        )
    }
}

extension LedgerWrite {
    init(_ entry: LedgerEntry) {
        self.init(
            attempt: entry.attempt,
            state: entry.state,
            sequence: entry.sequence,
            since: entry.since,
            decision: entry.decision,
            finding: entry.finding,
            isUnannounced: entry.isUnannounced
        )
    }
}

extension Order {
    init(_ entry: LedgerEntry) {
        self.init(
            key: entry.key,
            fingerprint: entry.fingerprint,
            amount: entry.amount,
            notAfter: entry.notAfter,
            origin: entry.origin
        )
    }
}

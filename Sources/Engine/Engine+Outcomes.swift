internal import DequeModule
internal import HeapModule

/// Outcomes are judged, recorded in the ledger, published; then the offset may pass.
extension CommandEngine {
    mutating func transmitted(_ ticket: Ticket, _ outcome: Outcome) {
        let id = ticket.record
        guard state(awaiting: ticket) == .inFlight, let work = works[id] else { return }
        noteForBreaker(outcome)
        works[id]?.tries += 1
        switch outcome {
        case .accepted: conclude(id, as: .accepted)
        case .refused:
            // After a transmission that may have arrived, a refusal may speak of that one.
            works[id]?.wasRefused = work.mayHaveArrived
            conclude(id, as: work.mayHaveArrived ? .inDoubt : .refused)
        case .inDoubt: conclude(id, as: .inDoubt)
        // It can never be sent: where an earlier one may have arrived, that is for a person.
        case .notSent(.commandGone, _): conclude(id, as: work.mayHaveArrived ? .review : .refused)
        case .notSent(_, let retryAfter): retry(id, retryAfter: retryAfter)
        case .unjudged:
            move(id, to: .judging)
            probe()
        }
    }

    mutating func noteForBreaker(_ outcome: Outcome) {
        switch outcome {
        case .notSent(.noConnection, _), .inDoubt(.providerFailed): note(failed: true)
        case .notSent(.unauthorized, _): openBreaker(.credentials)
        case .notSent(.rateLimited, let retryAfter):
            limiter.slowDown(retryAfter: retryAfter, at: now.uptime)
        case .notSent(.notPermitted, _), .notSent(.commandGone, _), .unjudged: break
        case .accepted, .refused, .inDoubt(.unclearAnswer): note(failed: false)
        }
    }

    mutating func note(failed: Bool) {
        if breaker.note(failed: failed, at: now.uptime) {
            effects.append(.alert(.breakerOpened(.failures)))
        }
    }

    mutating func openBreaker(_ reason: BreakerReason) {
        guard breaker.isClosed else { return }
        breaker.open(reason, at: now.uptime)
        effects.append(.alert(.breakerOpened(reason)))
    }

    /// The intent stands; the order is sent again later, behind a new fence.
    private mutating func retry(_ id: RecordID, retryAfter: Duration?) {
        if partitions[id.partition]?.isDraining == true { return giveUp(id) }
        backOff(id, retryAfter: retryAfter)
    }

    mutating func backOff(_ id: RecordID, retryAfter: Duration?) {
        let tries = max(1, works[id]?.tries ?? 1)
        let delay = settings.backoff.delay(try: tries, atLeast: retryAfter, using: &generator)
        let until = now.uptime + delay
        move(id, to: .backingOff(until: until))
        retries.insert(Timed(at: until, number: newNumber(), subject: id))
    }

    mutating func endBackoffs() {
        while let next = retries.min, next.at <= now.uptime {
            retries.removeMin()
            let id = next.subject
            guard works[id]?.state == .backingOff(until: next.at) else { continue }
            move(id, to: .waiting)
            if works[id]?.order == nil {
                waitingChecks.append(id)
            } else {
                waitingOrders.append(id)
            }
        }
    }

    /// Writes the end of an attempt to the ledger.
    ///
    /// Whatever it was to be, by a person's word or because it was absent: it is accepted where
    /// somebody who had lost the partition has recorded so.
    mutating func conclude(_ id: RecordID, as end: LedgerState) {
        var state = end
        if !end.isAccepted, let late = lateAcceptance(of: id), let key = works[id]?.key,
            late.attempt == works[id]?.attempt
        {
            state = .accepted
            works[id]?.decision = late.decision
            partitions[id.partition]?.doubts[key] = nil
        }
        guard let work = works[id] else { return }
        // An attempt that was never sent has no event of its own, nor has leave to send another.
        let isEvent = state != .notSent && state != .released && state != .approved
        let since = state.isDoubt ? work.since ?? now.wallClock : work.since
        let write = LedgerWrite(
            attempt: work.attempt,
            state: state,
            sequence: isEvent ? work.sequence + 1 : work.sequence,
            since: state.isDoubt || state.isAccepted ? since : nil,
            lookups: work.lookups,
            cause: work.cause,
            decision: work.decision,
            finding: work.finding,
            isUnannounced: isEvent && work.isSettlement
        )
        move(id, to: .recording(write))
        append(id, write)
    }

    /// Closes the intent of an attempt that was not sent, so that the next owner finds no doubt; if
    /// an earlier attempt may have been executed, or a person has let it go, there is still leave to
    /// send another.
    mutating func giveUp(_ id: RecordID) {
        works[id]?.foregone = nil
        guard let work = works[id] else { return }
        if lateAcceptance(of: id) != nil { return conclude(id, as: .inDoubt) }
        let leave: LedgerState = work.decision == nil ? .notSent : .approved
        conclude(id, as: work.mayHaveArrived ? .released : leave)
    }

    /// What a late record says of the attempt that a command is at, or of one before it: that the
    /// provider has accepted it.
    func lateAcceptance(of id: RecordID) -> LateAcceptance? {
        guard let key = works[id]?.key else { return nil }
        return partitions[id.partition]?.references.open[key]?.lateAcceptance
    }

    mutating func recorded(_ id: RecordID, _ write: LedgerWrite, offset: Int64) {
        guard let work = works[id], let order = work.order else { return }
        if write.repeats != nil { return repeated(id, of: order.key, offset: offset) }
        if !write.state.isAccepted, !work.isAnnounced,
            lateAcceptance(of: id)?.attempt == write.attempt
        {
            // It stood in the ledger before this, which nobody has been told.
            works[id]?.sequence = write.sequence
            return conclude(id, as: write.state)
        }
        remember(order, of: id, write, offset: offset)
        if work.hasIntent && write.state.isUnsent { takeBack(id) }
        works[id]?.hasIntent = false
        if write.state != .conflict { works[id]?.sequence = write.sequence }
        switch write.state {
        // Given up, to leave it to another owner.
        case .notSent: remove(id)
        case .released: released(id)
        case .approved: approved(id)
        case .conflict: conflictRecorded(id)
        case .inDoubt, .review, .intent, .accepted, .refused, .expired, .processing, .completed,
            .rejected, .cancelled, .changed, .overdue, .disputed, .held:
            if work.isAnnounced { finish(id) } else { publish(id, .recorded(write)) }
        }
    }

    /// Notes what the ledger has stored, and opens the doubt if it is one.
    private mutating func remember(
        _ order: Order,
        of id: RecordID,
        _ write: LedgerWrite,
        offset: Int64
    ) {
        guard write.state != .conflict, let references = partitions[id.partition]?.references,
            references[order.key]?.attempt ?? 0 <= write.attempt
        else { return }
        var standing = Standing(
            record: id,
            origin: order.origin.digest,
            fingerprint: order.fingerprint.high,
            attempt: write.attempt,
            sequence: write.sequence,
            state: write.state,
            ledgerOffset: offset
        )
        if let known = references[order.key] { standing.continues(known) }
        let subject = DoubtID(partition: id.partition, key: order.key)
        follow(subject, write.state, since: write.since, write.finding)
        noteDispute(subject, write.state, at: write.since ?? now.wallClock, write.finding)
        noteTold(subject, write.state, offset: offset, at: now.wallClock)
        guard standing.isOpen else {
            partitions[id.partition]?.references.settle(standing, of: order.key)
            return
        }
        let open = OpenReference(
            standing: standing,
            order: order,
            since: write.since,
            at: now.wallClock,
            decision: write.decision
        )
        partitions[id.partition]?.references.reopen(open)
        let isKnown = partitions[id.partition]?.doubts[order.key]?.attempt == write.attempt
        guard write.state.isDoubt, !isKnown || write.isUnannounced else { return }
        // Whoever comes next finds it in the ledger.
        if partitions[id.partition]?.isDraining == true { return }
        openDoubt(open, in: id.partition)
        partitions[id.partition]?.doubts[order.key]?.wasRefused = works[id]?.wasRefused == true
    }

    mutating func publish(_ id: RecordID, _ publication: Publication) {
        move(id, to: .publishing(publication))
        effects.append(.publish(newTicket(for: id), publication))
    }

    mutating func published(_ ticket: Ticket, _ acknowledged: Bool) {
        let id = ticket.record
        guard case .publishing(let publication) = state(awaiting: ticket) else { return }
        guard acknowledged else { return offerLater(ticket) }
        guard case .recorded(var write) = publication, write.isUnannounced else {
            return finish(id)
        }
        write.isUnannounced = false
        works[id]?.isAnnounced = true
        move(id, to: .recording(write))
        append(id, write)
    }

    /// Kafka did not take a record.
    ///
    /// It is offered again, for as long as it takes.
    mutating func offerLater(_ ticket: Ticket) {
        reoffers.insert(
            Timed(at: now.uptime + .seconds(1), number: newNumber(), subject: ticket)
        )
    }

    mutating func offerAgain() {
        while let next = reoffers.min, next.at <= now.uptime {
            reoffers.removeMin()
            offerAgain(next.subject)
        }
    }

    private mutating func offerAgain(_ ticket: Ticket) {
        if ticket.isClaim {
            if isAwaited(ticket) { effects.append(.claim(ticket)) }
            return
        }
        switch state(awaiting: ticket) {
        case .journaling: offerIntentAgain(ticket.record)
        case .recording(let write): effects.append(.append(ticket, write))
        case .publishing(let publication): effects.append(.publish(ticket, publication))
        default: return
        }
    }

    mutating func probe() {
        if isProbing { return }
        isProbing = true
        effects.append(.probe)
    }

    /// The harmless read tells an outage from wrong credentials from an answer to one order.
    mutating func probed(_ result: ProbeResult) {
        isProbing = false
        refreshLater(after: result)
        if breaker.isClosed { note(failed: result == .failed) }
        let judged = works.filter { $0.value.state == .judging }.keys.sorted()
        // What was answered 403 or 404 was not looked at if everything is answered so.
        let isRefusedToAll = result == .unauthorized || result == .forbidden
        if result == .unauthorized || (isRefusedToAll && !judged.isEmpty) {
            openBreaker(.credentials)
        }
        if breaker.probed(result, at: now.uptime) { effects.append(.alert(.breakerClosed)) }
        for id in judged {
            if isRefusedToAll {
                retry(id, retryAfter: nil)
            } else {
                conclude(id, as: .inDoubt)
            }
        }
    }
}

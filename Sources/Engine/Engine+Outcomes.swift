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
        case .notSent(.notPermitted, _), .unjudged: break
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
    mutating func conclude(_ id: RecordID, as state: LedgerState) {
        guard let work = works[id] else { return }
        // An attempt that was never sent has no event of its own.
        let sequence = state == .notSent ? work.sequence : work.sequence + 1
        let write = LedgerWrite(attempt: work.attempt, state: state, sequence: sequence)
        if !work.isInLine && state != .notSent {
            move(id, to: .announcing(write))
            effects.append(.publish(newTicket(for: id), .recorded(write)))
        } else {
            move(id, to: .recording(write))
            append(id, write)
        }
    }

    /// Closes the intent of an attempt that was not sent, so that the next owner finds no doubt;
    /// what an earlier attempt has left in doubt stays so.
    mutating func giveUp(_ id: RecordID) {
        works[id]?.isExpiring = false
        conclude(id, as: works[id]?.mayHaveArrived == true ? .inDoubt : .notSent)
    }

    mutating func appended(_ ticket: Ticket, offset: Int64?) {
        let id = ticket.record
        let state = state(awaiting: ticket)
        switch state {
        case .journaling, .recording:
            guard let offset else { return offerLater(ticket) }
            if case .recording(let write) = state {
                recorded(id, write, offset: offset)
            } else {
                journaled(id)
            }
        default: return
        }
    }

    private mutating func journaled(_ id: RecordID) {
        works[id]?.hasIntent = true
        if partitions[id.partition]?.isDraining == true {
            giveUp(id)
        } else {
            awaitFence(id)
        }
    }

    private mutating func recorded(_ id: RecordID, _ write: LedgerWrite, offset: Int64) {
        guard let work = works[id], let order = work.order else { return }
        let standing = Standing(
            fingerprint: order.fingerprint,
            record: id,
            attempt: write.attempt,
            sequence: write.sequence,
            state: write.state,
            ledgerOffset: offset,
            notAfter: order.notAfter,
            at: now.wallClock
        )
        partitions[id.partition]?.standings[order.key] = standing
        works[id]?.hasIntent = false
        works[id]?.sequence = write.sequence
        switch write.state {
        case .notSent:
            // Given up: because its time was over, or to leave it to another owner.
            if work.isExpiring { publishExpiry(id) } else { remove(id) }
        case .inDoubt, .review:
            openDoubt(standing, order: order, in: id.partition)
            partitions[id.partition]?.doubts[order.key]?.wasRefused = work.wasRefused
        case .intent, .accepted, .refused: break
        }
        if write.state == .notSent { return }
        // What is not in line was announced before it was recorded.
        if work.isInLine { publish(id, .recorded(write)) } else { finish(id) }
    }

    mutating func publish(_ id: RecordID, _ publication: Publication) {
        move(id, to: .publishing(publication))
        effects.append(.publish(newTicket(for: id), publication))
    }

    mutating func published(_ ticket: Ticket, _ acknowledged: Bool) {
        let state = state(awaiting: ticket)
        switch state {
        case .publishing, .announcing:
            guard acknowledged else { return offerLater(ticket) }
            guard case .announcing(let write) = state else { return finish(ticket.record) }
            move(ticket.record, to: .recording(write))
            append(ticket.record, write)
        default: return
        }
    }

    /// Kafka did not take a record.
    ///
    /// It is offered again, for as long as it takes.
    private mutating func offerLater(_ ticket: Ticket) {
        reoffers.insert(
            Timed(at: now.uptime + .seconds(1), number: newNumber(), subject: ticket)
        )
    }

    mutating func offerAgain() {
        while let next = reoffers.min, next.at <= now.uptime {
            reoffers.removeMin()
            let ticket = next.subject
            guard let state = state(awaiting: ticket), let work = works[ticket.record] else {
                continue
            }
            switch state {
            case .journaling:
                let write = LedgerWrite(
                    attempt: work.attempt,
                    state: .intent,
                    sequence: work.sequence
                )
                effects.append(.append(ticket, write))
            case .recording(let write): effects.append(.append(ticket, write))
            case .publishing(let publication): effects.append(.publish(ticket, publication))
            case .announcing(let write): effects.append(.publish(ticket, .recorded(write)))
            default: continue
            }
        }
    }

    mutating func answered(_ ticket: Ticket, failure: Outcome?) {
        let id = ticket.record
        guard state(awaiting: ticket) == .asking else { return }
        works[id]?.tries += 1
        guard let failure else {
            note(failed: false)
            return publish(id, .answer)
        }
        noteForBreaker(failure)
        if case .notSent(_, let retryAfter) = failure {
            backOff(id, retryAfter: retryAfter)
        } else {
            backOff(id, retryAfter: nil)
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

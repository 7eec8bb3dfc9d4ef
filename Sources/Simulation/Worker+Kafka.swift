import Engine

/// The way to Kafka and back, and what is produced.
extension Worker {
    /// A request on its way to a broker: late when the network is cut, or the process stands still
    /// before it was sent; perhaps never when the process dies.
    func reachKafka(after delay: Time = 0, _ action: @escaping () -> Void) {
        let way = delay + world.chance.time(200_000...(.milliseconds(4)))
        world.timeline.after(way) { [self] in
            if isDead && world.chance.happens(0.5) { return }
            if isPaused && world.chance.happens(0.5) {
                return onResume { [self] in reachKafka(action) }
            }
            if world.now < kafkaCutUntil {
                let delay = kafkaCutUntil - world.now
                return world.timeline.after(delay) { [self] in reachKafka(action) }
            }
            action()
        }
    }

    /// An answer on its way from a broker.
    func fromKafka(after delay: Time = 0, _ action: @escaping () -> Void) {
        let way = delay + world.chance.time(200_000...(.milliseconds(4)))
        world.timeline.after(way) { [self] in
            if isDead { return }
            if world.now < kafkaCutUntil {
                let delay = kafkaCutUntil - world.now
                return world.timeline.after(delay) { [self] in fromKafka(action) }
            }
            action()
        }
    }

    /// Hands a record to the producer, which keeps the order of each pipe.
    func produce(
        pipe: Int,
        store: @escaping () -> Int64,
        acknowledge: @escaping (Int64?) -> Void
    ) {
        let slow = world.troubled(\.slowAcknowledgement)
        let delay = world.chance.time(300_000...(slow ? .seconds(6) : .milliseconds(5)))
        let isRefused = world.troubled(\.refusedAppend)
        // A refusal may come although the record was stored.
        let isStored = !isRefused || world.chance.happens(0.3)
        // The acknowledgement is lost: the producer sends again, idempotently.
        let again: Time =
            world.troubled(\.lostAcknowledgement) ? world.chance.time(0...(.seconds(5))) : 0
        let at = max(world.now + delay, (pipes[pipe] ?? 0) + 1)
        pipes[pipe] = at
        if world.sabotage == .earlyAcknowledgement && world.chance.happens(0.2) {
            acknowledge(1 << 40)
            if world.chance.happens(0.5) { return }
            return reachKafka(after: at - world.now) { _ = store() }
        }
        line[pipe, default: []].append {
            let offset = isStored ? store() : nil
            self.fromKafka(after: again) { acknowledge(isRefused ? nil : offset) }
        }
        // Whichever request gets through carries what is first in line.
        reachKafka(after: at - world.now) { [self] in
            if var waiting = line[pipe], !waiting.isEmpty {
                let first = waiting.removeFirst()
                line[pipe] = waiting
                first()
            }
        }
    }

    func append(_ ticket: Ticket, _ write: LedgerWrite) {
        guard let job = job(of: ticket.record), let order = world.commands[job.command].order
        else { return }
        let partition = Int(ticket.record.partition)
        let record = LedgerRecord(
            reference: order.key,
            fingerprint: order.fingerprint,
            command: job.command,
            write: write,
            notAfter: order.notAfter,
            at: world.moment.wallClock,
            owner: owner,
            event: event(for: write, job)
        )
        produce(pipe: partition) { [self] in
            world.books.recorded(record, by: self)
            let offset = world.ledger[partition].append(record, at: world.now)
            world.note("ledger \(partition)/\(offset) = \(order.key.high) \(write) by \(name)")
            return offset
        } acknowledge: { [self] offset in
            post(.input(.appended(ticket, offset: offset)))
        }
    }

    func publish(_ ticket: Ticket, _ what: Publication) {
        guard let job = job(of: ticket.record) else { return }
        if case .replay(let write, let offset) = what {
            return replay(ticket, write, ledgerOffset: offset)
        }
        guard let event = event(for: what, job) else {
            return world.fail("\(name) has no event for \(what) of \(ticket.record)")
        }
        send(event, ticket)
    }

    private func event(for what: Publication, _ job: Job) -> Event? {
        let command = world.commands[job.command]
        func answer(_ kind: EventKind) -> Event {
            Event(id: .command(command.id, kind), kind: kind, command: job.command)
        }
        switch what {
        case .recorded(let write): return event(for: write, job)
        case .expired(let attempt):
            return command.key.map {
                Event(
                    id: .reference($0, .expired, attempt: attempt),
                    kind: .expired,
                    command: job.command
                )
            }
        case .conflict: return answer(.conflict)
        case .invalid: return answer(.invalid)
        case .answer: return answer(.answer)
        case .deadLetter: return answer(.deadLetter)
        case .replay: return nil
        }
    }

    /// The event that announces a record of the ledger; nil where there is none.
    private func event(for write: LedgerWrite, _ job: Job) -> Event? {
        guard let key = world.commands[job.command].key else { return nil }
        if write.state == .intent || write.state == .notSent { return nil }
        let kind = EventKind(write.state)
        return Event(
            id: .reference(key, kind, attempt: write.attempt),
            kind: kind,
            command: job.command,
            write: write
        )
    }

    /// Reads the answer back from the ledger, to give it again.
    private func replay(_ ticket: Ticket, _ write: LedgerWrite, ledgerOffset: Int64) {
        reachKafka { [self] in
            let partition = Int(ticket.record.partition)
            let event = world.ledger[partition].record(at: ledgerOffset)?.event
            fromKafka { [self] in post(.replayed(ticket, write, event)) }
        }
    }

    /// Gives an answer again; if its record is gone, the state that is known of it.
    func replayed(_ ticket: Ticket, _ write: LedgerWrite, _ event: Event?) {
        guard let job = jobs[ticket.record], var event = event ?? self.event(for: write, job) else {
            return post(.input(.published(ticket, acknowledged: false)))
        }
        event.command = job.command
        event.isReplay = true
        send(event, ticket)
    }

    private func send(_ event: Event, _ ticket: Ticket) {
        if world.sabotage == .unpublishedEvents && world.chance.happens(0.1) {
            return post(.input(.published(ticket, acknowledged: true)))
        }
        let pipe = 1000 + Int(ticket.record.partition)
        produce(pipe: pipe) { [self] in
            world.note("event \(event.id) \(event.write?.sequence ?? 0) by \(name)")
            world.books.published(event, by: self)
            return 0
        } acknowledge: { [self] offset in
            post(.input(.published(ticket, acknowledged: offset != nil)))
        }
    }

    /// What is kept for a command; a world in which the engine asks about another one is broken.
    func job(of id: RecordID) -> Job? {
        guard let job = jobs[id] else {
            world.fail("\(name) was asked about \(id), which it was told to forget")
            return nil
        }
        return job
    }
}

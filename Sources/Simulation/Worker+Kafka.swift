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
        if let offset = write.repeats { return writeAgain(ticket, at: offset) }
        record(ticket, write) { [self] offset in
            post(.input(.appended(ticket, offset: offset)))
        }
    }

    /// Writes a record of the ledger again, in its own name; one that is gone stays so.
    private func writeAgain(_ ticket: Ticket, at offset: Int64) {
        let partition = ticket.record.partition
        reachKafka { [self] in
            let content = world.ledger[Int(partition)].record(at: offset)?.content
            fromKafka { [self] in
                guard engine.isAwaited(ticket) else { return }
                guard case .attempt(var attempt) = content else {
                    return post(.input(.appended(ticket, offset: offset)))
                }
                attempt.write.isUnannounced = false
                store(.attempt(attempt), in: partition) { [self] offset in
                    post(.input(.appended(ticket, offset: offset)))
                }
            }
        }
    }

    /// Writes to the ledger, whoever wants to know of it.
    func record(
        _ ticket: Ticket,
        _ write: LedgerWrite,
        acknowledge: @escaping (Int64?) -> Void = { _ in }
    ) {
        guard let job = job(of: ticket.record), let order = world.commands[job.command].order
        else { return }
        let attempt = LedgerRecord.Attempt(
            order: order,
            command: job.command,
            write: write,
            event: event(for: write, job)
        )
        store(.attempt(attempt), in: ticket.record.partition, acknowledge: acknowledge)
    }

    func claim(_ ticket: Ticket) {
        store(.claim(group: group.number), in: ticket.record.partition) { [self] offset in
            post(.input(.appended(ticket, offset: offset)))
        }
    }

    private func store(
        _ content: LedgerRecord.Content,
        in partition: Int32,
        acknowledge: @escaping (Int64?) -> Void
    ) {
        lastLedgerNumber += 1
        let record = LedgerRecord(
            at: moment.wallClock,
            owner: owner,
            number: lastLedgerNumber,
            content: content
        )
        produce(pipe: Int(partition)) { [self] in
            let offset = world.ledger[Int(partition)].append(record, at: world.now)
            world.note("ledger \(partition)/\(offset) = \(content) by \(name)")
            world.books.recorded(record, in: partition)
            return offset
        } acknowledge: { [self] offset in
            acknowledge(offset.map { seen($0, in: partition) })
        }
    }

    /// The offset that an acknowledgement says: without the second fence there is never a gap.
    private func seen(_ offset: Int64, in partition: Int32) -> Int64 {
        guard world.sabotage == .unseenGaps, let end = ledgerEnds[partition] else { return offset }
        ledgerEnds[partition] = end + 1
        return end
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
        let origin = command.root.map { world.commands[$0].id } ?? command.id
        func answer(_ kind: EventKind) -> Event {
            Event(id: .command(origin, kind), kind: kind, command: job.command)
        }
        switch what {
        case .recorded(let write): return event(for: write, job)
        case .conflict: return answer(.conflict)
        case .invalid: return answer(.invalid)
        case .answer, .unanswered: return answer(.answer)
        case .deadLetter: return answer(.deadLetter)
        case .forward: return answer(.forward)
        case .replay: return nil
        }
    }

    /// The event that announces a record of the ledger; nil where there is none.
    private func event(for write: LedgerWrite, _ job: Job) -> Event? {
        guard let key = world.commands[job.command].key else { return nil }
        if [.intent, .notSent, .released, .conflict].contains(write.state) { return nil }
        let kind = EventKind(write.state)
        let isClosing = kind.isProgress && write.decision != nil
        let word = isClosing ? UInt64(write.sequence) : write.finding
        return Event(
            id: .reference(key, kind, attempt: write.attempt, word: word),
            kind: kind,
            command: job.command,
            write: write
        )
    }

    /// Reads the answer back from the ledger, to give it again.
    private func replay(_ ticket: Ticket, _ write: LedgerWrite, ledgerOffset: Int64) {
        reachKafka { [self] in
            let partition = Int(ticket.record.partition)
            let content = world.ledger[partition].record(at: ledgerOffset)?.content
            guard case .attempt(let attempt) = content else {
                return fromKafka { [self] in post(.replayed(ticket, write, nil)) }
            }
            fromKafka { [self] in post(.replayed(ticket, write, attempt.event)) }
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
        var event = event
        event.assignment = assignment
        event.generation = client.generation
        produce(pipe: pipe) { [self, event] in
            world.note("event \(event.id) \(event.write?.sequence ?? 0) by \(name)")
            world.books.published(event, by: self)
            if event.kind == .forward {
                world.forward(event.command)
            }
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

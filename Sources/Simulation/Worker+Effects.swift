import Engine
internal import OrderedCollections

/// Effects are performed, in their order; requests to the provider and what they answer.
extension Worker {
    func perform(_ effects: [Effect]) {
        for effect in effects {
            note(effect)
            switch effect {
            case .append(let ticket, let write): append(ticket, write)
            case .claim(let ticket): claim(ticket)
            case .readLedger(let partition, let start, let end):
                readLedger(partition, from: start, to: end)
            case .publish(let ticket, let what): publish(ticket, what)
            case .commit(let number, let offsets): commit(number, offsets)
            case .transmit(let ticket, let attempt, let expires):
                transmit(ticket, attempt: attempt, expires: expires)
            case .lookUp(let number, let records, _): lookUp(number, records)
            case .poll(let number, let subjects): poll(number, subjects.map(\.record))
            case .ask(let number, let tickets): ask(number, tickets)
            case .probe: probe()
            case .pause(let partitions):
                for partition in partitions { cursors[partition]?.isPaused = true }
            case .resume(let partitions):
                for partition in partitions { cursors[partition]?.isPaused = false }
                planTurn()
            case .forget(let id): if !engine.isWorking(on: id) { jobs[id] = nil }
            case .relinquish(let partitions): relinquish(partitions)
            case .reassign: reassign()
            case .tell(let notice): if let notice { tell(notice) }
            case .stopped: stopped()
            case .alert(.foreignGroup): hasRefused = true
            case .alert: break
            }
        }
    }

    /// Traces an effect; dictionaries are written in order, for the same text every time.
    private func note(_ effect: Effect) {
        switch effect {
        case .forget: break
        case .commit(let number, let offsets):
            world.note("\(name) → commit(\(number), \(offsets.sorted { $0.key < $1.key }))")
        default: world.note("\(name) → \(effect)")
        }
    }

    private func commit(_ number: CommitNumber, _ marks: [Int32: CommitMark]) {
        if marks.isEmpty { return world.fail("\(name) commits nothing") }
        let offsets = marks.sorted { $0.key < $1.key }.map { partition, mark in
            let isEarly = world.sabotage == .earlyOffsets && world.chance.happens(0.1)
            return (partition, isEarly ? mark.offset + 1 : mark.offset)
        }
        lastCommit = number
        client.commit(number, offsets)
    }

    // MARK: Orders

    private func transmit(_ ticket: Ticket, attempt: Int, expires: Instant) {
        guard let job = job(of: ticket.record) else { return }
        world.books.requested(by: self)
        guard let lease = leases[ticket.record.partition] else {
            return end(ticket, .notSent(.notPermitted, retryAfter: nil))
        }
        let slow = world.troubled(\.slowHandOver)
        let connecting = world.chance.time(0...(slow ? .seconds(4) : .milliseconds(5)))
        world.timeline.after(connecting) { [self] in
            handOver(ticket, attempt, job.command, lease, expires)
        }
    }

    /// The last moment before bytes are handed over.
    private func handOver(
        _ ticket: Ticket,
        _ attempt: Int,
        _ number: Int,
        _ lease: Lease,
        _ expires: Instant
    ) {
        if isDead { return }
        if isPaused {
            return onResume { [self] in handOver(ticket, attempt, number, lease, expires) }
        }
        let isPermitted = !lease.isEnded && world.now.instant < expires
        guard
            isPermitted || world.sabotage == .uncheckedLease
                || world.sabotage == .uncheckedEpoch
        else {
            return end(ticket, .notSent(.notPermitted, retryAfter: nil))
        }
        if world.now < providerCutUntil || world.troubled(\.noConnection) {
            let delay = world.chance.time(.milliseconds(1)...(.seconds(3)))
            return world.timeline.after(delay) { [self] in
                end(ticket, .notSent(.noConnection, retryAfter: nil))
            }
        }
        post(number, attempt: attempt) { [self] outcome in
            if world.sabotage == .notSentInLedger, case .notSent = outcome {
                record(ticket, LedgerWrite(attempt: attempt, state: .notSent, sequence: 0))
            }
            end(ticket, outcome)
        }
    }

    /// Hands an order over to the provider, whatever the reasons.
    private func post(_ number: Int, attempt: Int, answer: @escaping (Outcome) -> Void) {
        let command = world.commands[number]
        guard let order = command.order else { return }
        let fate = world.provider.receive(order, isRefusable: command.isRefusable)
        world.note("\(name) hands over \(order.key.high) attempt \(attempt): \(fate)")
        world.books.handedOver(number, attempt: attempt, fate, by: self)
        let handedOverAt = world.now
        if let execution = fate.execution {
            world.timeline.after(execution) { [world] in
                world.note("provider executes \(order.key.high) attempt \(attempt)")
                world.provider.execute(order, handedOverAt: handedOverAt)
                world.books.executed(order, attempt: attempt)
            }
        }
        let timeout = world.plan.requestTimeout
        let isLate = fate.answer > timeout || world.now < providerCutUntil
        var outcome = isLate ? .inDoubt(.providerFailed) : fate.outcome
        if world.sabotage == .doubtAsNotSent, case .inDoubt = outcome {
            outcome = .notSent(.noConnection, retryAfter: nil)
        }
        world.timeline.after(min(fate.answer, timeout)) { answer(outcome) }
    }

    private func end(_ ticket: Ticket, _ outcome: Outcome) {
        post(.input(.transmitted(ticket, outcome)))
    }

    // MARK: Reads

    private func lookUp(_ number: LookupNumber, _ records: [RecordID]) {
        let commands = records.compactMap { job(of: $0)?.command }
        read { [self] in
            var sightings: [RecordID: Sighting] = [:]
            for command in commands.map({ world.commands[$0] }) {
                guard let order = command.order else { continue }
                sightings[command.id] = world.provider.look(for: order)
            }
            return sightings
        } answer: { [self] sightings, failure in
            let sightings = sightings ?? [:]
            if world.sabotage == .lookUpThenPost {
                for (id, command) in zip(records, commands) where sightings[id] == .absent {
                    post(command, attempt: 1) { _ in }
                }
            }
            post(.input(.lookedUp(number, sightings, failure: failure)))
        }
    }

    private func poll(_ number: LookupNumber, _ records: [RecordID]) {
        let commands = records.compactMap(world.number)
        let poison = poisonFailure(commands)
        read { [self] in
            var sightings: [RecordID: Sighting] = [:]
            for command in commands.map({ world.commands[$0] }) {
                guard let order = command.order else { continue }
                sightings[command.id] = world.provider.status(of: order)
            }
            return sightings
        } answer: { [self] sightings, failure in
            let sightings = poison == nil ? sightings ?? [:] : [:]
            post(.polled(number, commands, sightings, failure ?? poison))
        }
    }

    /// How a question ends that is also about what the provider fails at, whatever the reasons.
    private func poisonFailure(_ commands: [Int]) -> Outcome? {
        let isPoisoned = commands.compactMap { world.commands[$0].key }
            .contains(where: world.provider.isPoison)
        return isPoisoned ? .inDoubt(.providerFailed) : nil
    }

    /// What is followed has nothing kept for it until something comes of it.
    func polled(
        _ number: LookupNumber,
        _ commands: [Int],
        _ sightings: [RecordID: Sighting],
        _ failure: Outcome?,
        at now: Moment
    ) {
        let added = commands.filter { jobs[world.commands[$0].id] == nil }
        for command in added { jobs[world.commands[command].id] = Job(command: command) }
        for command in commands.map({ world.commands[$0] }) {
            guard let key = command.key else { continue }
            world.books.polled(key, sightings[command.id], number, by: self)
        }
        give(.polled(number, sightings, failure: failure), now)
        for id in added.map({ world.commands[$0].id }) where !engine.isWorking(on: id) {
            jobs[id] = nil
        }
    }

    private func ask(_ number: LookupNumber, _ tickets: [Ticket]) {
        let commands = tickets.compactMap { job(of: $0.record)?.command }
        guard commands.count == tickets.count else { return }
        let poison = poisonFailure(commands)
        read { [world] in
            // An answer for many may leave some of them out.
            Set(tickets.filter { _ in tickets.count == 1 || !world.chance.happens(0.1) })
        } answer: { [self] answered, failure in
            let answered = poison == nil ? answered ?? [] : []
            post(.input(.answered(number, answered, failure: failure ?? poison)))
        }
    }

    private func probe() {
        let isCut = world.now < providerCutUntil
        let result = isCut ? ProbeResult.failed : world.provider.probe()
        world.timeline.after(world.chance.time(.milliseconds(1)...(.milliseconds(500)))) { [self] in
            post(.input(.probed(result)))
        }
    }

    /// A read: evaluated on its way, answered later.
    private func read<Answer>(
        _ evaluate: @escaping () -> Answer,
        answer: @escaping (Answer?, Outcome?) -> Void
    ) {
        let failure = readFailure
        world.books.requested(by: self)
        let slow = world.troubled(\.failedLookup)
        let limit = slow ? world.plan.requestTimeout : .milliseconds(200)
        let way = world.chance.time(.milliseconds(1)...limit)
        let arrives = world.chance.time(0...way)
        if let failure {
            return world.timeline.after(way) { answer(nil, failure) }
        }
        world.timeline.after(arrives) { [world] in
            let result = evaluate()
            world.timeline.after(way - arrives) { answer(result, nil) }
        }
    }

    /// Why a read that begins now will fail, if it will.
    private var readFailure: Outcome? {
        let isCut = world.now < providerCutUntil
        if isCut { return .notSent(.noConnection, retryAfter: nil) }
        if world.now < world.provider.refusesUntil {
            return .notSent(.unauthorized, retryAfter: nil)
        }
        let isDown = world.now < world.provider.isDownUntil
        return isDown || world.troubled(\.failedLookup) ? .inDoubt(.providerFailed) : nil
    }
}

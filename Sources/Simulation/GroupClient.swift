import Engine

/// A worker's membership in the group, as librdkafka keeps it.
final class GroupClient {
    private unowned(unsafe) let world: World
    private unowned(unsafe) let worker: Worker
    private(set) var member: Int?
    private(set) var generation = -1
    private(set) var isJoining = false
    /// Partitions that the application holds; it has to unassign them before we may join again.
    private(set) var assigned: [Int32]?
    private var isRevoking = false
    private var isLeaving = false
    private var lastBeat: Time = 0
    private var beats = 0
    private var joins = 0
    /// Whether the assignment was taken away without asking.
    private(set) var isAssignmentLost = false
    /// Ledger ends when the group was joined, for a sabotage.
    private(set) var earlyEnds: [Int64] = []

    init(world: World, worker: Worker) {
        self.world = world
        self.worker = worker
    }

    func join() {
        if isLeaving || worker.isDead { return }
        isJoining = true
        joins += 1
        let number = joins
        earlyEnds = world.ledger.map(\.end)
        worker.reachKafka { [self] in
            guard number == joins, isJoining else { return }
            member = worker.group.join(worker, as: member)
        }
    }

    /// The group is complete.
    func joined(_ id: Int, generation: Int, _ partitions: [Int32]) {
        let number = joins
        worker.fromKafka { [self] in
            guard number == joins, isJoining, member == id else { return }
            isJoining = false
            isAssignmentLost = false
            self.generation = generation
            assigned = partitions
            lastBeat = world.now
            worker.post(.assigned(partitions))
            beats += 1
            beat(beats)
        }
    }

    /// Leaves for good.
    func leave() {
        isLeaving = true
        isJoining = false
        beats += 1
        let id = member
        worker.reachKafka { [worker] in worker.group.leave(id) }
    }

    // MARK: Heartbeats

    private func beat(_ number: Int) {
        guard number == beats, !worker.isDead, member != nil else { return }
        if worker.isPaused {
            // librdkafka looks after its session once a second.
            return worker.onResume { [self] in
                world.timeline.after(world.chance.time(0...(.seconds(1)))) { [self] in
                    beat(number)
                }
            }
        }
        if world.now - lastBeat > world.plan.sessionTimeout { return lose() }
        if let id = member {
            let (generation, sentAt) = (generation, world.now)
            worker.reachKafka { [self] in
                let answer = worker.group.heartbeat(id, generation: generation)
                worker.fromKafka { [self] in heard(answer, number, sentAt: sentAt) }
            }
        }
        world.timeline.after(world.plan.sessionTimeout / 4) { [self] in beat(number) }
    }

    private func heard(_ answer: Group.Answer, _ number: Int, sentAt: Time) {
        guard number == beats, !worker.isDead else { return }
        switch answer {
        case .ok: lastBeat = max(lastBeat, sentAt)
        case .rebalanceInProgress:
            lastBeat = max(lastBeat, sentAt)
            revoke()
        case .unknownMember, .illegalGeneration: lose()
        }
    }

    private func revoke() {
        guard let assigned, !isRevoking else { return }
        isRevoking = true
        worker.post(.revoked(assigned))
    }

    private func lose() {
        world.note("\(worker.name) lost its assignment")
        isAssignmentLost = true
        generation = -1
        member = nil
        beats += 1
        guard let assigned else { return join() }
        isRevoking = true
        worker.post(.lost(assigned))
    }

    /// The application has let go of its partitions.
    func unassign() {
        guard assigned != nil, isRevoking else { return }
        assigned = nil
        isRevoking = false
        join()
    }

    // MARK: Commits

    func commit(_ number: CommitNumber, _ offsets: [(Int32, Int64)]) {
        if world.troubled(\.deferredCommit) {
            let delay = world.chance.time(.milliseconds(100)...(.seconds(8)))
            world.note("\(worker.name) commit \(number) deferred")
            // Runs later, under whatever generation is current then.
            return world.timeline.after(delay) { [self] in send(number, offsets, tries: 20) }
        }
        send(number, offsets, tries: 0)
    }

    private func send(_ number: CommitNumber, _ offsets: [(Int32, Int64)], tries: Int) {
        if worker.isDead { return }
        if worker.isPaused {
            return worker.onResume { [self] in send(number, offsets, tries: tries) }
        }
        if isJoining && tries > 0 {
            return world.timeline.after(.milliseconds(500)) { [self] in
                send(number, offsets, tries: tries - 1)
            }
        }
        let (id, generation) = (member, generation)
        let isLost = world.troubled(\.lostCommit)
        worker.reachKafka { [self] in
            let answer = worker.group.commit(offsets, member: id, generation: generation)
            world.note("\(worker.name) commit \(number) at \(generation): \(answer.rawValue)")
            if isLost { return }
            if answer == .illegalGeneration || answer == .unknownMember { self.generation = -1 }
            let slow: Time =
                world.troubled(\.slowCommitReply) ? world.chance.time(0...(.seconds(8))) : 0
            worker.fromKafka(after: slow) { [worker] in
                worker.post(.committed(number, offsets.map(\.0), answer))
            }
        }
    }
}

import Engine

/// The coordinator of the consumer group: eager rebalancing with generations.
final class Group {
    /// What a heartbeat or commit is answered.
    enum Answer: String {
        case ok, rebalanceInProgress, unknownMember, illegalGeneration
    }

    private struct Member {
        var id: Int
        var worker: Worker
        var hasJoined: Bool
        var expires: Time
    }

    private unowned(unsafe) let world: World
    let number: Int
    private var members: [Member] = []
    private(set) var generation = 0
    private var isRebalancing = false
    private var round = 0
    private var lastID = 0
    private(set) var owners: [Worker?]
    /// The most members that there ever were.
    private(set) var mostMembers = 0
    private(set) var committed: [Int64?]

    init(world: World, number: Int) {
        self.world = world
        self.number = number
        owners = Array(repeating: nil, count: Int(world.plan.partitions))
        committed = Array(repeating: nil, count: Int(world.plan.partitions))
    }

    /// Where a partition is read from: the committed offset, or the beginning of the log.
    func start(of partition: Int32) -> Int64 {
        committed[Int(partition)] ?? world.topic.start(of: partition)
    }

    /// Whether this member's generation is the current one.
    func isCurrent(_ worker: Worker) -> Bool {
        worker.client.generation == generation && members.contains { $0.id == worker.client.member }
    }

    func join(_ worker: Worker, as known: Int?) -> Int {
        let id: Int
        if let known, let index = members.firstIndex(where: { $0.id == known }) {
            id = known
            members[index].hasJoined = true
        } else {
            lastID += 1
            id = lastID
            members.append(Member(id: id, worker: worker, hasJoined: true, expires: 0))
        }
        rebalance(after: world.chance.time(.milliseconds(1)...(.milliseconds(60))))
        return id
    }

    func leave(_ id: Int?) {
        guard let index = members.firstIndex(where: { $0.id == id }) else { return }
        members.remove(at: index)
        rebalance(after: .milliseconds(1))
    }

    func heartbeat(_ id: Int, generation: Int) -> Answer {
        guard let index = members.firstIndex(where: { $0.id == id }) else { return .unknownMember }
        if generation != self.generation { return .illegalGeneration }
        members[index].expires = world.now + world.plan.sessionTimeout
        return isRebalancing ? .rebalanceInProgress : .ok
    }

    /// Stores offsets, and keeps the session of the member alive.
    ///
    /// The generation is checked, the ownership of partitions is not.
    func commit(_ offsets: [(Int32, Int64)], member id: Int?, generation: Int) -> Answer {
        let isKnown = members.contains { $0.id == id }
        let isAnonymous = generation < 0 && members.isEmpty
        if !isAnonymous && world.sabotage != .staleCommits {
            if !isKnown { return .unknownMember }
            if generation != self.generation { return .illegalGeneration }
        }
        if let index = members.firstIndex(where: { $0.id == id }), generation == self.generation {
            members[index].expires = world.now + world.plan.sessionTimeout
        }
        for (partition, offset) in offsets {
            committed[Int(partition)] = offset
            world.books.committed(partition, offset)
        }
        return .ok
    }

    // MARK: Rebalance

    private func rebalance(after delay: Time) {
        if isRebalancing {
            if members.allSatisfy(\.hasJoined) { completeSoon(delay) }
            return
        }
        world.note("group \(number): rebalance begins after generation \(generation)")
        isRebalancing = true
        round += 1
        let joiner = members.last
        for index in members.indices {
            // Whoever has just come has joined; the others have to notice first.
            members[index].hasJoined =
                members[index].worker.client.isJoining
                && (members[index].hasJoined || members[index].id == joiner?.id)
        }
        let number = round
        world.timeline.after(world.plan.rebalanceTimeout) { [self] in
            if isRebalancing && round == number { complete() }
        }
        if members.allSatisfy(\.hasJoined) { completeSoon(delay) }
    }

    private func completeSoon(_ delay: Time) {
        let number = round
        world.timeline.after(delay) { [self] in
            guard isRebalancing, round == number, members.allSatisfy(\.hasJoined) else { return }
            complete()
        }
    }

    private func complete() {
        members.removeAll { !$0.hasJoined }
        isRebalancing = false
        generation += 1
        mostMembers = max(mostMembers, members.count)
        world.books.rebalances += 1
        owners = Array(repeating: nil, count: owners.count)
        world.note("group \(number): generation \(generation) of \(members.map { $0.worker.name })")
        for index in members.indices {
            members[index].hasJoined = false
            members[index].expires = world.now + world.plan.sessionTimeout
            watch(members[index].id)
            let partitions = share(of: index)
            for partition in partitions { owners[Int(partition)] = members[index].worker }
            let (id, generation) = (members[index].id, generation)
            members[index].worker.client.joined(id, generation: generation, partitions)
        }
    }

    /// The range assignor.
    private func share(of index: Int) -> [Int32] {
        let (count, total) = (members.count, owners.count)
        let start = index * (total / count) + min(index, total % count)
        let size = total / count + (index < total % count ? 1 : 0)
        return (start..<start + size).map { Int32($0) }
    }

    /// Removes a member when its session has timed out.
    private func watch(_ id: Int) {
        guard let member = members.first(where: { $0.id == id }) else { return }
        let number = generation
        world.timeline.at(member.expires) { [self] in
            guard generation == number else { return }
            guard let index = members.firstIndex(where: { $0.id == id }) else { return }
            // A member that waits for the others in a join cannot time out.
            if members[index].hasJoined { return }
            if members[index].expires > world.now { return watch(id) }
            world.note("group \(number): session of \(members[index].worker.name) timed out")
            members.remove(at: index)
            rebalance(after: .milliseconds(1))
        }
    }
}

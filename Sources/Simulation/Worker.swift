import Engine
internal import OrderedCollections

/// A process: the production engine in a shell in miniature.
///
/// It does what `CommandLoop` does: one stream of messages, one turn for all that have come, the
/// effects in their order.
final class Worker {
    enum Message {
        case assigned([Int32])
        case positions(assignment: Int, [(Int32, Int64)])
        /// A part of a ledger; without an end, more of it comes.
        case restored(Lease, Int32, [LedgerRecord], end: Int64?)
        case revoked([Int32])
        case lost([Int32])
        case committed(CommitNumber, [Int32], Group.Answer)
        case replayed(Ticket, LedgerWrite, Event?)
        case polled(LookupNumber, [Int], [RecordID: Sighting], Outcome?)
        case decided(Decision)
        case heard(ShareNotice, from: UInt64)
        case input(Input)
    }

    /// What the shell keeps of a command.
    struct Job {
        var command: Int
    }

    /// The right to transmit for one assignment of a partition.
    final class Lease {
        var isEnded = false
    }

    /// A partition as the consumer reads it.
    struct Cursor {
        var next: Int
        var isPaused = true
    }

    unowned(unsafe) let world: World
    unowned(unsafe) let group: Group
    let name: String
    /// By how much its wall clock is wrong, in milliseconds.
    let skew: Int64
    /// Tells this process from every other one.
    let owner: UInt64
    /// Between two heartbeats of its own.
    let heartbeat: Time
    /// The number of its last notice.
    var lastNotice: UInt64 = 0
    private(set) var engine: CommandEngine
    var jobs: [RecordID: Job] = [:]
    var leases: [Int32: Lease] = [:]
    var cursors: OrderedDictionary<Int32, Cursor> = [:]
    /// Whether the group has answered that it does not know this member.
    var isExpelled = false
    var lastCommit: CommitNumber = 0
    /// The last commit before the present assignment.
    var earlierCommit: CommitNumber = 0
    /// Counts what was written to the ledger.
    var lastLedgerNumber: UInt64 = 0
    /// Where each ledger ends, for all that the engine is told, under a sabotage.
    var ledgerEnds: [Int32: Int64] = [:]
    var assignment = 0
    /// When the last record of each pipe to Kafka is stored: a producer keeps their order.
    var pipes: [Int: Time] = [:]
    /// What each pipe has not stored yet.
    var line: [Int: [() -> Void]] = [:]

    private(set) var isDead = false
    private(set) var isPaused = false
    private(set) var isStopping = false
    /// Whether it ends because the ledger is not its own.
    var hasRefused = false
    /// The network to Kafka, to the provider, is cut until then.
    var kafkaCutUntil: Time = 0
    var providerCutUntil: Time = 0

    private var messages: [Message] = []
    private var isTurnPlanned = false
    private var wake: Time?
    private var idleWakes = 0
    private var resumptions: [() -> Void] = []

    private(set) lazy var client = GroupClient(world: world, worker: self)

    init(world: World, group: Group, number: Int) {
        self.world = world
        self.group = group
        name = "w\(number)"
        owner = UInt64(number)
        // Two clocks differ by no more than the plan says.
        skew = world.chance.number(0...max(1, world.plan.clockSkew / 1_000_000))
        // Somebody has changed the setting for some of them.
        heartbeat = world.plan.heartbeat / world.chance.pick([1, 1, 2])
        var settings = world.plan.settings
        settings.loanTerm = world.plan.lendsRate ? (heartbeat * 3).duration : nil
        engine = CommandEngine(
            settings: settings,
            owner: owner,
            seed: world.chance.seed(),
            at: world.moment
        )
    }

    /// Both clocks of this process.
    var moment: Moment {
        var moment = world.moment
        moment.wallClock -= skew
        return moment
    }

    /// Whether the engine has nothing under way.
    var isIdle: Bool {
        let summary = engine.summary
        return summary.unfinished == 0 && summary.inFlight == 0
    }

    // MARK: Life

    func start() {
        world.note("\(name) starts")
        post(.input(.paused(world.isPaused)))
        client.join()
        if world.plan.lendsRate {
            world.timeline.after(world.chance.time(0...heartbeat)) { [self] in beat() }
        }
    }

    func crash() {
        world.note("\(name) crashes")
        end()
    }

    /// Nothing runs in it any more.
    func end() {
        isDead = true
        messages = []
        resumptions = []
    }

    /// Lets go of everything, so that the world can be freed.
    func forget() {
        end()
        line = [:]
        jobs = [:]
    }

    func stop() {
        world.note("\(name) is asked to stop")
        isStopping = true
        post(.input(.stop))
    }

    /// The process stands still: timers, threads and all.
    func pause() {
        world.note("\(name) is paused")
        isPaused = true
    }

    func resume() {
        guard isPaused, !isDead else { return }
        world.note("\(name) goes on")
        isPaused = false
        // What could have run meanwhile runs now, in any order.
        let waiting = resumptions
        resumptions = []
        for action in waiting {
            world.timeline.after(world.chance.time(0...(.milliseconds(3))), action)
        }
        planTurn()
    }

    /// Runs when the process runs again.
    func onResume(_ action: @escaping () -> Void) {
        resumptions.append(action)
    }

    // MARK: Turns

    func post(_ message: Message) {
        if isDead { return }
        messages.append(message)
        planTurn()
    }

    /// There may be something to do.
    func planTurn() {
        if isTurnPlanned || isPaused || isDead { return }
        isTurnPlanned = true
        let delay = world.chance.time(20_000...300_000)
        world.timeline.after(delay) { [self] in
            isTurnPlanned = false
            turn()
        }
    }

    private func turn() {
        if isDead || isPaused { return }
        let now = moment
        let taken = messages
        messages = []
        for message in taken { handle(message, at: now) }
        let received = read(at: now)
        let wanted = engine.wantsRecords
        let effects = engine.advance(at: now)
        perform(effects)
        if received || (!wanted && engine.wantsRecords) { planTurn() }
        if !taken.isEmpty || received || !effects.isEmpty { idleWakes = 0 }
        planWake()
    }

    private func planWake() {
        guard !isDead, let next = engine.wakeAt?.nanoseconds else {
            wake = nil
            return
        }
        let at = max(next, world.now + 50_000)
        if wake == at { return }
        wake = at
        world.timeline.at(at) { [self] in
            guard wake == at else { return }
            wake = nil
            if isPaused { return }
            // An engine that wants to be woken again and again for nothing burns a core.
            idleWakes += 1
            if idleWakes > 100 { world.fail("\(name) is woken for nothing, again and again") }
            turn()
        }
    }

    private func handle(_ message: Message, at now: Moment) {
        switch message {
        case .assigned(let partitions): prepare(partitions)
        case .positions(let number, let starts): begin(number, starts, at: now)
        case .restored(let lease, let partition, let records, let end):
            restored(lease, partition, records, end: end, at: now)
        case .polled(let number, let commands, let sightings, let failure):
            polled(number, commands, sightings, failure, at: now)
        case .decided(let decision): decided(decision, at: now)
        case .revoked(let partitions): revoke(partitions, at: now)
        case .lost(let partitions): lose(partitions, at: now)
        case .committed(let number, let partitions, let answer):
            // Whoever the group does not know any more fences nothing until the next assignment.
            let isExpulsion = answer == .unknownMember || answer == .illegalGeneration
            if isExpulsion && number > earlierCommit { isExpelled = true }
            let isLost = client.isAssignmentLost || isExpelled
            let holds = answer == .ok && !(world.sabotage != .uncheckedEpoch && isLost)
            let accepted = partitions.map { ($0, holds) }
            give(.committed(number, accepted: Dictionary(uniqueKeysWithValues: accepted)), now)
        case .replayed(let ticket, let write, let event): replayed(ticket, write, event)
        case .heard(let notice, let other): hear(notice, from: other, at: now)
        case .input(let input):
            give(input, now)
            // With its claim a partition begins to take decisions.
            if case .appended(let ticket, _) = input, ticket.isClaim {
                hearDecisions(in: ticket.record.partition, at: now)
            }
        }
    }

    func give(_ input: Input, _ now: Moment) {
        switch input {
        case .committed(let number, let accepted):
            world.note("\(name) ← committed(\(number), \(accepted.sorted { $0.key < $1.key }))")
        case .lookedUp(let number, let sightings, let failure):
            world.note("\(name) ← lookedUp(\(number), \(inOrder(sightings)), \(inWords(failure)))")
        case .polled(let number, let sightings, let failure):
            world.note("\(name) ← polled(\(number), \(inOrder(sightings)), \(inWords(failure)))")
        case .answered(let number, let tickets, let failure):
            world.note(
                "\(name) ← answered(\(number), \(tickets.map(\.record).sorted()), "
                    + "\(inWords(failure)))"
            )
        default: world.note("\(name) ← \(input)")
        }
        engine.handle(input, at: now)
    }

    private func inOrder(_ sightings: [RecordID: Sighting]) -> [(RecordID, Sighting)] {
        sightings.sorted { $0.key < $1.key }
    }

    private func inWords(_ failure: Outcome?) -> String { String(describing: failure) }

    /// Takes what Kafka has; true if there may be more.
    private func read(at now: Moment) -> Bool {
        if isStopping || world.now < kafkaCutUntil { return false }
        var received = false
        for (index, partition) in cursors.keys.enumerated() {
            let log = world.log(of: partition)
            while engine.wantsRecords, !cursors.values[index].isPaused,
                cursors.values[index].next < log.count
            {
                let number = log[cursors.values[index].next]
                let command = world.commands[number]
                cursors.values[index].next += 1
                jobs[command.id] = Job(command: number)
                give(.received(command.id, arrival(of: command)), now)
                received = true
            }
        }
        return received
    }

    /// What the engine is told of a command; whether the provider would take it is judged anew
    /// whenever it is read.
    private func arrival(of command: Command) -> Arrival {
        guard case .create(var order) = command.arrival else { return command.arrival }
        order.isInadmissible = world.troubled(\.inadmissible)
        return .create(order)
    }

    /// The process has ended as it was asked to.
    func stopped() {
        world.note("\(name) has stopped")
        client.leave()
        end()
        world.workerEnded(self)
    }
}

import Engine

/// Several workers, a Kafka, a provider, a clock: everything an engine can meet, from one seed.
final class World {
    let plan: Plan
    let sabotage: Sabotage?
    let timeline: Timeline
    var chance: Chance
    let commands: [Command]
    var ledger: [LedgerPartition]
    /// Faults happen until then.
    private(set) var isTroubled = true
    /// The processes that live.
    private(set) var workers: [Worker] = []
    /// What they have left behind on the network may still arrive.
    private var dead: [Worker] = []
    private var logs: [[Int]]
    private var started = 0
    private var settledAt: Time?

    private(set) lazy var group = Group(world: self)
    private(set) lazy var provider = Provider(world: self)
    private(set) lazy var books = Books(world: self)
    private(set) lazy var faults = Faults(world: self)

    init(seed: UInt64, commands count: Int, sabotage: Sabotage?, isTracing: Bool) {
        var chance = Chance(seed: seed)
        plan = Plan(commands: count, chance: &chance)
        commands = Command.all(of: plan, chance: &chance)
        self.chance = chance
        self.sabotage = sabotage
        timeline = Timeline(isTracing: isTracing)
        logs = Array(repeating: [], count: Int(plan.partitions))
        ledger = Array(repeating: LedgerPartition(), count: Int(plan.partitions))
    }

    var now: Time { timeline.now }

    /// Both clocks of every process.
    var moment: Moment { Moment(uptime: now.instant, wallClock: epoch + now / 1_000_000) }

    func note(_ line: @autoclosure () -> String) { timeline.note(line()) }

    func fail(_ what: @autoclosure () -> String) { timeline.fail(what()) }

    /// Whether a trouble strikes now.
    func troubled(_ trouble: KeyPath<Plan.Troubles, Double>) -> Bool {
        isTroubled && chance.happens(plan.troubles[keyPath: trouble])
    }

    /// The commands of a partition that were produced so far, by their numbers.
    func log(of partition: Int32) -> [Int] { logs[Int(partition)] }

    /// Where a partition is read from: the committed offset, or the beginning of the log.
    func start(of partition: Int32) -> Int64 {
        if let committed = group.committed[Int(partition)] { return committed }
        return logs[Int(partition)].first.map { commands[$0].id.offset } ?? 0
    }

    // MARK: Course

    func run() {
        note("\(plan)")
        for (number, command) in commands.enumerated() {
            timeline.at(command.appears) { [self] in
                logs[Int(command.id.partition)].append(number)
                for worker in workers where worker.cursors[command.id.partition]?.isPaused == false
                {
                    worker.planTurn()
                }
            }
        }
        for _ in 0..<plan.workers { startWorker(after: chance.time(0...(.seconds(2)))) }
        faults.begin()
        if plan.compactsLedger { compact() }
        timeline.at(max(plan.faultTime, plan.arrivalTime + .seconds(1))) { [self] in calm() }
        timeline.run(maxSteps: 3_000_000)
        for worker in workers { worker.end() }
    }

    func startWorker(after delay: Time) {
        timeline.after(delay) { [self] in
            started += 1
            let worker = Worker(world: self, number: started)
            workers.append(worker)
            worker.start()
        }
    }

    /// A worker crashed or stopped: its place is taken by a new process.
    func workerEnded() {
        dead += workers.filter(\.isDead)
        workers.removeAll(where: \.isDead)
        startWorker(after: isTroubled ? chance.time(0...(.seconds(8))) : .seconds(1))
    }

    /// Faults stop: from here on everything has to come to its end.
    private func calm() {
        note("faults stop")
        isTroubled = false
        faults.heal()
        let deadline = now + .seconds(400) + plan.settleWindow * 4
        judge(deadline: deadline)
    }

    private func judge(deadline: Time) {
        let unfinished = books.unfinished
        if unfinished == nil && workers.allSatisfy(\.isIdle) {
            if settledAt == nil { settledAt = now }
            // What is late may still do harm.
            if let settledAt, now > settledAt + .seconds(20) { return timeline.end() }
        } else {
            settledAt = nil
            if now > deadline {
                let late = unfinished.map { "\($0) has not ended" } ?? "a worker is not idle"
                return fail("\(late) long after faults stopped")
            }
        }
        timeline.after(.seconds(2)) { [self] in judge(deadline: deadline) }
    }

    private func compact() {
        timeline.after(chance.time(.seconds(1)...(.seconds(10)))) { [self] in
            let before = now - .seconds(2)
            let isShared = sabotage == .sharedLedgerKey
            for partition in ledger.indices {
                ledger[partition].compact(before: before, isShared: isShared)
            }
            compact()
        }
    }
}

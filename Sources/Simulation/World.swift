import Engine
internal import OrderedCollections

/// Several workers, a Kafka, a provider, a clock: everything an engine can meet, from one seed.
final class World {
    let plan: Plan
    let sabotage: Sabotage?
    let timeline: Timeline
    var chance: Chance
    var topic: Topic
    var ledger: [LedgerPartition]
    /// Faults happen until then.
    private(set) var isTroubled = true
    /// When the last of them can be felt: a reply to a commit that was lost is awaited so long.
    private(set) var troubleEnds = Time.max
    /// The processes that live.
    private(set) var workers: [Worker] = []
    /// What they have left behind on the network may still arrive.
    private var dead: [Worker] = []
    /// Whether operators let nothing new be sent, as it stands in their topic.
    private(set) var isPaused = false
    /// What operators have decided, likewise.
    private(set) var decisions: [Decision] = []
    private var started = 0
    private var settledAt: Time?

    /// The consumer groups: a second one shares topics that it should not.
    private(set) lazy var groups = (0..<plan.groups).map { Group(world: self, number: $0) }
    private(set) lazy var operators = Operators(world: self)
    private(set) lazy var provider = Provider(world: self)
    private(set) lazy var books = Books(world: self)
    private(set) lazy var faults = Faults(world: self)

    init(seed: UInt64, commands count: Int, sabotage: Sabotage?, isTracing: Bool) {
        var chance = Chance(seed: seed)
        plan = Plan(commands: count, chance: &chance)
        topic = Topic(
            Command.all(of: plan, chance: &chance),
            partitions: plan.partitions,
            start: chance.number(0...3)
        )
        self.chance = chance
        self.sabotage = sabotage
        timeline = Timeline(isTracing: isTracing)
        ledger = Array(
            repeating: LedgerPartition(hasSharedKeys: sabotage == .sharedLedgerKey),
            count: Int(plan.partitions)
        )
    }

    var now: Time { timeline.now }

    /// Whether faults stopped so long ago that only what is slow has still to end: heartbeats would
    /// change nothing, and cost most of the time.
    var isQuiet: Bool { !isTroubled && now > plan.faultTime + plan.arrivalTime + .seconds(90) }

    /// Both clocks, as they should be.
    var moment: Moment { Moment(uptime: now.instant, wallClock: epoch + now / 1_000_000) }

    /// The commands that were produced so far, and those to come.
    var commands: [Command] { topic.commands }

    func note(_ line: @autoclosure () -> String) { timeline.note(line()) }

    func fail(_ what: @autoclosure () -> String) { timeline.fail(what()) }

    /// Whether a trouble strikes now.
    func troubled(_ trouble: (Plan.Troubles) -> Double) -> Bool {
        isTroubled && chance.happens(trouble(plan.troubles))
    }

    /// The commands of a partition that were produced so far, by their numbers.
    func log(of partition: Int32) -> [Int] { topic.logs[Int(partition)] }

    /// The command that stands there.
    func number(of id: RecordID) -> Int? { log(of: id.partition).first { commands[$0].id == id } }

    /// Whoever reads a partition has something to read.
    func wakeReaders(of partition: Int32) {
        for worker in workers where worker.cursors[partition]?.isPaused == false {
            worker.planTurn()
        }
    }

    /// Stores a copy of a stray in its home partition.
    func forward(_ number: Int) {
        topic.forward(number)
        books.addPage()
        wakeReaders(of: commands[number].home)
    }

    /// An operator has decided; every process hears of it, sooner or later.
    func publish(_ decision: Decision) {
        note("operator: \(decision)")
        decisions.append(decision)
        for worker in workers {
            worker.fromKafka { worker.post(.decided(decision)) }
        }
    }

    /// An operator lets nothing new be sent, or lets it be sent again.
    func publish(isPaused: Bool) {
        if self.isPaused == isPaused { return }
        note("operator: \(isPaused ? "pause" : "resume")")
        self.isPaused = isPaused
        for worker in workers {
            worker.fromKafka { [self] in worker.post(.input(.paused(self.isPaused))) }
        }
    }

    // MARK: Course

    func run() {
        note("\(plan)")
        for (number, command) in commands.enumerated() {
            timeline.at(command.appears) { [self] in
                topic.produce(number, gap: chance.happens(0.05))
                wakeReaders(of: command.id.partition)
            }
        }
        for number in 0..<plan.workers {
            startWorker(in: groups[number % groups.count], after: chance.time(0...(.seconds(2))))
        }
        faults.begin()
        if plan.compactsLedger { compact() }
        timeline.at(max(plan.faultTime, plan.arrivalTime + .seconds(1))) { [self] in calm() }
        timeline.run(maxSteps: 3_000_000)
        for worker in workers + dead { worker.forget() }
    }

    func startWorker(in group: Group, after delay: Time) {
        timeline.after(delay) { [self] in
            started += 1
            let worker = Worker(world: self, group: group, number: started)
            workers.append(worker)
            worker.start()
        }
    }

    /// A worker crashed or stopped: its place is taken by a new process.
    func workerEnded(_ worker: Worker) {
        dead += workers.filter(\.isDead)
        workers.removeAll(where: \.isDead)
        // Somebody has to look why it refused to go on.
        if worker.hasRefused { return }
        startWorker(
            in: worker.group,
            after: isTroubled ? chance.time(0...(.seconds(8))) : .seconds(1)
        )
    }

    /// Faults stop: from here on everything has to come to its end.
    private func calm() {
        note("faults stop")
        isTroubled = false
        troubleEnds = now + plan.settings.commitDeadline.wholeNanoseconds
        faults.heal()
        let deadline = now + .seconds(900) + (plan.settleWindow + plan.clockSkew) * 4
        judge(deadline: deadline)
    }

    private func judge(deadline: Time) {
        if let unsettled {
            settledAt = nil
            if now > deadline { return fail("\(unsettled) long after faults stopped") }
        } else {
            if settledAt == nil { settledAt = now }
            // What is late may still do harm.
            if let settledAt, now > settledAt + .seconds(20) { return timeline.end() }
        }
        timeline.after(.seconds(5)) { [self] in judge(deadline: deadline) }
    }

    /// What has not come to its end yet, if anything.
    private var unsettled: String? {
        if !workers.allSatisfy(\.isIdle) { return "a worker is not idle" }
        if plan.groups > 1 { return nil }
        if let command = books.unfinished { return "\(command) has not ended" }
        if let key = books.disobeyed { return "what was decided of \(key.high) is not done" }
        return books.untold.map { "nobody was told what became of \($0.high)" }
    }

    private func compact() {
        timeline.after(chance.time(.seconds(1)...(.seconds(10)))) { [self] in
            let before = now - .seconds(2)
            for partition in ledger.indices { ledger[partition].compact(before: before) }
            compact()
        }
    }
}

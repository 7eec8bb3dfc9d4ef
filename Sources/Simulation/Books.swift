import Engine
internal import OrderedCollections

/// The checkers: they see everything that is durable and everything that is handed over.
final class Books {
    /// What is known of a command.
    struct Page {
        /// The one event that it ended with, if it has.
        var final: EventID?
        var isAnswered = false
        /// Its answer is about this attempt of a reference in doubt, whose end is its end.
        var suspendedAt: Int?
    }

    unowned(unsafe) let world: World
    var pages: [Page]
    /// In the order in which they were opened, so that a run can be repeated.
    var accounts: OrderedDictionary<ReferenceKey, Account> = [:]
    private var writes: Set<Recorded> = []
    /// The decisions of which anything has come.
    var obeyed: Set<DecisionNumber> = []
    /// Who has written that another attempt may follow, because of a decision.
    private var releases: [Release: UInt64] = [:]
    /// Of each partition: commands from its beginning that have all been answered.
    private var answered: [Int]
    /// What was handed over on each day without a person's leave, as far as it may be executed.
    private var spent: [Int64: Int64] = [:]
    /// The latest day in the ledger of each partition: a slow clock does not turn it back.
    private var days: [Int32: Int64] = [:]
    private(set) lazy var use = Use(world: world)
    /// The command that had not ended when this was asked last, by its number.
    var lastUnfinished = 0
    /// The reference of which was not said what became of it when this was asked last.
    var lastUntold = 0
    private var traffic: [Time] = []
    private var trafficStart = 0

    var executions = 0
    var transmissions = 0
    var events = 0
    var rebalances = 0
    var reviews = 0

    private struct Recorded: Hashable {
        var reference: ReferenceKey
        var attempt: Int
        var state: LedgerState
    }

    private struct Release: Hashable {
        var decision: DecisionNumber
        var attempt: Int
    }

    init(world: World) {
        self.world = world
        pages = Array(repeating: Page(), count: world.plan.commands)
        answered = Array(repeating: 0, count: Int(world.plan.partitions))
    }

    private func account(of key: ReferenceKey) -> Account {
        if let account = accounts[key] { return account }
        let account = Account()
        accounts[key] = account
        return account
    }

    /// A command was copied.
    func addPage() {
        pages.append(Page())
    }

    // MARK: Provider

    func handedOver(_ number: Int, attempt: Int, _ fate: Provider.Fate, by worker: Worker) {
        transmissions += 1
        let command = world.commands[number]
        guard let order = command.order else { return }
        checkOrder(number, "is handed over")
        if let notAfter = order.notAfter, attempt == 1 || accounts[order.key]?.openAttempt == 0 {
            let late = world.moment.wallClock - notAfter
            if late > (world.plan.sendDeadline + world.plan.clockSkew) / 1_000_000 {
                world.fail("\(command.id) is handed over \(late) ms after its time")
            }
        }
        let account = account(of: order.key)
        let isAllowed = !world.plan.isPayout || account.releasedAttempt >= account.openAttempt
        if account.openAttempt >= attempt || (account.openAttempt > 0 && !isAllowed) {
            world.fail(
                "\(order.key.high) attempt \(attempt) is handed over although attempt "
                    + "\(account.openAttempt) may have been executed"
            )
        }
        checkLedger(account, order.key, attempt)
        if mayExecute(fate) {
            account.openAttempt = attempt
            if !account.isApproved { spend(order, account) }
        }
    }

    /// Only the attempt that the ledger has open may be handed over: whoever judges an attempt
    /// must be sure that it is not on its way any more.
    private func checkLedger(_ account: Account, _ key: ReferenceKey, _ attempt: Int) {
        let isOpen = account.state == .intent || account.state == .inDoubt
        if account.attempt != attempt || !isOpen {
            let state = account.state.map { "\($0)" } ?? "nothing"
            world.fail(
                "\(key.high) attempt \(attempt) is handed over while the ledger says \(state) of "
                    + "attempt \(account.attempt)"
            )
        }
    }

    /// What a person has not allowed keeps within the limits, over all replicas.
    private func spend(_ order: Order, _ account: Account) {
        if let most = world.plan.settings.maxAmount, order.amount > most {
            world.fail("\(order.key.high) is handed over, and \(order.amount) is too much")
        }
        guard let limit = world.plan.settings.dailyLimit, world.plan.groups == 1 else { return }
        spent[account.day, default: 0] += order.amount
        if let amount = spent[account.day], amount > limit {
            world.fail("\(amount) is handed over on one day, \(limit) is allowed")
        }
    }

    private func mayExecute(_ fate: Provider.Fate) -> Bool {
        if fate.execution != nil { return true }
        switch fate.outcome {
        case .accepted, .inDoubt: return true
        case .refused, .notSent, .unjudged: return false
        }
    }

    func executed(_ order: Order, attempt: Int) {
        executions += 1
        let account = account(of: order.key)
        account.executions += 1
        let isNew = account.executedAttempts.insert(attempt).inserted
        if account.executions > 1 {
            world.fail("\(order.key.high) is executed \(account.executions) times")
        } else if !isNew {
            world.fail("attempt \(attempt) of \(order.key.high) is executed twice")
        }
    }

    /// Counts a request: the rate holds over all replicas in every second.
    ///
    /// A tenth more is allowed, and one for each replica (a bucket holds at least one token), of which
    /// there are more than planned while the group does not miss the dead ones. A member that the group has given up, and that does not know it yet, is not counted.
    func requested(by worker: Worker) {
        judgeParts()
        guard world.plan.groups == 1, worker.group.isCurrent(worker) else { return }
        use.requested()
        let now = world.now
        traffic.append(now)
        while traffic[trafficStart] <= now - .seconds(1) { trafficStart += 1 }
        let count = traffic.count - trafficStart
        let replicas = max(world.plan.workers, worker.group.mostMembers)
        let limit = Int(world.plan.rateLimit * 1.1) + replicas
        if count > limit { world.fail("\(count) requests in one second, \(limit) are allowed") }
    }

    /// The parts of the rate that anybody may use are never more than the whole.
    ///
    /// A member that the group has given up, and that does not know it yet, still has what was its
    /// own, but must not have anything borrowed.
    func judgeParts() {
        guard world.plan.groups == 1 else { return }
        let all = world.workers.reduce(0) { sum, worker in
            if worker.isDead || worker.isPaused { return sum }
            let (part, borrowed) = worker.engine.ratePart(at: world.now.instant)
            return sum + (worker.group.isCurrent(worker) ? part : borrowed)
        }
        if all > 1_000_000 { world.fail("\(all) millionths of the rate are in use") }
    }

    // MARK: Ledger

    func recorded(_ record: LedgerRecord, in partition: Int32) {
        guard case .attempt(let attempt) = record.content else { return }
        let (key, write) = (attempt.order.key, attempt.write)
        let isLate = world.ledger[Int(partition)].claimant != record.owner
        writes.insert(Recorded(reference: key, attempt: write.attempt, state: write.state))
        let account = account(of: key)
        let isPast = write.attempt < account.attempt
        if isLate || isPast || write.state == .conflict { return }
        checkGround(account, key, write, by: record.owner)
        account.attempt = write.attempt
        account.state = write.state
        account.inDoubtSince = write.since ?? record.at
        switch write.state {
        case .intent:
            account.isApproved = write.decision != nil
            let day = max(record.at / 86_400_000, days[partition] ?? 0)
            days[partition] = day
            account.day = day
        // It has to go on from here.
        case .approved: account.needsReview = false
        default: break
        }
        checkDecision(account, key, write, by: record.owner)
        // A person has said that nothing came of it, or that another one may be sent anyway.
        let isClosed = write.state == .refused && verdict(write.decision) == .notDone
        if write.state == .released || isClosed { account.releasedAttempt = write.attempt }
    }

    /// A decision is carried out once, and what is written of an attempt that a person has released
    /// says so.
    private func checkDecision(
        _ account: Account,
        _ key: ReferenceKey,
        _ write: LedgerWrite,
        by owner: UInt64
    ) {
        if let decision = write.decision { obeyed.insert(decision) }
        if let decision = write.decision, write.state == .released {
            let release = Release(decision: decision, attempt: write.attempt)
            // Kafka may have what it has refused, and is offered it again by the same owner.
            if let other = releases.updateValue(owner, forKey: release), other != owner {
                world.fail("\(key.high) attempt \(write.attempt) is released twice by one decision")
            }
        }
        if write.state == .released && verdict(write.decision) == .release {
            account.releasedByPerson = write.attempt
        } else if account.releasedByPerson == write.attempt {
            // Nothing came of the release: `not_after` had passed.
            account.releasedByPerson = nil
        } else if let released = account.releasedByPerson, released + 1 == write.attempt,
            write.decision == nil, !write.state.isProgress
        {
            world.fail(
                "\(write.state) of \(key.high) attempt \(write.attempt) does not say who has "
                    + "released it"
            )
        }
    }

    private func verdict(_ number: DecisionNumber?) -> ReviewDecision.Verdict? {
        guard let number else { return nil }
        return world.decisions.first { $0.decision.number == number }?.decision.verdict
    }

    // MARK: Events

    func published(_ event: Event, by worker: Worker) {
        events += 1
        // Each of two groups answers every command.
        if world.plan.groups > 1 { return }
        if !event.kind.isProgress {
            checkOrder(event.command, "is answered")
            settle(event)
        }
        guard let write = event.write, let key = world.commands[event.command].key else { return }
        let account = account(of: key)
        if event.isReplay {
            // What was recorded late may be said for the first time by an answer given again.
            if event.kind == .accepted { account.isAccepted = true }
            if event.kind.isForPerson { account.needsReview = true }
            if event.kind.isFruitless { account.noteRefusal(write.attempt) }
            return
        }
        if !isRecorded(key, write.attempt, write.state) {
            world.fail("\(event.id) is published although the ledger does not know it")
        }
        follow(account, event, write, key, by: worker)
    }

    private func isRecorded(_ key: ReferenceKey, _ attempt: Int, _ state: LedgerState) -> Bool {
        writes.contains(Recorded(reference: key, attempt: attempt, state: state))
    }

    private func settle(_ event: Event) {
        let number = event.command
        let root = world.commands[number].root ?? number
        if event.kind == .forward {
            // Its copy ends it.
        } else if event.kind.isFinal {
            if let final = pages[root].final, final != event.id {
                world.fail(
                    "\(world.commands[root].id) ended with \(final) and ends with \(event.id)"
                )
            }
            pages[root].final = event.id
        } else {
            pages[root].suspendedAt = event.write?.attempt ?? 1
        }
        pages[number].isAnswered = true
    }

    /// Whether a command was answered; a copy of one that was needs no answer of its own.
    private func isAnswered(_ number: Int) -> Bool {
        if pages[number].isAnswered || world.commands[number].isHint { return true }
        guard let root = world.commands[number].root else { return false }
        return pages[root].final != nil || pages[root].suspendedAt != nil
    }

    /// Events about a reference only go forward.
    ///
    /// What a member publishes that has lost its partition without knowing it may cross with its
    /// successor's, either way.
    private func follow(
        _ account: Account,
        _ event: Event,
        _ write: LedgerWrite,
        _ key: ReferenceKey,
        by worker: Worker
    ) {
        if event.kind == .accepted { account.isAccepted = true }
        if event.kind.isFruitless { account.noteRefusal(write.attempt) }
        if event.kind.isForPerson {
            account.needsReview = true
            reviews += 1
            world.operators.hear(of: event, key, write)
        }
        if event.kind == .disputed || event.kind == .overdue {
            world.operators.hear(of: event, key, write)
        }
        if event.kind.isProgress && write.decision != nil { account.isClosedByHand = true }
        let isNew = account.seen.insert(event.id).inserted
        let owner = worker.group.owners[Int(world.commands[event.command].id.partition)]
        let isOwner =
            owner === worker && event.assignment == worker.assignment
            && event.generation == worker.group.generation
        if isOwner && event.kind.isProgress { checkOnce(account, event, write) }
        guard isNew else { return }
        if isOwner {
            if write.sequence < account.sequence {
                world.fail("\(event.id) has sequence \(write.sequence) after \(account.sequence)")
            }
            if account.wasAccepted && event.kind != .accepted && !event.kind.isProgress {
                world.fail("\(event.id) follows accepted")
            }
            account.sequence = max(account.sequence, write.sequence)
            if event.kind == .accepted { account.wasAccepted = true }
        }
        if event.kind.isProgress { follow(account, event, write, isOwner: isOwner) }
    }

    /// What became of an order is said once: again only as the same record, after a crash.
    private func checkOnce(_ account: Account, _ event: Event, _ write: LedgerWrite) {
        if let sequence = account.told[event.id], sequence != write.sequence {
            world.fail("\(event.id) is said with sequence \(write.sequence) after \(sequence)")
        }
        account.told[event.id] = write.sequence
    }

    /// Notes what a worker is told of a reference that it follows.
    ///
    /// An answer that comes after that of a later poll was asked for in an assignment that is over.
    func polled(
        _ key: ReferenceKey,
        _ sighting: Sighting?,
        _ number: LookupNumber,
        by worker: Worker
    ) {
        let account = account(of: key)
        if let last = account.polls[worker.owner], number < last.number { return }
        var seenAt = account.polls[worker.owner]?.seenAt
        if case .status = sighting { seenAt = world.now }
        account.polls[worker.owner] = (number, sighting, seenAt)
    }

    /// A person is called for a reason: nothing is overdue that could only not be asked for, and
    /// nothing has vanished that was there a moment ago.
    private func checkGround(
        _ account: Account,
        _ key: ReferenceKey,
        _ write: LedgerWrite,
        by owner: UInt64
    ) {
        guard write.isUnannounced, let last = account.polls[owner] else { return }
        if write.state == .overdue && last.sighting == nil {
            world.fail("\(key.high) is overdue although the last poll told nothing")
        }
        let isVanished = write.state == .disputed && write.finding == Sighting.absent.finding
        if isVanished, let seenAt = last.seenAt, world.now - seenAt < world.plan.settleWindow {
            world.fail("\(key.high) has vanished \((world.now - seenAt).text) after it was there")
        }
    }

    /// What became of an order only goes forward; a contradiction is for a person.
    private func follow(
        _ account: Account,
        _ event: Event,
        _ write: LedgerWrite,
        isOwner: Bool
    ) {
        let isBehind = event.kind == .changed && account.progress.map { rank($0) > 0 } == true
        // An unknown word comes between the states that are known.
        if isBehind { return }
        defer { account.progress = event.kind }
        guard isOwner, let last = account.progress, event.kind != .disputed else { return }
        if write.decision != nil {
            if last == .disputed || last == .overdue { return }
            return world.fail("\(event.id) is said by a person although nobody was asked")
        }
        if rank(event.kind) <= rank(last) && event.kind != last {
            world.fail("\(event.id) follows \(last)")
        }
    }

    private func rank(_ kind: EventKind) -> Int {
        switch kind {
        case .processing: 1
        case .overdue: 2
        case .cancelled where !world.plan.isPayout: 3
        case .completed, .rejected, .cancelled: 4
        case .disputed: 5
        default: 0
        }
    }

    /// Commands of one key are worked on one after the other.
    private func checkOrder(_ number: Int, _ what: String) {
        if world.plan.groups > 1 { return }
        guard let previous = world.commands[number].previous, !isAnswered(previous) else {
            return
        }
        world.fail(
            "\(world.commands[number].id) \(what) before \(world.commands[previous].id), "
                + "which has the same key"
        )
    }

    // MARK: Offsets

    func committed(_ partition: Int32, _ offset: Int64) {
        if world.plan.groups > 1 { return }
        let log = world.log(of: partition)
        var next = answered[Int(partition)]
        while next < log.count, isAnswered(log[next]) { next += 1 }
        answered[Int(partition)] = next
        guard next < log.count else { return }
        let first = world.commands[log[next]].id
        if first.offset < offset {
            world.fail("offset \(offset) of \(partition) passes \(first), which has no answer")
        }
    }
}

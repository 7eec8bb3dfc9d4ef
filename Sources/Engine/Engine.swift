internal import DequeModule
internal import HeapModule

/// The path of every command, as a state machine: input and time in, effects out.
///
/// It does no I/O and reads no clock; what it draws by chance comes from the seed. One engine serves
/// one command topic of one process. The shell feeds it inputs with `handle`, then calls `advance`
/// once for many of them and performs the effects in their order; without input it calls `advance`
/// again at `wakeAt`. The rules it keeps are those of DESIGN.md §3 to §5.
public struct CommandEngine: ~Copyable {
    /// The limits it works within.
    public let settings: EngineSettings
    /// This process in the ledger: a hash of its name, which no other start ever has.
    public let owner: UInt64

    var now: Moment
    var effects: [Effect] = []
    var generator: SeededGenerator
    var limiter: RateLimiter
    var sharing: RateSharing
    /// Requests per second, those of the last heartbeats above all.
    var averageUse = 0.0
    /// Since when a heartbeat waits for its fence; nil if none does.
    var beatDue: Instant?
    var breaker: Breaker

    /// Every command taken and not finished.
    var works: [RecordID: Work] = [:]
    /// The last command in line of each key.
    var tails: [ReferenceKey: RecordID] = [:]
    var partitions: [Int32: PartitionState] = [:]
    /// The partitions owned, in order, so that a run can be repeated.
    var owned: [PartitionState] = []
    /// Those of them where something has changed since the last `advance`, or that have something to
    /// commit, likewise in order: the others need not be looked at.
    var busy: [PartitionState] = []
    /// Whether nothing was to be read when the flow was controlled last, whatever the partition.
    var isFlowHeld = false

    /// What was known of partitions when they were given back, until the next assignment begins.
    var remembered: [Int32: Remembered] = [:]

    /// Orders that wait for their turn, oldest first.
    ///
    /// Entries that do not wait any more are skipped.
    var waitingOrders: Deque<RecordID> = []
    /// Orders whose fence holds, which wait for a permit, likewise.
    var readyOrders: Deque<RecordID> = []
    /// Checks that wait for a permit, likewise.
    var waitingChecks: Deque<RecordID> = []
    /// Ends of back-offs.
    var retries = Heap<Timed<RecordID>>()
    /// Records that Kafka did not take, to be offered again.
    var reoffers = Heap<Timed<Ticket>>()
    /// Times of the next lookup of each doubt.
    var lookups = Heap<Timed<DoubtID>>()
    /// Times of the next poll of each reference that is followed.
    var polls = Heap<Timed<DoubtID>>()
    /// `not_after` of what waits, in milliseconds since 1970.
    var expiries = Heap<Expiry>()

    var slotsTaken = 0
    /// Orders on their way to a permit: being journaled, fenced, or ready.
    var inPreparation = 0
    var isProbing = false
    /// Whether nothing new may be sent.
    var isPaused = false
    /// Requests per second of all replicas together.
    var rateLimit: Double
    /// When the harmless read is due for what it tells; nil if never.
    var refreshAt: Instant?
    var isStopping = false
    var lastNumber: UInt64 = 0
    var pendingCommit: PendingCommit?
    var lastCommitAt: Instant
    var lookupBatches: [LookupNumber: LookupBatch] = [:]
    /// Questions that were not answered yet.
    var askBatches: [LookupNumber: [Ticket]] = [:]
    /// Polls that were not answered yet.
    var pollBatches: [LookupNumber: [DoubtID]] = [:]
    /// When to look for what is to be written again: milliseconds since 1970.
    var nextRepetition: Int64 = 0

    /// An engine that owns nothing yet.
    public init(settings: EngineSettings, owner: UInt64, seed: UInt64, at moment: Moment) {
        self.settings = settings
        self.owner = owner
        now = moment
        generator = SeededGenerator(seed: seed)
        limiter = RateLimiter(at: moment.uptime)
        sharing = RateSharing(me: owner, term: settings.loanTerm)
        breaker = Breaker(at: moment.uptime)
        lastCommitAt = moment.uptime
        rateLimit = settings.rateLimit
        refreshAt = settings.refreshInterval.map { _ in moment.uptime }
    }

    /// Takes one input in.
    ///
    /// Effects gather until `advance`.
    public mutating func handle(_ input: Input, at moment: Moment) {
        now = moment
        endLoans()
        switch input {
        case .assigned(let partition, let start):
            if !isStopping { sharing.join() }
            assign(partition, start: start)
        case .ledger(let partition, let entry): read(entry, in: partition)
        case .claim(let partition, let claim): read(claim, in: partition)
        case .restored(let partition, let end): finishReading(partition, end: end)
        case .decided(let partition, let key, let decision):
            decide(DoubtID(partition: partition, key: key), decision)
        case .revoking(let list):
            leaveSharing()
            drain(list)
        case .lost(let list):
            leaveSharing()
            abandon(list)
        case .received(let id, let arrival): receive(id, arrival)
        case .appended(let ticket, let offset): appended(ticket, offset: offset)
        case .committed(let number, let accepted): committed(number, accepted: accepted)
        case .transmitted(let ticket, let outcome): transmitted(ticket, outcome)
        case .published(let ticket, let acknowledged): published(ticket, acknowledged)
        case .lookedUp(let number, let sightings, let failure):
            lookedUp(number, sightings, failure: failure)
        case .polled(let number, let sightings, let failure):
            polled(number, sightings, failure: failure)
        case .answered(let number, let tickets, let failure):
            answered(number, tickets, failure: failure)
        case .probed(let result): probed(result)
        case .paused(let isPaused): self.isPaused = isPaused
        case .rateLimit(let rate):
            rateLimit = rate
            updateShare()
        case .heard(let notice, from: let other): hear(notice, from: other)
        case .beat: beat()
        case .stop:
            isStopping = true
            leaveSharing()
            drain(owned.map(\.number))
        }
    }

    /// Begins everything that may begin at this moment and hands the effects over.
    public mutating func advance(at moment: Moment) -> [Effect] {
        now = moment
        endLoans()
        expireOverdue()
        endBackoffs()
        offerAgain()
        repeatOldRecords()
        if breaker.startProbe(at: now.uptime) { probe() }
        prepare()
        grantPermits()
        commitIfDue()
        relinquishDrained()
        controlFlow()
        settleBusy()
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    /// When `advance` has something to do although nothing comes in; nil if never.
    public var wakeAt: Instant? {
        var next = Earliest()
        next.note(retries.min?.at)
        next.note(reoffers.min?.at)
        next.note(breaker.reopensAt)
        next.note(pendingCommit?.deadline)
        next.note(nextPermitAt)
        next.note(nextCommitAt)
        next.note(nextDrainEnd)
        next.note(sharing.nextEnd)
        if let expiry = expiries.min {
            next.note(now.uptime + .milliseconds(expiry.wallClock - now.wallClock + 1))
        }
        return next.instant
    }

    /// A ticket for a request made for a command; answers to earlier ones are ignored from now on.
    mutating func newTicket(for id: RecordID) -> Ticket {
        let number = newNumber()
        works[id]?.ticket = number
        return Ticket(record: id, number: number)
    }

    mutating func newNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// The state of the command that waits for this answer; nil if nobody does any more.
    func state(awaiting ticket: Ticket) -> Work.State? {
        guard let work = works[ticket.record], work.ticket == ticket.number else { return nil }
        return work.state
    }

    /// Moves a command to another state; the slots in flight follow.
    mutating func move(_ id: RecordID, to state: Work.State) {
        guard let index = works.index(forKey: id) else { return }
        count(works.values[index], -1)
        works.values[index].state = state
        count(works.values[index], 1)
    }

    /// Counts a command in or out, by where it stands.
    mutating func count(_ work: Work, _ change: Int) {
        if work.takesSlot { slotsTaken += change }
        if work.isInPreparation { inPreparation += change }
    }
}

/// Something due at a point in time; earlier is smaller.
struct Timed<Subject: Sendable>: Comparable, Sendable {
    var at: Instant
    /// Breaks ties, so that the order never depends on hashing.
    var number: UInt64
    var subject: Subject

    static func < (left: Timed, right: Timed) -> Bool {
        (left.at, left.number) < (right.at, right.number)
    }

    static func == (left: Timed, right: Timed) -> Bool {
        (left.at, left.number) == (right.at, right.number)
    }
}

/// A reference that is looked up, within its partition.
struct DoubtID: Hashable, Sendable {
    var partition: Int32
    var key: ReferenceKey
}

/// Lookups that were not answered yet.
struct LookupBatch: Sendable {
    var doubts: [DoubtID]
    /// What is answered was true at this time; it may not be any more.
    var askedAt: Instant
}

/// The `not_after` of a command.
struct Expiry: Comparable, Sendable {
    var wallClock: Int64
    var record: RecordID

    static func < (left: Expiry, right: Expiry) -> Bool {
        (left.wallClock, left.record) < (right.wallClock, right.record)
    }
}

/// A commit that was not answered yet.
struct PendingCommit: Sendable {
    var number: CommitNumber
    var marks: [Int32: CommitMark]
    var epochs: [Int32: UInt64]
    /// Intents whose fence it is.
    var waiters: [RecordID]
    /// Partitions that are claimed behind it.
    var claims: [Int32]
    /// The age of the fence counts from here.
    var issuedAt: Instant
    var deadline: Instant
}

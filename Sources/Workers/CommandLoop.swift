import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// The shell around the engine of one domain: one loop, one stream of inputs, effects in order.
///
/// Everything here happens on the task that calls `run`. What takes time happens elsewhere and comes
/// back as a message.
final class CommandLoop {
    /// What comes back to the loop.
    enum Message: Sendable {
        /// The process is asked to end.
        case stop
        /// An input that needs nothing of the shell.
        case input(Input)
        /// Where to begin in the partitions of an assignment.
        case starts(assignment: UInt64, Starts)
        /// A part of a partition's ledger was read.
        case ledger(assignment: UInt64, LedgerChunk)
        /// How far the reading of the ledgers is, in records.
        case progress(assignment: UInt64, read: Int64, of: Int64)
        /// Other processes have told of their parts of the rate.
        case news
        /// Operators have ordered something.
        case control(ControlReader.News)
        /// What an operator has decided about was read back.
        case disputed(RecordID, OrderSummary, ReviewOrder)
        /// Kafka answered for a batch of messages.
        case delivered([Tag], [DeliveryReport])
        /// A transmission ended.
        case submitted(Ticket, Result<Receipt, AspaydsError>)
        /// A command that was known from the ledger alone was read again.
        case recalled(RecordID, Command)
        /// A command is not in the log any more.
        case gone(Ticket)
        /// A batch of lookups ended.
        case lookedUp(LookupNumber, [RecordID], Result<[RecordID: Job.Finding], AspaydsError>)
        /// Questions were answered.
        case answered(LookupNumber, [RecordID], Result<[Ticket: Job.Finding], AspaydsError>)
        /// A batch of polls ended.
        case polled(
            LookupNumber,
            [RecordID: OrderSummary],
            Result<[RecordID: Job.Finding], AspaydsError>
        )
        /// The harmless read ended.
        case probed(Gateway.Probe)
        /// A record of the ledger was read back, to be written again; nil if it is gone.
        case recollected(Ticket, LedgerWrite, LedgerRecord?)
        /// An answer was read back from the ledger.
        case replayed(Ticket, LedgerWrite, Event?)
        /// Kafka answers again.
        case reachable
        /// Kafka was asked where partitions end, at that time; nil where it did not answer.
        case ends([TopicPartition: Int64]?, at: Instant)
        /// The ledger is not what it must be.
        case untrusted(UntrustedLedger)
        /// A client of Kafka failed for good.
        case failed(KafkaError)
    }

    /// What a message to Kafka was for.
    enum Tag: Sendable {
        case ledger(Ticket)
        case publication(Ticket, Event.Kind?)
        /// Goes with the publication of the same ticket, before it.
        case notification(Ticket)
        /// The payout methods.
        case methods
    }

    let settings: WorkerSettings
    let mailbox: Mailbox<Message>
    let consumer: Consumer
    let survey: TopicSurvey
    let producer: Producer
    let gateway: Gateway
    let events: EventMaker
    let spans: SpanMaker
    let decoder: CommandDecoder
    let readiness: Readiness
    private let liveness: Liveness
    let logger: Logger
    let throttle = LogThrottle()
    let fetcher: RecordFetcher
    let instruments: Instruments
    let reporter: StatusReporter?
    let neighbours: Neighbours?

    var engine: CommandEngine
    /// What is kept for each command the engine works on, and for each doubt.
    var jobs: [RecordID: Job] = [:]
    /// Orders that were accepted and are asked for, as far as they are kept.
    var followed: [RecordID: OrderSummary] = [:]
    /// The right to transmit, by partition.
    var leases: [Int32: Lease] = [:]
    /// Tells answers about an earlier assignment apart.
    var assignment: UInt64 = 0
    /// What looks for positions and reads ledgers, while it does.
    var preparation: Task<Void, Never>?
    /// What reads gaps in ledgers, by partition.
    var gaps: [Int32: Task<Void, Never>] = [:]
    /// The partitions that the group has given us last.
    var assigned: [Int32] = []
    /// Partitions whose ledger is still being read.
    var unread: Set<Int32> = []
    /// Why partitions are stopped, for as long as this process runs.
    var stopped: [Int32: String] = [:]
    /// Other consumer groups, by the partition whose ledger they have claimed.
    var foreignGroups: [Int32: String] = [:]
    /// Counts what was written to the ledger.
    var lastLedgerNumber: UInt64 = 0
    /// What operators have decided.
    var orders = ReviewOrders()
    /// What they want of every replica; and, while their topic is read from its beginning, what
    /// was found so far.
    var standing = StandingOrders()
    var unheeded: StandingOrders? = StandingOrders()
    /// The processes heard of, by the hashes of their names.
    var names: [UInt64: String] = [:]
    /// What the provider has listed last, and what was told of it since the last assignment.
    var methods: ListedMethods
    var toldMethods: PayoutMethods?
    /// How many ledger records were read, of how many, in the restore under way.
    var restored: (read: Int64?, total: Int64?)
    /// What went wrong last, and when.
    var lastError: (text: String, at: Int64)?
    /// What went wrong last with a request.
    var requestError: AspaydsError?
    /// When figures were shown last.
    var shownAt: Instant?
    /// Permits given until a moment, and the rate before it.
    var measured: (permits: UInt64, at: Instant)?
    var rateUsed = 0.0
    let progressThrottle = LogThrottle(interval: .seconds(5))
    var isAsking = false
    /// Where partitions end, for as long as one of them is paused.
    var knownEnds = KnownEnds()
    /// Whether the group has said since the last assignment that it does not know this member.
    var isExpelled = false
    var lastCommit: CommitNumber = 0
    var lastCommitAt = Clock.uptime
    /// The last commit before the present assignment.
    var earlierCommit: CommitNumber = 0
    var isStopped = false
    /// Why the loop ends, thrown at its end.
    var failure: (any Error)?

    /// More records than this are not taken at once, so that answers do not wait behind them.
    private static let drainSize = 512

    init(
        _ worker: CommandWorker,
        _ survey: TopicSurvey,
        _ partitions: Int,
        mailbox: Mailbox<Message>
    ) {
        settings = worker.settings
        self.mailbox = mailbox
        fetcher = RecordFetcher(settings.kafka)
        consumer = survey.consumer
        self.survey = survey
        producer = worker.producer
        reporter = worker.reporter
        neighbours = worker.neighbours
        instruments = Instruments(settings.domain, worker.metrics)
        spans = SpanMaker(settings.domain, group: settings.group)
        gateway = Gateway(
            domain: settings.domain,
            client: worker.client,
            instruments: instruments,
            spans: spans
        )
        var guardrails = settings.guardrails
        guardrails.partitions = partitions
        events = EventMaker(domain: settings.domain, guardrails: guardrails)
        decoder = CommandDecoder(domain: settings.domain, callback: settings.callback)
        readiness = worker.readiness
        liveness = worker.liveness
        logger = worker.logger
        var limits = settings.engine
        limits.partitionCount = partitions
        limits.maxAmount = guardrails.maxAmount?.thousandths
        limits.dailyLimit = guardrails.dailyLimit?.thousandths
        methods = ListedMethods(refreshInterval: limits.refreshInterval)
        engine = CommandEngine(
            settings: limits,
            owner: LedgerIndex.hash(of: settings.owner),
            seed: UInt64.random(in: .min ... .max),
            at: Clock.now
        )
    }

    /// Runs until the engine has stopped, or Kafka failed for good.
    func run() async throws {
        try consumer.subscribe([commandTopic])
        readiness.set(subject, "waiting for an assignment")
        let control = followControl(at: Clock.now)
        joinOthers()
        var hasMore = false
        defer { liveness.ended(subject) }
        while !isStopped {
            let messages = hasMore ? mailbox.take() : await mailbox.next(until: deadline)
            let now = Clock.now
            liveness.turned(subject, at: now.uptime)
            for message in messages { handle(message, at: now) }
            let wanted = engine.wantsRecords
            hasMore = drain(at: now)
            perform(engine.advance(at: Clock.now))
            if !wanted && engine.wantsRecords { hasMore = true }
            showFigures(at: now)
            if hasMore { await Task.yield() }
        }
        leaveOthers()
        control.cancel()
        preparation?.cancel()
        for gap in gaps.values { gap.cancel() }
        mailbox.close()
        await fetcher.close()
        if let failure { throw failure }
    }

    /// What is polled at least once a second is never lost to a missed signal (DESIGN.md §7).
    private var deadline: Instant {
        let latest = Clock.uptime + .seconds(1)
        return engine.wakeAt.map { min($0, latest) } ?? latest
    }

    var subject: String { settings.domain.plural }

    var kafkaSubject: String { "kafka for \(subject)" }

    var commandTopic: String { settings.topics.commands(of: settings.domain) }

    var ledgerTopic: String { settings.topics.ledger(of: settings.domain) }

    func commandPartitions(_ partitions: some Sequence<Int32>) -> [TopicPartition] {
        partitions.map { TopicPartition(topic: commandTopic, partition: $0) }
    }

    /// Takes what Kafka has; true if there may be more.
    private func drain(at now: Moment) -> Bool {
        let events = consumer.drain(max: Self.drainSize, records: engine.wantsRecords)
        for event in events { handle(event, at: now) }
        if readiness.isSet(kafkaSubject) { askKafka() }
        return !events.isEmpty
    }

    private func handle(_ event: ConsumerEvent, at now: Moment) {
        switch event {
        case .records(let records): for record in records { receive(record, at: now) }
        case .assigned(let list): prepare(list.map(\.partition))
        case .revoked(let list): revoke(list.map(\.partition), at: now)
        case .lost(let list): lose(list.map(\.partition), at: now)
        case .committed(let reply): committed(reply, at: now)
        case .endOfPartition: break
        case .error(let error): heard(error, at: now)
        }
    }

    private func handle(_ message: Message, at now: Moment) {
        switch message {
        case .stop: engine.handle(.stop, at: now)
        case .input(let input): engine.handle(input, at: now)
        case .starts(let number, let starts): begin(number, starts, at: now)
        case .ledger(let number, let chunk): read(number, chunk, at: now)
        case .progress(let number, let read, let total): progress(number, read: read, of: total)
        case .news: hearNews(at: now)
        case .control(let news): control(news, at: now)
        case .disputed(let id, let summary, let order):
            decideDispute(id, summary, order, at: now)
        case .delivered(let tags, let reports): delivered(tags, reports, at: now)
        case .submitted(let ticket, let result): submitted(ticket, result, at: now)
        case .recalled(let id, let command): jobs[id]?.content = .command(command)
        case .gone(let ticket): gone(ticket, at: now)
        case .lookedUp(let number, let records, let result):
            lookedUp(number, records, result, at: now)
        case .polled(let number, let orders, let result): polled(number, orders, result, at: now)
        case .answered(let number, let records, let result):
            answered(number, records, result, at: now)
        case .probed(let probe): probed(probe, at: now)
        case .recollected(let ticket, let write, let record):
            writeAgain(ticket, write, record, at: now)
        case .replayed(let ticket, let write, let event): replayed(ticket, write, event)
        case .reachable: reachable()
        case .ends(let ends, let time): knownEnds.answered(ends, at: time)
        case .untrusted(let error): refuse(error, at: now)
        case .failed(let error): note(error)
        }
    }
}

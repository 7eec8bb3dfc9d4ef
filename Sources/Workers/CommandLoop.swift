import Aspayds
import Contract
import Engine
import Kafka
import Logging

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
        /// Where to begin in the partitions of an assignment; those left out are stopped.
        case positions(assignment: UInt64, [Int32: Int64])
        /// The ledger of a partition was read.
        case restored(assignment: UInt64, Int32, LedgerRestorer.Contents)
        /// Kafka answered for a batch of messages.
        case delivered([Tag], [DeliveryReport])
        /// A transmission ended.
        case submitted(Ticket, Result<Receipt, AspaydsError>)
        /// A batch of lookups ended.
        case lookedUp(LookupNumber, Result<[RecordID: Job.Finding], AspaydsError>)
        /// A question was answered.
        case answered(Ticket, Result<Job.Finding, AspaydsError>)
        /// The harmless read ended.
        case probed(ProbeResult, AspaydsError?)
        /// An answer was read back from the ledger.
        case replayed(Ticket, LedgerWrite, Event?)
        /// Kafka answers again.
        case reachable
    }

    /// What a message to Kafka was for.
    enum Tag: Sendable {
        case ledger(Ticket)
        case publication(Ticket)
    }

    let settings: WorkerSettings
    let mailbox: Mailbox<Message>
    let consumer: Consumer
    let producer: Producer
    let gateway: Gateway
    let events: EventMaker
    let decoder: CommandDecoder
    let readiness: Readiness
    let logger: Logger
    let throttle = LogThrottle()
    let fetcher: RecordFetcher

    var engine: CommandEngine
    /// What is kept for each command the engine works on, and for each doubt.
    var jobs: [RecordID: Job] = [:]
    /// The right to transmit, by partition.
    var leases: [Int32: Lease] = [:]
    /// Tells answers about an earlier assignment apart.
    var assignment: UInt64 = 0
    /// What looks for positions and reads ledgers, while it does.
    var preparation: Task<Void, Never>?
    /// Partitions whose ledger is still being read.
    var unread: Set<Int32> = []
    var isAsking = false
    var isStopped = false
    var failure: KafkaError?

    /// More records than this are not taken at once, so that answers do not wait behind them.
    private static let drainSize = 512

    init(_ worker: CommandWorker, partitions: Int, mailbox: Mailbox<Message>) throws(KafkaError) {
        settings = worker.settings
        self.mailbox = mailbox
        var kafka = settings.kafka
        kafka.properties["group.id"] = settings.group
        fetcher = RecordFetcher(settings.kafka)
        consumer = try Consumer(kafka) { mailbox.signal() }
        producer = worker.producer
        gateway = Gateway(domain: settings.domain, client: worker.client)
        events = EventMaker(domain: settings.domain)
        decoder = CommandDecoder(domain: settings.domain, defaultCallbackURL: nil)
        readiness = worker.readiness
        logger = worker.logger
        var limits = settings.engine
        limits.partitionCount = partitions
        engine = CommandEngine(
            settings: limits,
            seed: UInt64.random(in: .min ... .max),
            at: Clock.now
        )
    }

    /// Runs until the engine has stopped, or Kafka failed for good.
    func run() async throws {
        try consumer.subscribe([commandTopic])
        readiness.set(subject, "waiting for an assignment")
        var hasMore = false
        while !isStopped, failure == nil {
            let messages = hasMore ? mailbox.take() : await mailbox.next(until: deadline)
            let now = Clock.now
            for message in messages { handle(message, at: now) }
            let wanted = engine.wantsRecords
            hasMore = drain(at: now)
            perform(engine.advance(at: Clock.now))
            if !wanted && engine.wantsRecords { hasMore = true }
            if hasMore { await Task.yield() }
        }
        preparation?.cancel()
        await fetcher.close()
        if await !consumer.close(timeout: .seconds(10)) {
            logger.warning("leaving the consumer group took too long; the session will time out")
        }
        if let failure { throw failure }
    }

    /// What is polled at least once a second is never lost to a missed signal (DESIGN.md §7).
    private var deadline: Instant {
        let latest = Clock.uptime + .seconds(1)
        return engine.wakeAt.map { min($0, latest) } ?? latest
    }

    var subject: String { "\(settings.domain.rawValue)s" }

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
        case .error(let error): note(error)
        }
    }

    private func handle(_ message: Message, at now: Moment) {
        switch message {
        case .stop: engine.handle(.stop, at: now)
        case .input(let input): engine.handle(input, at: now)
        case .positions(let number, let positions): begin(number, positions, at: now)
        case .restored(let number, let partition, let contents):
            restored(number, partition, contents, at: now)
        case .delivered(let tags, let reports): delivered(tags, reports, at: now)
        case .submitted(let ticket, let result): submitted(ticket, result, at: now)
        case .lookedUp(let number, let result): lookedUp(number, result, at: now)
        case .answered(let ticket, let result): answered(ticket, result, at: now)
        case .probed(let result, let error): probed(result, error, at: now)
        case .replayed(let ticket, let write, let event): replayed(ticket, write, event)
        case .reachable: reachable()
        }
    }
}

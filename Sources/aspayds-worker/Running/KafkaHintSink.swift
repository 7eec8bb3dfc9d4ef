import Contract
import CoreMetrics
import Engine
import Kafka
import Logging
import ServiceLifecycle
import Synchronization
import Telemetry
import Webhooks
import Workers

/// Brings hints to Kafka: each in one batch, its check to the home partition of the reference.
///
/// As a service it keeps the numbers of partitions fresh, and finds out whether Kafka answers. Until
/// they are known nothing is taken.
final class KafkaHintSink: HintSink, Service {
    private let topics: Topics
    private let producer: Producer
    private let admin: Admin
    private let readiness: Readiness
    private let logger: Logger
    private let throttle = LogThrottle()
    private let metrics: MetricsRegistry
    /// Rings when Kafka seems to be out of reach.
    private let outage: Mailbox<Void>
    private let partitions = Mutex<[Domain: Int]>([:])

    private static let subject = "webhooks"
    private static let timeout = Duration.seconds(5)
    /// A broker that hangs is found out so late; a command that goes to the wrong partition because
    /// some were added is forwarded by its reader.
    private static let freshness = Duration.seconds(30)

    init(
        topics: Topics,
        producer: Producer,
        kafka: KafkaConfiguration,
        readiness: Readiness,
        logger: Logger,
        metrics: MetricsRegistry = MetricsRegistry(),
        outage: Mailbox<Void> = Mailbox()
    ) throws(KafkaError) {
        self.topics = topics
        self.producer = producer
        self.readiness = readiness
        self.logger = logger
        self.metrics = metrics
        self.outage = outage
        admin = try Admin(kafka)
        readiness.set(Self.subject, "starting")
        // A counter that begins at nothing hides its first count from whoever asks for increases.
        for domain in Domain.allCases {
            for verdict in WebhookRecord.Verdict.allCases { _ = counter(domain, verdict) }
        }
    }

    func append(_ hint: Hint) async -> Bool {
        guard let count = partitions.withLock({ $0[hint.domain] }) else { return false }
        var batch = [Message(topic: topics.webhooks, hint.audit)]
        if let check = hint.check {
            let home = HomePartition.of(hint.reference, partitions: count)
            let topic = topics.commands(of: hint.domain)
            batch.append(Message(topic: topic, partition: home, check))
        }
        if let event = hint.event {
            batch.append(Message(topic: topics.events(of: hint.domain), event))
        }
        let isWritten = await producer.send(batch).allSatisfy { (try? $0.get()) != nil }
        if isWritten { counter(hint.domain, hint.verdict).increment() }
        return isWritten
    }

    private func counter(_ domain: Domain, _ verdict: WebhookRecord.Verdict) -> Counter {
        Counter(
            label: "aspayds_webhooks_total",
            dimensions: [("domain", domain.rawValue), ("verdict", verdict.rawValue)],
            factory: metrics
        )
    }

    // MARK: The topics

    /// Asks for the topics until graceful shutdown.
    func run() async throws {
        _ = await cancelWhenGracefulShutdown { [self] in
            var pause = Duration.milliseconds(200)
            while !Task.isCancelled {
                let isKnown = await ask()
                await rest(isKnown ? Self.freshness : pause)
                pause = isKnown ? .milliseconds(200) : min(pause * 2, .seconds(5))
            }
        }
    }

    /// Lets time pass between questions, unless there seems to be an outage: nothing signals that a
    /// topic has got more partitions, or that a broker hangs.
    private func rest(_ time: Duration) async {
        await withTaskCancellationHandler {
            _ = await outage.next(until: Clock.uptime + time)
        } onCancel: {
            outage.signal()
        }
    }

    private func ask() async -> Bool {
        let names = Domain.allCases.map(topics.commands(of:)) + [topics.webhooks]
        do throws(KafkaError) {
            let found = try await admin.describe(
                names,
                withSettings: false,
                timeout: Self.timeout
            )
            let missing = names.filter { found[$0] == nil }
            guard missing.isEmpty else {
                return note(.missing(missing))
            }
            partitions.withLock { partitions in
                for domain in Domain.allCases {
                    partitions[domain] = found[topics.commands(of: domain)]?.partitions
                }
            }
            return note(nil)
        } catch {
            return note(error)
        }
    }

    /// Whether there is no problem; the same one is no news.
    private func note(_ problem: KafkaError?) -> Bool {
        if readiness.set(Self.subject, problem?.description), let problem {
            throttle.warn(logger, "cannot ask Kafka about the topics", problem)
        }
        return problem == nil
    }
}

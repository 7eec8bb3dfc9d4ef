package import Aspayds
import Contract
package import Kafka
package import Logging
import ServiceLifecycle
package import Telemetry

/// Consumes the commands of one domain until it is told to stop.
package struct CommandWorker: Service {
    let settings: WorkerSettings
    let client: AspaydsClient
    let producer: Producer
    let readiness: Readiness
    let liveness: Liveness
    let logger: Logger
    let metrics: MetricsRegistry
    let reporter: StatusReporter?
    let neighbours: Neighbours?
    private let mailbox = Mailbox<CommandLoop.Message>()

    /// A worker that publishes through a producer it shares with others.
    package init(
        settings: WorkerSettings,
        client: AspaydsClient,
        producer: Producer,
        readiness: Readiness,
        liveness: Liveness = Liveness(),
        logger: Logger,
        metrics: MetricsRegistry = MetricsRegistry(),
        reporter: StatusReporter? = nil,
        neighbours: Neighbours? = nil
    ) {
        self.settings = settings
        self.client = client
        self.producer = producer
        self.readiness = readiness
        self.liveness = liveness
        self.logger = logger
        self.metrics = metrics
        self.reporter = reporter
        self.neighbours = neighbours
        // Before anything runs, or health would answer that all is well until Kafka was asked.
        readiness.set(settings.domain.plural, "starting")
    }

    /// Runs until a graceful shutdown has drained everything.
    ///
    /// Throws ``UntrustedLedger`` when a person has to see to the ledger first, after everything
    /// that was under way has drained, and when Kafka fails for good.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            var kafka = settings.kafka
            kafka.properties["group.id"] = settings.group
            let consumer = try Consumer(kafka) { mailbox.signal() }
            let survey = TopicSurvey(settings, consumer: consumer, admin: try Admin(settings.kafka))
            do {
                let partitions = try await cancelWhenGracefulShutdown {
                    try await survey.partitionCount(readiness: readiness, logger: logger)
                }
                if let partitions {
                    let loop = CommandLoop(self, survey, partitions, mailbox: mailbox)
                    try await loop.run()
                }
            } catch {
                await leave(consumer)
                throw error
            }
            await leave(consumer)
            // A group ends its services one after the other, and minds one that ends before its turn.
            try? await gracefulShutdown()
        } onGracefulShutdown: {
            drain()
        }
    }

    /// Begins to drain, and leaves the consumer group; `run` returns once it is told to end.
    package func drain() { mailbox.post(.stop) }

    private func leave(_ consumer: Consumer) async {
        if await !consumer.close(timeout: .seconds(10)) {
            logger.warning("leaving the consumer group took too long; the session will time out")
        }
    }
}

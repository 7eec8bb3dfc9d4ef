package import Aspayds
import Contract
package import Kafka
package import Logging
import ServiceLifecycle

/// Consumes the commands of one domain until it is told to stop.
package struct CommandWorker: Service {
    let settings: WorkerSettings
    let client: AspaydsClient
    let producer: Producer
    let readiness: Readiness
    let logger: Logger

    /// A worker that publishes through a producer it shares with others.
    package init(
        settings: WorkerSettings,
        client: AspaydsClient,
        producer: Producer,
        readiness: Readiness,
        logger: Logger
    ) {
        self.settings = settings
        self.client = client
        self.producer = producer
        self.readiness = readiness
        self.logger = logger
        // Before anything runs, or health would answer that all is well until Kafka was asked.
        readiness.set("\(settings.domain.rawValue)s", "starting")
    }

    /// Runs until a graceful shutdown has drained everything.
    ///
    /// Throws when the topics do not fit together, or Kafka fails for good.
    package func run() async throws {
        let mailbox = Mailbox<CommandLoop.Message>()
        try await withGracefulShutdownHandler {
            let survey = TopicSurvey(settings: settings, readiness: readiness, logger: logger)
            guard
                let partitions = try await cancelWhenGracefulShutdown({
                    try await survey.partitionCount()
                })
            else { return }
            let loop = try CommandLoop(self, partitions: partitions, mailbox: mailbox)
            try await loop.run()
        } onGracefulShutdown: {
            mailbox.post(.stop)
        }
    }
}

/// Finds out how many partitions there are, and that the ledger fits its commands.
struct TopicSurvey {
    let settings: WorkerSettings
    let readiness: Readiness
    let logger: Logger

    private var subject: String { "kafka for \(settings.domain.rawValue)s" }

    /// The partitions of the command topic; nil when cancelled before the cluster could be asked.
    ///
    /// A cluster that cannot be reached is asked again for as long as it takes.
    func partitionCount() async throws -> Int? {
        let throttle = LogThrottle()
        var pause = Duration.milliseconds(200)
        readiness.set(subject, "asking for the topics")
        while !Task.isCancelled {
            do throws(KafkaError) {
                let count = try await ask()
                readiness.set(subject, nil)
                return count
            } catch {
                if Task.isCancelled { return nil }
                readiness.set(subject, error.description)
                if let heldBack = throttle.pass(error.name) {
                    logger.warning(
                        "cannot ask Kafka about the topics, trying again",
                        metadata: ["error": "\(error)", "repeated": "\(heldBack)"]
                    )
                }
            }
            // A back-off between attempts to reach a broker, not a poll of anything that signals.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
        return nil
    }

    private func ask() async throws(KafkaError) -> Int {
        let names = [
            settings.topics.commands(of: settings.domain),
            settings.topics.ledger(of: settings.domain),
        ]
        let admin = try Admin(settings.kafka)
        let found = try await admin.describe(names, withSettings: false, timeout: .seconds(10))
        let missing = names.filter { found[$0] == nil }
        guard missing.isEmpty else { throw .missing(missing) }
        let counts = names.compactMap { found[$0]?.partitions }
        guard counts[0] == counts[1] else {
            throw KafkaError(
                code: KafkaError.Code.invalidArgument,
                message: "\(names[1]) has \(counts[1]) partitions, \(names[0]) has \(counts[0]): "
                    + "they must have the same number"
            )
        }
        return counts[0]
    }
}

extension KafkaError {
    fileprivate static func missing(_ topics: [String]) -> KafkaError {
        KafkaError(
            code: KafkaError.Code.unknownTopic,
            message: "no such topic: \(topics.joined(separator: ", ")); "
                + "aspayds-worker topics apply creates it"
        )
    }
}

public import ArgumentParser
import Kafka
import Logging
import Sandbox
import ServiceLifecycle
import UnixSignals

/// `aspayds-sandbox`: embedded Kafka and the sandbox provider in one process.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aspayds-sandbox",
        abstract: "An embedded Kafka and a hostile aspayds, for development and tests.",
        discussion: Manual.text
    )

    @Option(help: "The address that the provider listens on.")
    var host = "127.0.0.1"

    @Option(help: "The port that the provider listens on; 0 takes a free one.")
    var apiPort = 8090

    @Option(
        help: """
            Where to write the environment that a worker needs, as shell lines, once everything \
            runs; removed at the end. Without it they are printed.
            """
    )
    var envFile: String?

    @Option(help: "What the topics' names begin with.")
    var topicPrefix = "aspayds."

    @Option(help: "Partitions of each topic.")
    var partitions: Int32 = 12

    @Option(help: "How long the provider takes to answer, in milliseconds.")
    var latencyMs = 0

    @Option(help: "After so many milliseconds a payout is processing; without it, by hand.")
    var processAfterMs: Int?

    @Option(help: "After so many more it is completed; without it, by hand.")
    var completeAfterMs: Int?

    @Option(help: "The answer to a duplicate reference: create, reject or replay.")
    var duplicates = SandboxConfiguration.Duplicates.create

    @Option(help: "What the dice of the fault rules start from.")
    var seed: UInt64 = 1

    @Flag(inversion: .prefixedNo, help: "Start the embedded Kafka.")
    var kafka = true

    @Flag(help: "Say nothing on standard error but errors.")
    var quiet = false

    func validate() throws {
        guard (0...65_535).contains(apiPort) else {
            throw ValidationError("--api-port is \(apiPort); allowed: 0 to 65535.")
        }
        guard (1...1_000).contains(partitions) else {
            throw ValidationError("--partitions is \(partitions); allowed: 1 to 1000.")
        }
        let times = [
            ("latency", latencyMs), ("process-after", processAfterMs),
            ("complete-after", completeAfterMs),
        ]
        for case (let name, let time?) in times where !(0...60_000).contains(time) {
            throw ValidationError("--\(name)-ms is \(time); allowed: 0 to 60000.")
        }
    }

    func run() async throws {
        if let envFile { WorkerEnvironment.remove(envFile) }
        let cluster = kafka ? try startCluster() : nil
        defer { cluster?.close() }

        var configuration = SandboxConfiguration()
        configuration.host = host
        configuration.port = apiPort
        configuration.duplicates = duplicates
        configuration.latency = .milliseconds(latencyMs)
        configuration.processAfter = processAfterMs.map { .milliseconds($0) }
        configuration.completeAfter = completeAfterMs.map { .milliseconds($0) }
        configuration.seed = seed
        let server = SandboxServer(configuration)
        let announcer = Announcer(
            server: server,
            configuration: configuration,
            bootstrapServers: cluster?.bootstrapServers,
            topicPrefix: topicPrefix,
            envFile: envFile,
            quiet: quiet
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [server, announcer],
                gracefulShutdownSignals: [.sigint, .sigterm],
                logger: Logger(label: "aspayds-sandbox") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await group.run()
    }

    private func startCluster() throws -> EmbeddedCluster {
        let cluster = try EmbeddedCluster(brokers: 1)
        for topic in Topic.all(prefix: topicPrefix, partitions: partitions) {
            try cluster.createTopic(topic.name, partitions: topic.partitions)
        }
        return cluster
    }
}

extension SandboxConfiguration.Duplicates: ExpressibleByArgument {}

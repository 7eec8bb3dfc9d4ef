import ArgumentParser
import Kafka

/// Creates, checks and lists the topics.
struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Create, check and list the topics.",
        discussion: """
            The topics are compiled into the program from topics/topics.yaml.

              aspayds-worker topics apply
              aspayds-worker topics apply --partitions 3 --replication-factor 1
              aspayds-worker topics check --development
            """,
        subcommands: [Apply.self, Check.self, List.self]
    )

    /// The table that a command is about.
    struct TableOptions: ParsableArguments {
        @Option(help: "Partitions of each topic, instead of the table's default.")
        var partitions: Int?

        @Option(help: "Replicas of each partition, instead of the table's default.")
        var replicationFactor: Int?

        mutating func validate() throws {
            guard (1...10_000).contains(partitions ?? 1) else {
                throw ValidationError("--partitions must be a whole number from 1 to 10000")
            }
            guard (1...100).contains(replicationFactor ?? 1) else {
                throw ValidationError("--replication-factor must be a whole number from 1 to 100")
            }
        }

        func table(prefix: String) throws(Failure) -> TopicTable {
            try .bundled(
                prefix: prefix,
                partitions: partitions,
                replicationFactor: replicationFactor
            )
        }
    }
}

extension TopicsCommand {
    /// Creates what is missing; may be repeated.
    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the topics that are missing; what exists is left as it is.",
            discussion: SettingsHelp.brief
        )

        @OptionGroup var tableOptions: TableOptions
        @Flag(help: "Print JSON.") var json = false
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try options.load(.kafka)
            let table = try tableOptions.table(prefix: settings.topicPrefix)
            let present = try await KafkaAccess.describe(table.topics.map(\.name), settings)
            // A ledger follows the commands that are there already, whatever the table says.
            let missing = table.topics.filter { present[$0.name] == nil }.map { spec in
                let count = spec.partitionsOf.flatMap { present[$0]?.partitions }
                return Admin.NewTopic(
                    name: spec.name,
                    partitions: Int32(count ?? spec.partitions),
                    replicationFactor: Int32(spec.replicationFactor),
                    settings: spec.settings
                )
            }
            let created: [String: Admin.Creation]
            do {
                let admin = try Admin(KafkaAccess.configuration(settings))
                created = await admin.createTopics(missing)
            } catch { throw KafkaAccess.failure(error, settings) }
            let outcomes = table.topics.map { Outcome($0.name, created[$0.name] ?? .alreadyExists) }
            try report(outcomes)
        }

        private func report(_ outcomes: [Outcome]) throws(Failure) {
            if json {
                Terminal.print(try Document.text(outcomes))
            } else {
                var table = Table(["TOPIC", "RESULT"])
                for outcome in outcomes {
                    table.add([outcome.topic, outcome.error ?? outcome.result])
                }
                for line in table.lines() { Terminal.print(line) }
            }
            if outcomes.contains(where: { $0.result == Outcome.unsupported }) {
                Terminal.complain("warning: this cluster cannot create topics on request")
            }
            if outcomes.contains(where: { $0.result == Outcome.failed }) { throw Failure() }
        }
    }

    /// What became of one topic.
    private struct Outcome: Encodable {
        static let failed = "failed"
        static let unsupported = "unsupported"

        let topic: String
        let result: String
        let error: String?

        init(_ topic: String, _ creation: Admin.Creation) {
            self.topic = topic
            switch creation {
            case .created: (result, error) = ("created", nil)
            case .alreadyExists: (result, error) = ("exists", nil)
            case .failed(let failure) where failure.code == KafkaError.Code.unsupportedFeature:
                (result, error) = (Self.unsupported, nil)
            case .failed(let failure): (result, error) = (Self.failed, "failed: \(failure)")
            }
        }
    }

    /// Compares a cluster with the table.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the topics with a cluster; exit 1 on a difference that matters.",
            discussion: SettingsHelp.brief
        )

        @OptionGroup var tableOptions: TableOptions
        @Flag(help: "One broker, for development: replication is only warned about.")
        var development = false
        @Flag(help: "Print JSON.") var json = false
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try options.load(.kafka)
            let table = try tableOptions.table(prefix: settings.topicPrefix)
            let names = table.topics.map(\.name)
            let topics = try await KafkaAccess.describe(names, withSettings: true, settings)
            let states = topics.mapValues { topic in
                TopicState(
                    partitions: topic.partitions,
                    replicationFactor: topic.replicationFactor,
                    settings: topic.settings
                )
            }
            let check = TopicCheck(table: table, states: states, isSingleBroker: development)
            let differences = check.differences()
            if json {
                Terminal.print(try Document.text(differences))
            } else {
                for difference in differences { Terminal.print(line(difference)) }
                if differences.isEmpty {
                    Terminal.print("all \(topics.count) topics are as they should be")
                }
            }
            guard differences.contains(where: \.matters) else { return }
            let lenient = TopicCheck(table: table, states: states, isSingleBroker: true)
            if !lenient.differences().contains(where: \.matters) {
                throw Failure(
                    "topics are not replicated as they must be; for a cluster of one broker, for "
                        + "development, say --development"
                )
            }
            throw Failure()
        }

        private func line(_ difference: TopicDifference) -> String {
            let mark =
                difference.matters
                ? Style.bad.paint("error  ") : Style.attention.paint("warning")
            return "\(mark)  \(difference.topic): \(difference.what)"
        }
    }

    /// Prints the table.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the topics and their settings; asks no cluster.",
            discussion: SettingsHelp.brief
        )

        @OptionGroup var tableOptions: TableOptions
        @Flag(help: "Print JSON.") var json = false
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try options.load(.nothing)
            let topics = try tableOptions.table(prefix: settings.topicPrefix).topics
            guard !json else { return Terminal.print(try Document.text(topics)) }
            var table = Table([
                "TOPIC", "DIRECTION", "KEY", "PARTITIONS", "REPLICAS", "KEPT", "HOLDS",
            ])
            for topic in topics {
                let policy = topic.settings[TopicSetting.cleanupPolicy] ?? "-"
                let retention = topic.settings[TopicSetting.retention].flatMap { Int64($0) }
                let kept = retention.map { "\(policy), \(DurationText.write(.milliseconds($0)))" }
                table.add([
                    topic.name, topic.direction, topic.key, "\(topic.partitions)",
                    "\(topic.replicationFactor)", kept ?? policy, topic.holds,
                ])
            }
            for line in table.lines() { Terminal.print(line) }
        }
    }
}

import ArgumentParser
import Contract
import Kafka

/// Shows events and dead letters.
struct WatchCommand: AsyncParsableCommand {
    enum From: String, CaseIterable, ExpressibleByArgument {
        case beginning
        case end
    }

    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show events and dead letters of payments and payouts.",
        discussion: """
            Without --follow it shows what is there and ends. The columns are time, domain, \
            reference, event, certainty, amount, and the provider's id or the reason.

              aspayds-worker watch --follow
              aspayds-worker watch --reference TRX1001
              aspayds-worker watch --follow --from beginning --until-final 7 --timeout 60s --json

            """ + SettingsHelp.brief
    )

    @Flag(help: "Go on with what comes.") var follow = false

    @Option(
        help: ArgumentHelp("Only this reference; case does not matter.", valueName: "reference")
    )
    var reference: String?

    @Option(help: "Where to begin (default: end with --follow, beginning without).")
    var from: From?

    @Option(help: "End after this time, such as 30s.", transform: DurationText.argument)
    var timeout: Duration?

    @Option(
        help: ArgumentHelp(
            "With --follow: end when this many commands have ended; exit 1 if --timeout is first.",
            valueName: "count"
        )
    )
    var untilFinal: Int?

    @Flag(help: "Print one JSON object a line.") var json = false

    @OptionGroup var options: SettingsOptions

    mutating func validate() throws {
        if let untilFinal, untilFinal < 1 || !follow {
            throw ValidationError("--until-final needs --follow and a number from 1")
        }
    }

    func run() async throws {
        let settings = try options.load(.kafka)
        let topics = Topics(prefix: settings.topicPrefix)
        var watcher = Watcher(deadLetters: topics.deadLetters, reference: reference) { sighting in
            Terminal.print(
                json ? sighting.json() : sighting.line(colour: Terminal.outputIsTerminal)
            )
        }
        let start = from ?? (follow ? .end : .beginning)
        let positions = try await positions(
            [topics.paymentEvents, topics.payoutEvents, topics.deadLetters],
            settings,
            from: start == .end ? Position.end : Position.beginning
        )
        do {
            let reader = try Reader(KafkaAccess.configuration(settings))
            try reader.assign(positions)
            let reached = await watcher.watch(
                reader,
                positions: positions,
                follow: follow,
                timeout: timeout,
                untilFinal: untilFinal
            )
            await reader.close(timeout: .seconds(5))
            if let untilFinal, !reached {
                throw Failure("\(watcher.ended.count) of \(untilFinal) commands ended in time")
            }
        } catch let error as KafkaError {
            throw KafkaAccess.failure(error, settings)
        }
    }

    private func positions(
        _ topics: [String],
        _ settings: Settings,
        from offset: Int64
    ) async throws(Failure) -> [Position] {
        let found = try await KafkaAccess.describe(topics, settings)
        for topic in topics where found[topic] == nil {
            Terminal.complain("warning: the topic \(topic) does not exist")
        }
        guard !found.isEmpty else {
            throw Failure("there is no topic to watch; see `aspayds-worker topics apply`")
        }
        return found.values.flatMap { topic in
            (0..<topic.partitions).map { partition in
                Position(
                    topicPartition: TopicPartition(topic: topic.name, partition: Int32(partition)),
                    offset: offset
                )
            }
        }
    }
}

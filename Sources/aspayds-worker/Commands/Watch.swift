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

            With --reference it tells the story of that one: commands, events, webhooks, returns, \
            notifications and decisions, the time between them, where it stands now, and which \
            command helps if it needs a person. With --json that is its events and dead letters.

              aspayds-worker watch --follow
              aspayds-worker watch --reference TRX1001
              aspayds-worker watch --follow --from beginning --until-final 7 --json


            """ + SettingsHelp.brief
    )

    @Flag(help: "Go on with what comes.") var follow = false

    @Option(
        help: ArgumentHelp("Only this reference; case does not matter.", valueName: "reference")
    )
    var reference: String?

    @Option(
        help: "Where to begin (default: end with --follow, beginning without it and for a story)."
    )
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
        if let reference, !json {
            let request = StoryTeller.Request(
                reference: reference,
                fromBeginning: from != .end,
                follow: follow,
                timeout: timeout,
                untilFinal: untilFinal
            )
            let colour = Terminal.outputIsTerminal
            var teller = StoryTeller(request, settings) { Terminal.print($0.painted(colour)) }
            return try await teller.tell()
        }
        try await list(settings)
    }

    /// Shows events and dead letters as they lie in their topics.
    private func list(_ settings: Settings) async throws {
        let topics = Topics(prefix: settings.topicPrefix)
        var watcher = Watcher(deadLetters: topics.deadLetters, reference: reference) { sighting in
            Terminal.print(
                json ? sighting.json() : sighting.line(colour: Terminal.outputIsTerminal)
            )
        }
        let start = from ?? (follow ? .end : .beginning)
        let offset = start == .end ? Position.end : Position.beginning
        let positions = try await KafkaAccess.partitions(
            [topics.paymentEvents, topics.payoutEvents, topics.deadLetters],
            settings
        ).map { Position(topicPartition: $0, offset: offset) }
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
}

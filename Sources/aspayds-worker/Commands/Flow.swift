import ArgumentParser
import Contract

/// Stops the sending of one domain.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Let no replica send new payments or payouts, until resume.",
        usage: "aspayds-worker pause payments|payouts --by <who> --why <why> [<options>] "
            + "[<settings> ...]",
        discussion: """
            Commands wait in Kafka, checks among them; what is on its way goes on, at most half a \
            second's worth, and what was accepted is followed. It survives restarts. What has a \
            not_after may expire meanwhile.


            """ + SettingsHelp.brief
    )

    @OptionGroup var order: StandingOptions
    @OptionGroup var options: SettingsOptions

    mutating func validate() throws { try order.check(kind(), options) }

    func run() async throws { try await order.run(kind(), options) }

    private func kind() throws(ValidationError) -> StandingOrder.Kind {
        .flow(try Domain(role: try options.onlyWord("payments or payouts")), isPaused: true)
    }
}

/// Lets it go on.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let payments or payouts be sent again.",
        usage: "aspayds-worker resume payments|payouts --by <who> --why <why> [<options>] "
            + "[<settings> ...]",
        discussion: SettingsHelp.brief
    )

    @OptionGroup var order: StandingOptions
    @OptionGroup var options: SettingsOptions

    mutating func validate() throws { try order.check(kind(), options) }

    func run() async throws { try await order.run(kind(), options) }

    private func kind() throws(ValidationError) -> StandingOrder.Kind {
        .flow(try Domain(role: try options.onlyWord("payments or payouts")), isPaused: false)
    }
}

/// Changes the rate.
struct RateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Change the rate limit of all replicas together, without a restart.",
        usage: "aspayds-worker rate <requests per second>|default --by <who> --why <why> "
            + "[<options>] [<settings> ...]",
        discussion: """
            It takes the place of ASPAYDS_RATE_LIMIT until `rate default`, and survives restarts; \
            the two domains share it as ASPAYDS_RATE_SHARE_PAYOUTS says.


            """ + SettingsHelp.brief
    )

    @OptionGroup var order: StandingOptions
    @OptionGroup var options: SettingsOptions

    mutating func validate() throws { try order.check(kind(), options) }

    func run() async throws { try await order.run(kind(), options) }

    private func kind() throws(ValidationError) -> StandingOrder.Kind {
        let word = try options.onlyWord("a number of requests per second, or default")
        if word == "default" { return .rate(nil) }
        guard let limit = Double(word), StandingOrder.rates.contains(limit) else {
            throw ValidationError(
                "\"\(printable(word))\": must be a number from 0.01 to 10000000, or default"
            )
        }
        return .rate(limit)
    }
}

/// What every order to all replicas needs.
struct StandingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who orders.", valueName: "who")) var by: String
    @Option(help: ArgumentHelp("Why; published, with long numbers masked.", valueName: "why"))
    var why: String
    @Option(
        help: .lasting("How long to wait for all replicas to obey", byDefault: .waitForWorkers),
        transform: DurationText.argument
    )
    var wait: Duration = .waitForWorkers
    @Flag(help: "Order, and do not wait.") var noWait = false
    @Flag(help: "Print one JSON object.") var json = false

    /// Judges what was given, before anything is asked of Kafka.
    func check(_ kind: StandingOrder.Kind, _ options: SettingsOptions) throws {
        guard let problem = order(kind).problem else { return }
        let value = ["by": by, "why": why][problem.field] ?? ""
        throw ValidationError(
            "--\(problem.field) \"\(printable(value))\": must be \(problem.rule)"
        )
    }

    /// Orders, waits until every replica that is alive obeys, and says so.
    func run(_ kind: StandingOrder.Kind, _ options: SettingsOptions) async throws {
        let settings = try options.load(.kafka, besideWords: true)
        let order = order(kind)
        let place = try await ControlDesk(settings).give(order.encoded())
        var replicas = Obedience(to: order)
        if !noWait { try await replicas.watch(settings, atMost: wait) }
        Terminal.print(json ? replicas.json(at: place) : replicas.line(at: place))
        if !noWait && !replicas.late.isEmpty {
            throw Failure(
                "not obeyed within \(DurationText.write(wait)) by "
                    + replicas.late.joined(separator: ", ")
            )
        }
    }

    private func order(_ kind: StandingOrder.Kind) -> StandingOrder {
        StandingOrder(kind, by: by, why: why, at: Moment.now)
    }
}

extension SettingsOptions {
    /// The one word that a command is about.
    func onlyWord(_ what: String) throws(ValidationError) -> String {
        guard let word = words.first else { throw ValidationError("say \(what)") }
        guard words.count == 1 else {
            throw ValidationError("unexpected argument \"\(printable(words[1]))\"")
        }
        return word
    }
}

extension Domain {
    /// The domain of a role: `payments` or `payouts`.
    init(role: String) throws(ValidationError) {
        guard let domain = Domain.allCases.first(where: { $0.plural == role }) else {
            throw ValidationError("\"\(printable(role))\": must be payments or payouts")
        }
        self = domain
    }
}

import ArgumentParser

/// Shows once how all replicas are.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how all replicas are, and first of all what needs a person.",
        discussion: """
            A replica is silent when three of its heartbeats are missing, ten seconds at least. \
            Figures are those of all replicas that are alive together, latencies those of the \
            slowest. The clock must be right.

              aspayds-worker status
              aspayds-worker status --check > /dev/null || page-somebody
              aspayds-worker status --json | jq -r '.needs_person[].message'


            """ + SettingsHelp.brief
    )

    @Flag(help: "Exit 1 when something needs a person.") var check = false
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var memory: MemoryOptions
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.load(.kafka)
        let terms = try await Overview.Terms(settings)
        var fleet = Fleet(memory: memory.since)
        var feed = try await StatusFeed.open(since: Moment.now - fleet.memory, settings)
        try await feed.readToEnd { fleet.see($0) }
        await feed.close()

        let now = Moment.now
        fleet.forget(at: now, heartbeat: terms.heartbeat)
        let overview = Overview(fleet, terms, at: now)
        if json {
            Terminal.print(StatusDocument(overview: overview).text)
        } else {
            let width = TerminalSize.ofOutput?.columns ?? 120
            let dashboard = Dashboard(overview: overview, width: width, height: nil)
            for line in dashboard.lines() {
                Terminal.print(line.painted(Terminal.outputIsTerminal))
            }
        }
        if check && !overview.concerns.isEmpty { throw Failure() }
    }
}

/// How far back `status` and `top` look.
struct MemoryOptions: ParsableArguments {
    @Option(
        help: .lasting(
            "For how long to remember replicas that have ended, and dead letters",
            byDefault: .memoryOfStatus
        ),
        transform: DurationText.argument
    )
    var since: Duration = .memoryOfStatus

    mutating func validate() throws {
        guard since < .seconds(60) || since > .seconds(7 * 86_400) else { return }
        throw ValidationError("--since \"\(DurationText.write(since))\": must be from 1m to 7d")
    }
}

import ArgumentParser
import UnixSignals

/// Shows how all replicas are, as they tell it.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch all replicas: what flows, what is stuck, what needs a person.",
        discussion: """
            The same as `status`, renewed with every heartbeat and every second; rates are those \
            between two heartbeats. q or Ctrl-C quits. It needs a terminal; where there is none, \
            use `status`.


            """ + SettingsHelp.brief
    )

    @OptionGroup var memory: MemoryOptions
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        guard Terminal.isInteractive else {
            throw Failure("top needs a terminal; use `aspayds-worker status`")
        }
        let settings = try options.load(.kafka)
        let terms = try await Overview.Terms(settings)
        let model = TopModel(memory: memory.since, terms)
        var feed = try await StatusFeed.open(
            since: Moment.now - memory.since.wholeMilliseconds,
            settings,
            complain: { model.note(trouble: $0) }
        )
        try await feed.readToEnd(model.see)

        let signals = await UnixSignalsSequence(
            trapping: .sigint,
            .sigterm,
            .sighup,
            .sigwinch,
            .sigcont
        )
        guard let screen = Screen.enter() else { throw Failure("the terminal cannot be used") }
        await withTaskGroup { tasks in
            tasks.addTask { [feed] in await Self.follow(feed, model) }
            tasks.addTask { await Self.tick(model) }
            tasks.addTask { await Self.heed(signals, screen, model) }
            tasks.addTask { await Self.listen(model) }
            await Self.show(model, on: screen)
            screen.leave()
            tasks.cancelAll()
        }
    }

    private static func show(_ model: TopModel, on screen: Screen) async {
        model.refresh()
        for await _ in model.wakes {
            let size = TerminalSize.ofOutput ?? .traditional
            guard let lines = model.picture(size, at: Moment.now) else { return }
            screen.draw(lines)
        }
    }

    private static func follow(_ feed: StatusFeed, _ model: TopModel) async {
        var feed = feed
        // It ends by being cancelled alone.
        _ = try? await feed.follow(for: nil) { status in
            model.see(status)
            return false
        }
    }

    /// Ages grow whether or not anybody tells anything.
    private static func tick(_ model: TopModel) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { model.refresh() }
    }

    private static func heed(
        _ signals: UnixSignalsSequence,
        _ screen: Screen,
        _ model: TopModel
    ) async {
        for await signal in signals {
            switch signal {
            case .sigwinch: model.refresh()
            case .sigcont:
                screen.begin()
                model.refresh()
            default: model.end()
            }
        }
    }

    private static func listen(_ model: TopModel) async {
        for await key in Keys.typed()
        where key == Keys.interrupt || key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") {
            model.end()
        }
        // Nobody can type any more, or it is over.
        model.end()
    }
}

import ArgumentParser

/// Consumes, calls, publishes, until SIGTERM.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Consume commands, call the provider, publish events, until SIGTERM.",
        discussion: SettingsHelp.brief
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        _ = try options.load(.everything)
    }
}

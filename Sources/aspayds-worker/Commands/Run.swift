import ArgumentParser
import Logging
import ServiceLifecycle

/// Consumes, calls, publishes, until SIGTERM.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Consume commands, call the provider, publish events, until SIGTERM.",
        discussion: SettingsHelp.brief
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.load(.everything)
        LogOutput.bootstrap(settings)
        ProcessTracing.bootstrap()
        let process = try WorkerProcess(settings)
        try await process.run()
    }
}

import ArgumentParser
import Foundation

/// The program that production runs.
@main
struct AspaydsWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aspayds-worker",
        abstract: "Moves money on behalf of an event-driven platform: commands in, events out.",
        discussion: """
            Consumes payment and payout commands from Kafka, calls the aspayds API, and publishes \
            what became of them.

              aspayds-worker config                         what is set, and from where
              aspayds-worker topics apply                   create the topics
              aspayds-worker run                            work, until SIGTERM
              aspayds-worker send payment --reference TRX1001 --amount 100 \\
                  --customer-name Rahim --callback-url https://shop.example/cb
              aspayds-worker watch --follow                 events as they come
              aspayds-worker status                         how all replicas are; top: live
              aspayds-worker review list                    references that need a person
              aspayds-worker ledger show TRX1001            what is known of a reference
              aspayds-worker dead-letters list              records that are no commands
              aspayds-worker pause payouts --by amina --why "the bank is closed"
              aspayds-worker api payout WD-1001             what the provider says of it
              aspayds-worker audit                          prove the books

            Exit codes: 0 done, 1 failed, 2 usage, 78 invalid settings.
            """,
        version: programVersion,
        subcommands: [
            RunCommand.self, ConfigCommand.self, TopicsCommand.self, SendCommand.self,
            WatchCommand.self, StatusCommand.self, TopCommand.self, ReviewCommand.self,
            LedgerCommand.self, DeadLettersCommand.self, AuditCommand.self, PauseCommand.self,
            ResumeCommand.self, RateCommand.self, APICommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            leave(with: error)
        }
        Terminal.leave(0)
    }

    /// Ends the process with the exit code that CONTRACT.md gives to this kind of end.
    private static func leave(with error: any Error) -> Never {
        if let error = error as? SettingsError {
            Terminal.complain(error.description)
            Terminal.leave(error.exitCode)
        }
        if let failure = error as? Failure {
            if let message = failure.message { Terminal.complain("error: \(message)") }
            Terminal.leave(1)
        }
        switch exitCode(for: error) {
        case .success:
            Terminal.print(fullMessage(for: error))
            Terminal.leave(0)
        case .validationFailure:
            Terminal.complain(fullMessage(for: error))
            Terminal.leave(2)
        case let code:
            Terminal.complain(fullMessage(for: error))
            Terminal.leave(code.rawValue)
        }
    }
}

/// A command that did not do what it was asked; exit code 1.
struct Failure: Error {
    /// What to say; nil where everything has been said.
    let message: String?

    init(_ message: String? = nil) { self.message = message }
}

import ArgumentParser
import Foundation

/// The entry point: exit codes as CONTRACT.md has them (0 done, 1 failed, 2 usage).
@main
enum Main {
    static func main() async {
        do {
            var command = try SandboxCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let isUsage = SandboxCommand.exitCode(for: error) == .validationFailure
            guard isUsage || SandboxCommand.exitCode(for: error) == .failure else {
                // Help that was asked for.
                SandboxCommand.exit(withError: error)
            }
            say(isUsage ? SandboxCommand.fullMessage(for: error) : "aspayds-sandbox: \(error)")
            exit(isUsage ? 2 : 1)
        }
    }
}

/// A line on standard error.
func say(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
}

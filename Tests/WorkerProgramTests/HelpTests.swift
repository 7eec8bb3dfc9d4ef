import ArgumentParser
import Foundation
import Testing

@testable import aspayds_worker

@Suite struct HelpTests {
    private static let readme = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../README.md")

    @Test func theReadmeHasTheTableOfSettings() throws {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        let rows = SettingsHelp.markdown.split(separator: "\n")
        #expect(rows.filter { !text.contains($0) } == [])
    }

    /// What the library breaks at 80 columns cannot be pasted.
    @Test func anExampleStaysOnItsLine() {
        func lines(of command: any ParsableCommand.Type) -> [String] {
            let configuration = command.configuration
            return configuration.discussion.split(separator: "\n").map(String.init)
                + configuration.subcommands.flatMap(lines)
        }
        let examples = lines(of: AspaydsWorker.self).filter { $0.hasPrefix("  aspayds-worker ") }
        #expect(examples.count > 30)
        #expect(examples.filter { $0.count > 80 } == [])
    }
}

import ArgumentParser
import Contract

/// Shows what the ledger holds.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "What the ledger knows of a reference, and whose the ledger is.",
        subcommands: [Show.self, Claim.self]
    )

    /// The whole history of one reference.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every ledger record of a reference, in order.",
            usage: "aspayds-worker ledger show <reference> [--domain <domain>] [--json] "
                + "[<settings> ...]",
            discussion: """
                The columns are partition and offset, time, the worker that wrote it, the attempt, \
                what it says, and more of it. A record that its writer was too late to write is \
                marked: it does not count. Case does not matter.

                  aspayds-worker ledger show WD-1001


                """ + SettingsHelp.brief
        )

        @Option(help: "Where to look (default: in both).") var domain: Domain?
        @Flag(help: "Print one JSON object a line, with the record as the ledger has it.")
        var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws { _ = try Subject(options.words, domain: domain) }

        func run() async throws {
            let subject = try Subject(options.words, domain: domain)
            let settings = try options.load(.kafka, besideWords: true)
            let view = try await LedgerView(
                .reference(subject.reference),
                of: subject.domains,
                settings
            )
            await view.close()
            let history = try view.history(of: subject)
            if json {
                for line in history.lines { Terminal.print(HistoryText.json(line)) }
            } else {
                let topic = history.lines.first?.place.topic ?? "-"
                Terminal.print("\(history.domain.rawValue) \(history.reference) in \(topic)")
                for line in HistoryText.table(history, colour: Terminal.outputIsTerminal) {
                    Terminal.print(line)
                }
            }
        }
    }
}

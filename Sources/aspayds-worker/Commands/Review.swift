import ArgumentParser
import Contract

/// References that need a person.
struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "References that need a person: list them, show one, release it, close it.",
        discussion: """
            A reference is in review when it may have been executed and nobody can tell, or when \
            it was accepted and is overdue or disputed: a person finds out from the provider, and \
            decides.

              aspayds-worker review list
              aspayds-worker review show WD-1001
              aspayds-worker review close WD-1001 --done --provider-id ATPAY123 \\
                  --by amina --why "on the bank statement"
              aspayds-worker review release WD-1001 \\
                  --by amina --why "the provider says it was never there"

            A decision is written to the ledger and to the event. Case does not matter.
            """,
        subcommands: [List.self, Show.self, Release.self, Close.self]
    )
}

extension ReviewCommand {
    /// All that is in review.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the references in review, the oldest doubt first.",
            discussion: SettingsHelp.brief
        )

        @Option(help: "Only payments or only payouts (default: both).") var domain: Domain?
        @Flag(help: "Print one JSON object a line.") var json = false
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let settings = try options.load(.kafka)
            let domains = domain.map { [$0] } ?? Domain.allCases
            let view = try await LedgerView(.open, of: domains, settings)
            await view.close()
            let histories = Array(view.book.histories.values)
            let text = ReviewText(settings)
            if json {
                for line in text.lines(histories) { Terminal.print(line) }
            } else if histories.contains(where: { $0.review != nil }) {
                for line in text.table(histories) { Terminal.print(line) }
            } else {
                Terminal.print("nothing is in review")
            }
        }
    }

    /// All that is known of one.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all that is known of a reference, the evidence, and what can be done.",
            usage: "aspayds-worker review show <reference> [--domain <domain>] [--json] "
                + "[<settings> ...]",
            discussion: SettingsHelp.brief
        )

        @Option(help: "Where to look (default: in both).") var domain: Domain?
        @Flag(help: "Print one JSON object.") var json = false
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
            var ordered: ReviewOrder?
            if let review = history.review {
                ordered = try await ControlDesk(settings).lastReview(
                    ReviewOrder.key(history.domain, history.reference, review.attempt)
                )
            }
            let text = ReviewText(settings)
            guard !json else { return Terminal.print(text.document(history, ordered: ordered)) }
            let colour = Terminal.outputIsTerminal
            for line in text.page(history, ordered: ordered, colour: colour) {
                Terminal.print(line)
            }
        }
    }
}

extension ReviewText {
    init(_ settings: Settings) {
        self.init(rules: ReviewRules(settleWindow: settings.settleWindow), now: Moment.now)
    }
}

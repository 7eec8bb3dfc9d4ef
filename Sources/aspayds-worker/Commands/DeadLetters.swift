import ArgumentParser
import Contract

/// Records that could not be processed.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Records that are no commands: list them, show one, correct and replay them.",
        discussion: """
            The topic dead-letters has each of them byte for byte, with the reason in headers.

              aspayds-worker dead-letters list --reason not_json
              aspayds-worker dead-letters show 3/17
              aspayds-worker dead-letters replay 3/17 --value corrected.json
              aspayds-worker dead-letters replay --reason misplaced
            """,
        subcommands: [List.self, Show.self, ReplayCommand.self]
    )
}

extension DeadLettersCommand {
    /// All that lie in the topic.
    struct List: AsyncParsableCommand {
        static let mostShown = 100_000

        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the oldest first.",
            discussion: """
                The columns are the position, by which the other commands know it, the time, where \
                the record was read, its key, why it was set aside, and the field. With \
                --unanswered the ledgers are read, and those left out whose command was taken up \
                after a replay; of a check the ledgers know nothing.


                """ + SettingsHelp.brief
        )

        @OptionGroup(title: "Filters") var filters: LetterFilterOptions
        @Flag(help: "Leave out those whose command is in the ledger.") var unanswered = false
        @Option(help: ArgumentHelp("Only the newest so many.", valueName: "count"))
        var limit = 1000
        @Flag(help: "Print one JSON object a line.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws {
            guard 1...Self.mostShown ~= limit else {
                throw ValidationError("--limit \(limit): must be 1 to \(Self.mostShown)")
            }
        }

        func run() async throws {
            let settings = try options.load(.kafka)
            let filter = try filters.filter(settings)
            var newest = Newest<LetterHead>(limit) { ($0.time, $0.place) < ($1.time, $1.place) }
            try await LetterBox(settings).read { letter in
                if filter.admits(letter) { newest.add(LetterHead(letter)) }
            }
            var heads = newest.elements
            if newest.count > heads.count {
                let older = newest.count - heads.count
                Terminal.complain("warning: \(older) older ones are not shown; see --limit")
            }
            if unanswered { heads = try await withoutTaken(heads, settings) }
            let topic = Topics(prefix: settings.topicPrefix).deadLetters
            let text = LetterText(topic: topic, now: Moment.now)
            if json {
                for head in heads { Terminal.print(text.json(head)) }
            } else if heads.isEmpty {
                Terminal.print("there are no dead letters\(filters.isEmpty ? "" : " like this")")
            } else {
                for line in text.table(heads) { Terminal.print(line) }
            }
        }

        private func withoutTaken(
            _ heads: [LetterHead],
            _ settings: Settings
        ) async throws(Failure) -> [LetterHead] {
            let places = Set(heads.compactMap(\.origin))
            let topics = Topics(prefix: settings.topicPrefix)
            let domains = Domain.allCases.filter { domain in
                places.contains { $0.topic == topics.commands(of: domain) }
            }
            guard !domains.isEmpty else { return heads }
            let view = try await LedgerView(
                .some(references: [], commands: places),
                of: domains,
                settings
            )
            await view.close()
            let taken = Set(
                view.book.histories.values.flatMap(\.lines).compactMap(\.record.command?.source)
            )
            return heads.filter { head in head.origin.map { !taken.contains($0) } ?? true }
        }
    }

    /// All that is known of one.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a dead letter, its value masked, and what would happen on replay.",
            usage: "aspayds-worker dead-letters show <position> [--raw] [--json] "
                + "[<settings> ...]",
            discussion: """
                The value may hold accounts and names: of JSON the structure is shown, and the \
                fields that are about nobody; of anything else only its shape, letters as x and \
                digits as 9. --raw prints nothing but the value, byte for byte, or with what \
                cannot be printed escaped where that goes to a terminal.

                  aspayds-worker dead-letters show 3/17 --raw > value.json


                """ + SettingsHelp.brief
        )

        @Flag(help: "Print the value itself; with --json, in base64.") var raw = false
        @Flag(help: "Print one JSON object.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws { _ = try options.letterPlaces(exactly: 1) }

        func run() async throws {
            let places = try options.letterPlaces(exactly: 1)
            let settings = try options.load(.kafka, besideWords: true)
            guard let letter = try await LetterBox(settings).letters(at: places).first else {
                return
            }
            if raw && !json { return try Self.show(letter.value) }
            let outlook = try await Outlook(of: letter, settings)
            let topic = Topics(prefix: settings.topicPrefix).deadLetters
            let text = LetterText(topic: topic, now: Moment.now)
            guard !json else {
                return Terminal.print(text.document(letter, outlook, isRaw: raw))
            }
            for line in text.page(letter, outlook, colour: Terminal.outputIsTerminal) {
                Terminal.print(line)
            }
        }

        private static func show(_ value: [UInt8]?) throws(Failure) {
            guard let value else { throw Failure("the dead letter has no value") }
            if Terminal.outputIsTerminal {
                Terminal.print(escaped(value))
            } else {
                Terminal.print(bytes: value)
            }
        }
    }
}

import ArgumentParser
import Aspayds
import Contract

/// Proves the books.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Replay the topics and prove the books; exit 1 on any breach.",
        discussion: """
            Reads commands, ledgers, events, dead letters and notifications, up to the ends that \
            they have when it begins, and holds each against the others: every command ended once, \
            no reference has two ids of the provider, events only go forward and say what the \
            ledger says, no attempt was begun that the one before did not allow, and what came in \
            is what ended and what is open. It writes nothing and joins no group; the workers may \
            run meanwhile.

            Every breach is a line: topic, partition and offset of the record in which it shows, \
            the rule, the reference, and what is wrong. What is waiting, in doubt or in review is \
            no breach. What was deleted since is not judged, and counted.

              aspayds-worker audit
              aspayds-worker audit --complete             after a test: nothing is open
              aspayds-worker audit --provider --rate 2    ask the provider as well
              aspayds-worker audit --reference WD-1001 --json
              aspayds-worker audit --since 24h            what is older is dealt with

            Give it the workers' ASPAYDS_SETTLE_WINDOW and ASPAYDS_…_REPOST: by them it judges \
            whether another attempt was allowed.


            """ + SettingsHelp.brief
    )

    @Flag(help: "What is waiting or in doubt is a breach too.") var complete = false

    @Option(
        help: ArgumentHelp("Only this reference; case does not matter.", valueName: "reference")
    )
    var reference: String?

    @Option(
        help: ArgumentHelp(
            "Leave out breaches in records from before this time, such as 2026-11-23T00:00:00Z or "
                + "24h (ago).",
            valueName: "time"
        ),
        transform: Self.time
    )
    var since: Int64?

    @Flag(help: "Ask the provider about every reference, and compare id, amount and state.")
    var provider = false

    @Option(
        help: ArgumentHelp(
            "With --provider: at most this many requests a second, of up to 100 references each.",
            valueName: "number"
        )
    )
    var rate = 1.0

    @Flag(help: "Print one JSON object.") var json = false

    @OptionGroup var options: SettingsOptions

    mutating func validate() throws {
        guard 0.001...1000 ~= rate else {
            throw ValidationError("--rate \(rate): a number from 0.001 to 1000")
        }
        if let reference { _ = try Subject([reference], domain: nil) }
    }

    func run() async throws {
        let settings = try options.load(provider ? .kafkaAndProvider : .kafka)
        let reader = try await AuditReader(settings)
        var books = AuditBooks(terms(settings), try await reader.extents())
        try await reader.read(into: &books)
        var report = books.conclude()
        if let reference, report.isEmpty {
            throw Failure("nothing is known of \(printable(reference)); is it spelt right?")
        }
        var failure: Failure?
        if provider {
            do throws(Failure) {
                report.asked = try await compare(&books, settings)
            } catch { failure = error }
            report.findings = books.findings
        }
        if json {
            Terminal.print(report.json())
        } else {
            for line in report.lines(colour: Terminal.outputIsTerminal) { Terminal.print(line) }
        }
        if let failure { throw failure }
        if !report.isRight { throw Failure() }
    }

    /// Reads a time, or a duration until now, in milliseconds since 1970.
    static func time(_ text: String) throws -> Int64 {
        if let time = RFC3339.parse(text) { return time }
        guard let ago = DurationText.read(text) else {
            throw ValidationError(
                "\"\(printable(text))\" is neither a time like 2026-11-23T00:00:00Z nor a duration "
                    + "like 24h"
            )
        }
        return Moment.now - ago.wholeMilliseconds
    }

    private func terms(_ settings: Settings) -> AuditTerms {
        let reposts: [(Domain, Settings.Repost)] = [
            (.payment, settings.paymentRepost), (.payout, settings.payoutRepost),
        ]
        return AuditTerms(
            topics: Topics(prefix: settings.topicPrefix),
            rules: LedgerRules(
                settleWindow: settings.settleWindow,
                reposts: Set(reposts.filter { $0.1 == .whenAbsent }.map(\.0))
            ),
            isComplete: complete,
            since: since,
            reference: reference.map(Reference.uppercased)
        )
    }

    private func compare(
        _ books: inout AuditBooks,
        _ settings: Settings
    ) async throws(Failure) -> Int {
        let transport = HTTPTransport(settings, maxConnections: 1)
        let client = AspaydsClient(settings, transport: transport)
        let lookup = ProviderLookup(client: client, interval: .seconds(1 / rate))
        let result: Result<Int, Failure>
        do throws(Failure) {
            result = .success(try await lookup.compare(&books))
        } catch { result = .failure(error) }
        await transport.shutdown()
        return try result.get()
    }
}

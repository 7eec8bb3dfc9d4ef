import ArgumentParser
import Contract

extension ReviewCommand {
    /// Allows one more attempt.
    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Allow one more attempt of a reference in review.",
            usage: "aspayds-worker review release <reference> --by <who> --why <why> [--yes] "
                + "[--domain <domain>] [<options>] [<settings> ...]",
            discussion: """
                If the attempt in review was executed after all, a payout is made twice: ask the \
                provider first. Refused until the settle window is over, and past not_after. Its \
                command is read again for that: where Kafka has deleted it, the reference comes \
                back to review (command_gone).


                """ + SettingsHelp.brief
        )

        @OptionGroup var decision: DecisionOptions
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws { try decision.check(.release, options) }

        func run() async throws { try await decision.run(.release, options) }
    }

    /// Settles by hand.
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Settle a reference in review as done, or as not done.",
            usage: "aspayds-worker review close <reference> (--done [--provider-id <id>] | "
                + "--not-done) --by <who> --why <why> [--yes] [--domain <domain>] [<options>] "
                + "[<settings> ...]",
            discussion: """
                Of what is in doubt, done counts as accepted: it is never sent again. Not done counts as \
                refused: a later command may try it again; refused until the settle window is over.
                Of what was accepted and is overdue or disputed, done counts as paid or completed, \
                not done as cancelled; it is never sent again.


                """ + SettingsHelp.brief
        )

        @Flag(help: "It was executed.") var done = false
        @Flag(help: "It was not executed.") var notDone = false
        @Option(help: "With --done: the provider's id, where it is known.")
        var providerId: String?
        @OptionGroup var decision: DecisionOptions
        @OptionGroup var options: SettingsOptions

        private var verdict: Decision.Verdict { done ? .done : .notDone }

        mutating func validate() throws {
            guard done != notDone else {
                throw ValidationError("say one of --done and --not-done")
            }
            try decision.check(verdict, providerID: providerId, options)
        }

        func run() async throws {
            try await decision.run(verdict, providerID: providerId, options)
        }
    }
}

/// What every decision needs.
struct DecisionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who decides.", valueName: "who")) var by: String
    @Option(help: ArgumentHelp("Why; published, with long numbers masked.", valueName: "why"))
    var why: String
    @Option(help: "Where the reference is (default: where it is known).") var domain: Domain?
    @OptionGroup var consent: Consent
    @Flag(help: "Order it although the same was ordered already.") var again = false
    @Option(
        help: .lasting(
            "How long to wait for a worker to take the order",
            byDefault: .waitForWorkers
        ),
        transform: DurationText.argument
    )
    var wait: Duration = .waitForWorkers
    @Flag(help: "Order, and do not wait.") var noWait = false
    @Flag(help: "Print one JSON object.") var json = false

    /// Judges what was given, before anything is asked of Kafka.
    func check(
        _ verdict: Decision.Verdict,
        providerID: String? = nil,
        _ options: SettingsOptions
    ) throws {
        let subject = try Subject(options.words, domain: domain)
        // Which attempt of which domain it is about, the ledger says later.
        let order = order(subject.domains[0], subject.reference, 1, verdict, providerID)
        guard let problem = order.problem else { return try consent.check() }
        let value = ["by": by, "why": why, "provider_id": providerID][problem.field] ?? nil
        let name = problem.field.replacing("_", with: "-")
        throw ValidationError("--\(name) \"\(printable(value ?? ""))\": must be \(problem.rule)")
    }

    /// Orders, waits for a worker to take it, and says what became of it.
    func run(
        _ verdict: Decision.Verdict,
        providerID: String? = nil,
        _ options: SettingsOptions
    ) async throws {
        let subject = try Subject(options.words, domain: domain)
        let settings = try options.load(.kafka, besideWords: true)
        let desk = ControlDesk(settings)
        let rules = ReviewRules(settleWindow: settings.settleWindow)
        var view = try await LedgerView(
            .reference(subject.reference),
            of: subject.domains,
            settings
        )
        do {
            let history = try view.history(of: subject)
            let review = try rules.reviewed(history, verdict, now: Moment.now)
            let order = order(
                history.domain,
                history.reference,
                review.attempt,
                verdict,
                providerID
            )
            let last = again ? nil : try await desk.lastReview(order.key)
            let warning = try rules.checkRepetition(of: order, after: last)
            try confirm(order, about: review, warning)
            let place = try await desk.give(order.encoded())
            let fate = try await fate(of: order, rules, &view)
            try tell(order, place, fate, settings)
        } catch {
            await view.close()
            throw error
        }
        await view.close()
    }

    private func order(
        _ domain: Domain,
        _ reference: String,
        _ attempt: Int,
        _ verdict: Decision.Verdict,
        _ providerID: String?
    ) -> ReviewOrder {
        ReviewOrder(
            domain: domain,
            reference: reference,
            attempt: attempt,
            verdict: verdict,
            by: by,
            why: why,
            providerID: providerID,
            at: Moment.now
        )
    }

    private func confirm(
        _ order: ReviewOrder,
        about review: LedgerRecord.Outcome,
        _ warning: String?
    ) throws(Failure) {
        for warning in [warning, ReviewRules.risk(of: order, about: review)].compactMap(\.self) {
            Terminal.complain("warning: \(printable(warning))")
        }
        try consent.obtain(otherwise: "nothing was ordered")
    }

    private func fate(
        of order: ReviewOrder,
        _ rules: ReviewRules,
        _ view: inout LedgerView
    ) async throws(Failure) -> ReviewRules.Fate {
        let key = LedgerBook.Key(order.domain, order.reference)
        if !noWait {
            _ = try await view.follow(for: wait) { book in
                if case .pending = rules.fate(of: order, in: book.histories[key]) {
                    false
                } else {
                    true
                }
            }
        }
        return rules.fate(of: order, in: view.book.histories[key])
    }

    private func tell(
        _ order: ReviewOrder,
        _ place: CommandSource,
        _ fate: ReviewRules.Fate,
        _ settings: Settings
    ) throws(Failure) {
        let text = ReviewText(settings)
        Terminal.print(json ? text.json(order, at: place, fate) : text.line(order, at: place, fate))
        switch fate {
        case .taken: return
        case .overtaken: throw Failure("the order came too late")
        case .pending:
            guard !noWait else { return }
            throw Failure(
                "no worker has taken it within \(DurationText.write(wait)); it stays on the "
                    + "topic, for a worker with the role \(order.domain.plural)"
            )
        }
    }
}

import ArgumentParser
import Contract

extension DeadLettersCommand {
    /// Puts dead letters back.
    struct ReplayCommand: AsyncParsableCommand {
        /// Drafts of so many are held in memory, each up to 64 KiB.
        static let mostAtOnce = 10_000

        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Put dead letters back onto their command topics.",
            usage: "aspayds-worker dead-letters replay (<position> ... | --all | <filters>) "
                + "[--value <file>] [--yes] [<options>] [<settings> ...]",
            discussion: """
                Each goes to the home partition of its reference, byte for byte or with a value \
                that corrects it. Refused is what is still no valid command, and every order whose \
                reference may have been sent, by the ledger. A dead letter stays one command, \
                however often it is replayed: what was taken up already is passed over, and what \
                no worker has read yet is carried out once. A check is asked again each time.

                A correction keeps the reference: that of the key, or the one that can be read in \
                the value. Where there is none, the correction names it; until a worker has taken \
                that up nothing knows of it, so do not name another one.

                  aspayds-worker dead-letters replay 3/17 --value corrected.json
                  aspayds-worker dead-letters replay --reason misplaced --dry-run


                """ + SettingsHelp.brief
        )

        @Flag(help: "All of them.") var all = false
        @OptionGroup(title: "Filters") var filters: LetterFilterOptions
        @Option(
            help: ArgumentHelp(
                "For one position: the corrected value; - is standard input.",
                valueName: "file"
            )
        )
        var value: String?
        @Option(help: ArgumentHelp("How many a second, 0.1 to 1000.", valueName: "number"))
        var rate = 10.0
        @Option(help: ArgumentHelp("How many at once, at most.", valueName: "count"))
        var limit = 1000
        @Flag(help: "Only say what would happen.") var dryRun = false
        @OptionGroup var consent: Consent
        @Flag(help: "Print one JSON object a line.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws {
            let places = try options.letterPlaces()
            guard [!places.isEmpty, all, !filters.isEmpty].count(where: \.self) == 1 else {
                throw ValidationError("say which: positions such as 3/17, or filters, or --all")
            }
            guard value == nil || places.count == 1 else {
                throw ValidationError("--value corrects one dead letter: say its position")
            }
            guard 0.1...1000 ~= rate else {
                throw ValidationError("--rate \(rate): must be 0.1 to 1000")
            }
            guard 1...Self.mostAtOnce ~= limit, places.count <= limit else {
                throw ValidationError(
                    "--limit \(limit): must be 1 to \(Self.mostAtOnce), and enough for the positions"
                )
            }
            if !dryRun { try consent.check() }
        }

        func run() async throws {
            let settings = try options.load(.kafka, besideWords: true)
            let plan = try await plan(settings)
            let text = ReplayText(settings, json: json)
            // Nobody has asked for one of them.
            let isCounted = options.words.isEmpty && !json
            for left in plan.left where !isCounted || left.cause == .refused { text.tell(left) }
            if isCounted, plan.taken > 0 {
                Terminal.complain(
                    "\(plan.taken) \(plan.taken == 1 ? "was" : "were") replayed already"
                )
            }
            if !plan.drafts.isEmpty {
                try await replay(plan.drafts, text, settings)
            } else if plan.left.isEmpty {
                Terminal.complain("no dead letter matches")
            }
            if plan.refused > 0 {
                throw Failure(
                    "\(plan.refused) of \(plan.left.count + plan.drafts.count) were refused"
                )
            }
        }

        private func plan(_ settings: Settings) async throws -> ReplayPlan {
            var plan = ReplayPlan(ReplayRules(settings))
            let places = try options.letterPlaces()
            if places.isEmpty {
                try await choose(for: &plan, settings)
            } else {
                let value = try value.map { path throws(Failure) in try readInput(path) }
                for letter in try await LetterBox(settings).letters(at: places) {
                    plan.add(letter, value: value)
                }
            }
            try await plan.consult(settings)
            return plan
        }

        private func choose(
            for plan: inout ReplayPlan,
            _ settings: Settings
        ) async throws {
            let filter = try filters.filter(settings)
            var chosen = plan
            var count = 0
            var replays: [LetterPlace: LetterPlace] = [:]
            try await LetterBox(settings).read { letter in
                if let earlier = letter.replayOf { replays[earlier] = letter.place }
                guard filter.admits(letter) else { return }
                count += 1
                if count <= limit { chosen.add(letter) }
            }
            guard count <= limit else {
                throw Failure(
                    "\(count) dead letters match, and --limit is \(limit), at most "
                        + "\(Self.mostAtOnce): narrow them down with --since and --until"
                )
            }
            chosen.passOver(replays)
            plan = chosen
        }

        private func replay(
            _ drafts: [ReplayDraft],
            _ text: ReplayText,
            _ settings: Settings
        ) async throws(Failure) {
            guard !dryRun else {
                for draft in drafts { text.tell(draft) }
                return
            }
            Terminal.complain("warning: \(ReplayText.risk(of: drafts))")
            try consent.obtain(otherwise: "nothing was replayed")
            defer { Terminal.progress(nil) }
            var count = 0
            try await Replayer(settings: settings, rate: rate).replay(drafts) { draft, report in
                Terminal.progress(nil)
                text.tell(draft, report)
                count += 1
                Terminal.progress("\(count) of \(drafts.count)")
            }
        }
    }
}

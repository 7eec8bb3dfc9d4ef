import Contract

/// What is to become of the dead letters that were chosen.
struct ReplayPlan {
    /// A dead letter that stays where it is.
    struct Left {
        enum Cause: String {
            case refused
            /// Its command was taken up already, or set aside again.
            case taken
        }

        let place: LetterPlace
        var cause: Cause
        var reason: String
        /// Of what is no valid command as it is: by what it is known, were it corrected.
        var source: CommandSource?
    }

    /// Those that go back, the oldest first.
    private(set) var drafts: [ReplayDraft] = []
    /// Those that do not.
    private(set) var left: [Left] = []

    var refused: Int { left.count { $0.cause == .refused } }
    var taken: Int { left.count { $0.cause == .taken } }

    private let rules: ReplayRules

    init(_ rules: ReplayRules) { self.rules = rules }

    /// Takes a dead letter, with the value that corrects it where there is one.
    mutating func add(_ letter: Letter, value: [UInt8]? = nil) {
        do throws(ReplayRefusal) {
            drafts.append(try rules.draft(letter, value: value))
        } catch {
            let source = letter.domain(rules.topics).flatMap { _ in LetterHead(letter).origin }
            left.append(
                Left(place: letter.place, cause: .refused, reason: error.reason, source: source)
            )
        }
    }

    /// Passes over dead letters that were replayed and set aside again: the later one counts.
    mutating func passOver(_ replays: [LetterPlace: LetterPlace]) {
        for draft in drafts {
            guard let later = replays[draft.place] else { continue }
            left.append(Left(place: draft.place, cause: .taken, reason: Self.reason(later)))
        }
        drafts.removeAll { replays[$0.place] != nil }
        for index in left.indices {
            guard let later = replays[left[index].place] else { continue }
            (left[index].cause, left[index].reason) = (.taken, Self.reason(later))
        }
    }

    private static func reason(_ later: LetterPlace) -> String {
        "it was replayed, and set aside again as \(later)"
    }

    /// What the ledgers must be asked, and those that must be asked; nil where they cannot know.
    var question: (interest: LedgerBook.Interest, domains: [Domain])? {
        let orders = drafts.filter { $0.key != nil }
        let sources = left.filter { $0.cause == .refused }.compactMap(\.source)
        guard !orders.isEmpty || !sources.isEmpty else { return nil }
        let interest = LedgerBook.Interest.some(
            references: Set(orders.compactMap(\.key)),
            commands: Set(orders.filter(\.isNamedAnew).map(\.source) + sources)
        )
        let topics = Set(orders.map(\.source.topic) + sources.map(\.topic))
        return (interest, Domain.allCases.filter { topics.contains(rules.topics.commands(of: $0)) })
    }

    /// Leaves out what the ledgers forbid, and of several about one reference all but the oldest.
    mutating func judge(by book: LedgerBook?) {
        let histories = book?.histories ?? [:]
        let taken = Self.commands(in: histories)
        for index in left.indices {
            guard let history = left[index].source.flatMap({ taken[$0] }) else { continue }
            (left[index].cause, left[index].reason) = (.taken, ReplayRules.taken(history))
        }
        var first: [LedgerBook.Key: LetterPlace] = [:]
        let all = drafts.sorted { ($0.time, $0.place) < ($1.time, $1.place) }
        drafts = []
        for draft in all {
            let verdict = ReplayRules.verdict(
                draft.key.flatMap { histories[$0] },
                taken: taken[draft.source]
            )
            switch verdict {
            case .ready:
                if let key = draft.key, let other = first.updateValue(draft.place, forKey: key) {
                    first[key] = other
                    let reason = "\(other) is about the same reference; replay this one later"
                    left.append(Left(place: draft.place, cause: .refused, reason: reason))
                } else {
                    drafts.append(draft)
                }
            case .taken(let reason):
                left.append(Left(place: draft.place, cause: .taken, reason: reason))
            case .refused(let reason):
                left.append(Left(place: draft.place, cause: .refused, reason: reason))
            }
        }
        left.sort { $0.place < $1.place }
    }

    /// The histories in which each command was taken up.
    private static func commands(
        in histories: [LedgerBook.Key: History]
    ) -> [CommandSource: History] {
        var found: [CommandSource: History] = [:]
        for history in histories.values {
            for line in history.lines {
                if let source = line.record.command?.source { found[source] = history }
            }
        }
        return found
    }
}

extension ReplayPlan {
    /// Asks the ledgers about every order, and leaves out what they forbid.
    mutating func consult(_ settings: Settings) async throws(Failure) {
        guard let question else { return judge(by: nil) }
        let view = try await LedgerView(question.interest, of: question.domains, settings)
        await view.close()
        judge(by: view.book)
    }
}

import Contract

/// What is to become of the dead letters that were chosen.
struct ReplayPlan {
    /// A dead letter that stays where it is.
    struct Left {
        enum Cause: String {
            case refused
            /// Its command was taken up already.
            case taken
        }

        let place: LetterPlace
        let cause: Cause
        let reason: String
    }

    /// Those that go back, the oldest first.
    private(set) var drafts: [ReplayDraft] = []
    /// Those that do not.
    private(set) var left: [Left] = []

    var refused: Int { left.count { $0.cause == .refused } }

    private let rules: ReplayRules

    init(_ rules: ReplayRules) { self.rules = rules }

    /// Takes a dead letter, with the value that corrects it where there is one.
    mutating func add(_ letter: Letter, value: [UInt8]? = nil) {
        do throws(ReplayRefusal) {
            drafts.append(try rules.draft(letter, value: value))
        } catch {
            left.append(Left(place: letter.place, cause: .refused, reason: error.reason))
        }
    }

    /// What the ledgers must be asked, and those that must be asked; nil where nothing is to be sent.
    var question: (interest: LedgerBook.Interest, domains: [Domain])? {
        let orders = drafts.filter { $0.key != nil }
        guard !orders.isEmpty else { return nil }
        let interest = LedgerBook.Interest.some(
            references: Set(orders.compactMap(\.key)),
            commands: Set(orders.filter(\.isNamedAnew).map(\.source))
        )
        return (
            interest, Domain.allCases.filter { domain in orders.contains { $0.domain == domain } }
        )
    }

    /// Leaves out what the ledgers forbid, and of several about one reference all but the oldest.
    mutating func judge(by book: LedgerBook?) {
        let histories = book?.histories ?? [:]
        let taken = Self.commands(in: histories)
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

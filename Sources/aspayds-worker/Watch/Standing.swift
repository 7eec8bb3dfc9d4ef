import Contract

/// Where a reference stands now, and which command helps if it needs a person.
struct Standing: Equatable {
    let text: String
    let style: Style?
    var help: String?
    /// Whether no worker has said anything of it.
    var isUnanswered = false

    /// By the ledger, or where it says nothing by the entries of its chapter.
    static func of(
        _ reference: String,
        _ domain: Domain?,
        _ entries: [StoryEntry],
        _ history: History?,
        at now: Int64
    ) -> Standing {
        let name = reference + (domain.map { " --domain \($0.rawValue)" } ?? "")
        if let history, let line = history.standing {
            return of(history, line, name, at: now)
        }
        if let event = entries.last(where: { $0.teller == .event }) {
            return Standing(
                text: "\(event.text), \(Moment.span(now - event.time)) ago",
                style: event.style,
                help: event.event == .needsReview ? "aspayds-worker review show \(name)" : nil
            )
        }
        if entries.last?.teller == .deadLetter {
            return Standing(
                text: "it was no command, and nothing was done",
                style: .bad,
                help: "aspayds-worker dead-letters list"
            )
        }
        guard entries.contains(where: { $0.teller == .command || $0.teller == .check }) else {
            return Standing(text: "nothing was ordered under it", style: .faint)
        }
        return Standing(
            text: "no worker has answered yet",
            style: .attention,
            help: "aspayds-worker status",
            isUnanswered: true
        )
    }

    /// What nobody has answered waits for good reason.
    init(paused order: StandingOrder, _ domain: Domain, at now: Int64) {
        let ago = Moment.span(now - order.at)
        text = "waits: \(domain.plural) are paused by \(order.by) \(ago) ago: \(order.why)"
        style = .attention
        help = "aspayds-worker resume \(domain.plural) --by WHO --why WHY"
    }

    init(text: String, style: Style?, help: String? = nil, isUnanswered: Bool = false) {
        (self.text, self.style, self.help) = (text, style, help)
        self.isUnanswered = isUnanswered
    }

    private static func of(
        _ history: History,
        _ line: LedgerLine,
        _ name: String,
        at now: Int64
    ) -> Standing {
        let state = Terms.state(line.record)
        if let review = history.review {
            return Standing(
                text: "\(state) (for \(Moment.span(now - review.neededSince)))",
                style: .attention,
                help: "aspayds-worker review show \(name)"
            )
        }
        let open = ["intent", LedgerRecord.State.inDoubt.rawValue].contains(line.record.word)
        return Standing(
            text: "\(state) (for \(Moment.span(now - line.record.at)))",
            style: open ? .attention : nil,
            help: open ? "aspayds-worker ledger show \(name)" : nil
        )
    }
}

import Contract
import JSON

/// References in review, for people and for programs.
struct ReviewText {
    let rules: ReviewRules
    /// Milliseconds since 1970.
    let now: Int64

    // MARK: All of them

    /// One line each, the oldest doubt first.
    func table(_ histories: [History]) -> [String] {
        var table = Table([
            "DOMAIN", "REFERENCE", "ATTEMPT", "AMOUNT", "SINCE", "WHY", "EVIDENCE",
        ])
        for (history, review) in Self.reviews(histories) {
            table.add([
                history.domain.rawValue, printable(history.reference), "\(review.attempt)",
                HistoryText.amount(history.order) ?? "-", since(review),
                printable(review.reason?.code ?? "-"),
                printable(review.evidence.flatMap { Terms.evidence($0) } ?? "-"),
            ])
        }
        return table.lines()
    }

    /// One object a line, the oldest doubt first.
    func lines(_ histories: [History]) -> [String] {
        Self.reviews(histories).map { history, _ in
            CompactJSON.line { w in
                writeHead(history, to: &w)
                if let line = history.standing { HistoryText.write(line, to: &w) }
            }
        }
    }

    private static func reviews(_ histories: [History]) -> [(History, LedgerRecord.Outcome)] {
        histories.compactMap { history in history.review.map { (history, $0) } }
            .sorted {
                ($0.1.neededSince, $0.0.reference) < ($1.1.neededSince, $1.0.reference)
            }
    }

    private func since(_ review: LedgerRecord.Outcome) -> String {
        Moment.ago(review.neededSince, now: now)
    }

    // MARK: One of them

    /// All that is known, and what can be done.
    func page(_ history: History, ordered: ReviewOrder?, colour: Bool) -> [String] {
        let name = "\(history.domain.rawValue) \(printable(history.reference))"
        let state = Terms.state(history.standing?.record)
        let style: Style = history.review == nil ? .faint : .attention
        var lines = ["\(name): \(style.paint(state, when: colour))", ""]
        lines += facts(history, ordered).map { "  \($0.name.padding(16))\(printable($0.value))" }
        lines += [""] + HistoryText.table(history, colour: colour).map { "  \($0)" }
        return lines + [""] + advice(history)
    }

    private func facts(
        _ history: History,
        _ ordered: ReviewOrder?
    ) -> [(name: String, value: String)] {
        let review = history.review
        let order = history.order
        let evidence = review?.evidence
        let late = history.lateAcceptances.map { "\($0.place) by \($0.record.owner)" }
        let facts: [(name: String, value: String?)] = [
            ("attempt", history.standing?.record.attempt.map(String.init)),
            ("amount", HistoryText.amount(order)),
            ("method", order?.payoutMethodID.map(String.init)),
            ("recipient", order?.maskedAccount),
            ("not_after", order?.notAfter.map(Moment.text)),
            ("command", review.map { "\($0.command.source), id \($0.command.id)" }),
            (review.map(Self.label) ?? "-", review.map(since)),
            ("why", HistoryText.reason(review?.reason)),
            ("transmission", evidence?.transmission),
            ("lookups", evidence?.lookups.map(String.init)),
            ("last lookup", evidence?.lastLookupAt.map { Moment.ago($0, now: now) }),
            ("it found", evidence?.lastAnswer.map(Terms.answer)),
            ("late accepted", late.isEmpty ? nil : late.joined(separator: "; ")),
            (
                "ordered",
                ordered.map {
                    "\(Terms.order($0.verdict)), by \($0.by) at \(Moment.text($0.at)): \($0.why)"
                }
            ),
        ]
        return facts.compactMap { name, value in value.map { (name, $0) } }
    }

    private func advice(_ history: History) -> [String] {
        guard let review = history.review else { return ["There is nothing to decide."] }
        let name = "\(printable(history.reference)) --domain \(history.domain.rawValue)"
        let who = "--by WHO --why WHY"
        if review.isDispute {
            return [
                "Find out from the provider what became of it; then",
                "  it was \(Terms.end(history.domain)):".padding(26)
                    + "aspayds-worker review close \(name) --done \(who)",
                "  it was not:             aspayds-worker review close \(name) --not-done \(who)",
            ]
        }
        if review.isHeld {
            return [
                "It was not sent, and waits for a person; then",
                "  send it:                aspayds-worker review release \(name) \(who)",
                "  do not send it:         aspayds-worker review close \(name) --not-done \(who)",
                "  it was paid elsewhere:  aspayds-worker review close \(name) --done \(who)",
            ]
        }
        let settled = rules.settled(review)
        let wait = settled > now ? " (from \(Moment.text(settled)) on)" : ""
        let isLate = ReviewRules.passed(history, now: now) != nil
        let release =
            isLate
            ? "not any more, not_after has passed"
            : "aspayds-worker review release \(name) \(who)\(wait)"
        return [
            "Find out from the provider whether it was executed; then",
            "  it was:                 aspayds-worker review close \(name) --done "
                + "--provider-id ID \(who)",
            "  it was not, let it be:  aspayds-worker review close \(name) --not-done \(who)\(wait)",
            "  it was not, try again:  \(release)",
        ]
    }

    /// The same as one object.
    func document(_ history: History, ordered: ReviewOrder?) -> String {
        CompactJSON.line { w in
            writeHead(history, to: &w)
            if let ordered, let value = ordered.encoded().value {
                w.field("ordered", raw: String(decoding: value, as: UTF8.self))
            }
            w.array("records") { w in
                for line in history.lines { w.object { HistoryText.write(line, to: &$0) } }
            }
        }
    }

    private func writeHead(_ history: History, to w: inout JSONWriter) {
        w.field("domain", history.domain.rawValue)
        w.field(Reference.field, history.reference)
        w.field("state", history.standing?.record.word)
        w.field("attempt", history.standing?.record.attempt)
        guard let review = history.review else { return }
        w.field("since", RFC3339.format(review.neededSince))
        if review.isDispute { return }
        w.field("release_from", RFC3339.format(rules.settled(review)))
        w.field("release_until", history.order?.notAfter.map(RFC3339.format))
    }

    /// What is so since the time that stands beside it.
    private static func label(_ review: LedgerRecord.Outcome) -> String {
        if review.isHeld { return "held since" }
        return review.isDispute ? "since" : "in doubt since"
    }

    // MARK: What became of an order

    /// A line for people.
    func line(_ order: ReviewOrder, at place: CommandSource, _ fate: ReviewRules.Fate) -> String {
        let name = "\(order.domain.rawValue) \(order.reference)"
        switch fate {
        case .pending:
            return "ordered for attempt \(order.attempt) of \(name): "
                + "\(Terms.order(order.verdict)) (\(place))"
        case .taken(let line):
            let next =
                switch order.verdict {
                case .release: "attempt \(order.attempt + 1) may be sent"
                case .done, .notDone: "it counts as \(line.record.word)"
                }
            return "\(name) is \(Terms.word(order.verdict)): \(next) (\(line.place))"
        case .overtaken(let line):
            return "\(name) was settled otherwise before: \(Terms.state(line.record)) "
                + "(\(line.place))"
        }
    }

    /// An object for programs.
    func json(_ order: ReviewOrder, at place: CommandSource, _ fate: ReviewRules.Fate) -> String {
        CompactJSON.line { w in
            w.field("topic", place.topic)
            w.field("partition", place.partition)
            w.field("offset", place.offset)
            let value = order.encoded().value.map { String(decoding: $0, as: UTF8.self) }
            w.field("order", raw: value)
            switch fate {
            case .pending: w.field("result", "pending")
            case .taken(let line):
                w.field("result", "taken")
                w.object("ledger") { HistoryText.write(line, to: &$0) }
            case .overtaken(let line):
                w.field("result", "overtaken")
                w.object("ledger") { HistoryText.write(line, to: &$0) }
            }
        }
    }
}

import Contract
import JSON

/// Histories for people and for programs.
enum HistoryText {
    /// Every record in its order, with a head.
    static func table(_ history: History, colour: Bool) -> [String] {
        var table = Table(["OFFSET", "TIME", "OWNER", "ATTEMPT", "WHAT", "DETAIL"])
        for line in history.lines {
            let counts = line.isEvidence ? "may be evidence" : "does not count"
            let remark = line.isLate ? ["late, \(counts)"] : []
            table.add([
                "\(line.place.partition)/\(line.place.offset)", Moment.text(line.record.at),
                printable(line.record.owner), "\(line.record.attempt ?? 0)", line.record.word,
                printable((remark + details(line.record)).joined(separator: "  ")),
            ])
        }
        let styles = [nil] + history.lines.map(style)
        return zip(table.lines(), styles).map { line, style in
            style?.paint(line, when: colour) ?? line
        }
    }

    /// One record for programs: its place and the record as the ledger has it.
    static func json(_ line: LedgerLine) -> String {
        CompactJSON.line { write(line, to: &$0) }
    }

    static func write(_ line: LedgerLine, to w: inout JSONWriter) {
        w.field("topic", line.place.topic)
        w.field("partition", line.place.partition)
        w.field("offset", line.place.offset)
        w.field("late", line.isLate)
        let value = line.record.encoded().value.map { String(decoding: $0, as: UTF8.self) }
        w.field("record", raw: value)
    }

    /// `400 BDT`, as ordered.
    static func amount(_ order: OrderDetails?) -> String? {
        order.map { order in "\(order.amount)\(order.currency.map { " \($0)" } ?? "")" }
    }

    /// The code of a reason and its words.
    static func reason(_ reason: Event.Reason?) -> String? {
        guard let reason else { return nil }
        return [reason.code, reason.field, reason.message].compactMap(\.self)
            .joined(separator: " ")
    }

    /// What an operator decided.
    static func decision(_ decision: Decision?) -> String? {
        guard let decision else { return nil }
        let word = Terms.word(decision.verdict)
        return "\(word) by \(decision.by) at \(Moment.text(decision.at)): \(decision.why)"
    }

    private static func details(_ record: LedgerRecord) -> [String] {
        switch record {
        case .claim: []
        case .intent(let intent):
            [
                amount(intent.order), intent.order.maskedAccount, "\(intent.command.source)",
                decision(intent.decision),
            ].compactMap(\.self)
        case .outcome(let outcome):
            [
                outcome.providerID, decision(outcome.decision), reason(outcome.reason),
                outcome.evidence.flatMap { Terms.evidence($0) },
            ].compactMap(\.self)
        }
    }

    private static func style(_ line: LedgerLine) -> Style? {
        guard !line.isLate, case .outcome(let outcome) = line.record else {
            return line.isLate ? .faint : nil
        }
        return switch outcome.state {
        case .accepted, .processing, .completed: .good
        case .refused, .rejected, .cancelled: .bad
        case .inDoubt, .review, .changed, .overdue, .disputed, .held: .attention
        case .expired: .bad
        case .notSent, .released, .approved, .conflict: nil
        }
    }
}

/// Words for what is decided and known.
enum Terms {
    static func word(_ verdict: Decision.Verdict) -> String {
        switch verdict {
        case .release: "released"
        case .done: "closed as done"
        case .notDone: "closed as not done"
        }
    }

    /// A short form, such as `timeout, 14 lookups, the last: absent`.
    static func evidence(_ evidence: Evidence) -> String? {
        var parts = [evidence.transmission].compactMap(\.self)
        if let lookups = evidence.lookups {
            parts.append(lookups == 1 ? "1 lookup" : "\(lookups) lookups")
        }
        if let answer = evidence.lastAnswer { parts.append("the last: \(Self.answer(answer))") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    static func answer(_ answer: Evidence.Answer) -> String {
        switch answer {
        case .absent: "absent"
        case .mismatch: "something else"
        case .none: "no answer"
        }
    }

    /// What a last word means for the reference.
    static func state(_ record: LedgerRecord?) -> String {
        guard let record else { return "nothing but records that do not count" }
        return switch record {
        case .claim: "-"
        case .intent: "may have been sent; no outcome yet"
        case .outcome(let outcome): state(outcome.state)
        }
    }

    private static func state(_ state: LedgerRecord.State) -> String {
        switch state {
        case .accepted: "accepted"
        case .refused: "refused; nothing was created"
        case .notSent: "not sent"
        case .inDoubt: "in doubt; the worker is looking it up"
        case .review: "in review; a person must decide"
        case .released: "released; one more attempt may be sent"
        case .expired: "expired; nothing was sent"
        case .conflict: "another command was told of a conflict"
        case .processing: "accepted; the provider works on it"
        case .completed: "accepted, and completed"
        case .rejected: "accepted, and rejected later"
        case .cancelled: "accepted, and cancelled later"
        case .changed: "accepted; the provider says something that the worker does not know"
        case .overdue: "accepted, and open at the horizon; a person must decide"
        case .disputed: "accepted, and contradicted by the provider; a person must decide"
        case .held: "held and not sent; a person must decide"
        case .approved: "a person has let it go; it may be sent"
        }
    }
}

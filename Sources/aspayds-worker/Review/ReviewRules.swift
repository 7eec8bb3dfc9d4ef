import Contract
import Engine

/// When an operator may decide about a reference in review (DESIGN.md §4).
///
/// The worker judges every order again, by the same rules; here a person hears why not.
struct ReviewRules {
    /// How long absence must last before a doubt is judged.
    let settleWindow: Duration

    /// What has become of an order.
    enum Fate {
        /// No worker has taken it yet.
        case pending
        /// It has led to this.
        case taken(LedgerLine)
        /// The reference was settled otherwise before.
        case overtaken(LedgerLine)
    }

    /// From when on the last transmission cannot be on its way any more, in milliseconds since 1970.
    func settled(_ review: LedgerRecord.Outcome) -> Int64 {
        if review.isDispute || review.isHeld { return review.neededSince }
        return (review.since ?? review.evidence?.inDoubtSince ?? review.at) + wait
    }

    /// How long after a doubt began that is, in milliseconds.
    var wait: Int64 { (EngineSettings().sendDeadline + settleWindow).wholeMilliseconds }

    /// The attempt that a verdict would be about.
    ///
    /// - Throws: A `Failure` that says why nothing can be decided, or not yet.
    func reviewed(
        _ history: History,
        _ verdict: Decision.Verdict,
        now: Int64
    ) throws(Failure) -> LedgerRecord.Outcome {
        let name = "\(history.domain.rawValue) \(history.reference)"
        guard let review = history.review else {
            throw Failure("\(name) is not in review: \(Terms.state(history.standing?.record))")
        }
        guard verdict != .release || !review.isDispute else {
            throw Failure(
                "\(name) was accepted by the provider, so nothing lets it be sent again; find out "
                    + "what became of it, and close it"
            )
        }
        let late = history.lateAcceptances.last { $0.record.attempt ?? 0 <= review.attempt }
        if verdict != .done, review.state == .review, let late {
            throw Failure(
                "somebody who had lost the partition has recorded that the provider accepted "
                    + "attempt \(late.record.attempt ?? 0) of \(name) (\(late.place)), and so "
                    + "nothing is sent again. Close it as done"
            )
        }
        if verdict == .release, let notAfter = Self.passed(history, now: now) {
            throw Failure(
                "not_after of \(name) was \(Moment.text(notAfter)), and nothing is sent past it: a "
                    + "release would do nothing. Close it; a new command may send it again once it "
                    + "is closed as not done"
            )
        }
        let settled = settled(review)
        guard verdict == .done || now >= settled else {
            throw Failure(
                "the last transmission of \(name) may still be on its way until "
                    + "\(Moment.text(settled)), in \(Moment.span(settled - now)): 5s and "
                    + "ASPAYDS_SETTLE_WINDOW (\(DurationText.write(settleWindow))) after its "
                    + "doubt began"
            )
        }
        return review
    }

    /// The command's `not_after`, if it has passed: milliseconds since 1970.
    static func passed(_ history: History, now: Int64) -> Int64? {
        history.order?.notAfter.flatMap { now > $0 ? $0 : nil }
    }

    /// Refuses an order that was given before: giving it twice would do nothing twice.
    ///
    /// - Returns: A warning, if another one was given before.
    func checkRepetition(
        of order: ReviewOrder,
        after last: ReviewOrder?
    ) throws(Failure) -> String? {
        guard let last else { return nil }
        let what = "\(Terms.order(last.verdict)), by \(last.by) at \(Moment.text(last.at))"
        guard last.verdict == order.verdict else {
            return "there is an order already (\(what)); the first that counts is taken"
        }
        throw Failure(
            "attempt \(order.attempt) of \(order.reference) was ordered already (\(what)), and "
                + "no worker has taken it; is one running? --again orders it once more"
        )
    }

    /// What has become of an order, as far as the ledger says.
    func fate(of order: ReviewOrder, in history: History?) -> Fate {
        guard let history, let standing = history.standing else { return .pending }
        let number = order.number
        // Of a release, what is written of the attempt that it lets be sent follows.
        if let line = history.lines.first(where: {
            $0.counts && $0.record.decision?.number == number
        }) {
            return .taken(line)
        }
        if let review = history.review, review.attempt == order.attempt { return .pending }
        return .overtaken(standing)
    }

    /// What a person should know before giving an order.
    static func risk(of order: ReviewOrder, about review: LedgerRecord.Outcome) -> String {
        let name = "\(order.domain.rawValue) \(order.reference)"
        let twice =
            switch order.domain {
            case .payment: "there are two invoices, and the customer may pay twice"
            case .payout: "the recipient is paid twice"
            }
        if review.isDispute {
            let end = order.verdict == .done ? Terms.end(order.domain) : "cancelled"
            return "This settles \(name), which the provider has accepted, as \(end)."
        }
        return switch order.verdict {
        case .release where review.isHeld:
            "This lets a worker transmit \(name), which was not sent so far, whatever the limits say."
        case .notDone where review.isHeld:
            "This settles \(name), which was not sent, as refused."
        case .release:
            "This lets a worker transmit \(name) once more. "
                + "If attempt \(order.attempt) was executed after all, \(twice)."
        case .notDone:
            "This settles \(name) as refused, and a later command may send it again. "
                + "If attempt \(order.attempt) was executed after all, \(twice) then."
        case .done:
            "This settles \(name) as accepted: it is never sent again. "
                + "If it was not executed, nobody gets the money."
        }
    }
}

extension Terms {
    /// The good end of what was accepted.
    static func end(_ domain: Domain) -> String { domain == .payment ? "paid" : "completed" }

    /// The name of an order.
    static func order(_ verdict: Decision.Verdict) -> String {
        switch verdict {
        case .release: "release"
        case .done: "done"
        case .notDone: "not done"
        }
    }
}

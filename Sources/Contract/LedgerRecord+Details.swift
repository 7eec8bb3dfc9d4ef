package import Aspayds
import JSON

/// The part of an order by which it is known again.
package struct OrderDetails: Sendable, Equatable {
    /// What was asked.
    package var amount: Amount
    /// The currency, where the command names it.
    package var currency: String?
    /// The method of a payout.
    package var payoutMethodID: Int64?
    /// The account of a payout, masked.
    package let maskedAccount: String?
    /// Past this (milliseconds since 1970) nothing is sent any more.
    package var notAfter: Int64?
    /// The trace to which belongs whatever becomes of it.
    package var trace: TraceContext?

    /// Details of an order; the account is masked here, unless it is already.
    package init(
        amount: Amount,
        currency: String? = nil,
        payoutMethodID: Int64? = nil,
        recipientAccount: String? = nil,
        notAfter: Int64? = nil,
        trace: TraceContext? = nil
    ) {
        self.amount = amount
        self.currency = currency
        self.payoutMethodID = payoutMethodID
        maskedAccount = recipientAccount.map(masked(account:))
        self.notAfter = notAfter
        self.trace = trace
    }
}

/// What is known of a doubt, for the person who must decide.
package struct Evidence: Sendable, Equatable {
    /// What the last lookup found.
    package enum Answer: String, Sendable, CaseIterable {
        /// The provider says that it does not know the reference.
        case absent
        /// The provider has something else under it.
        case mismatch
        /// No answer that says either.
        case none
    }

    /// When the first doubt began, in milliseconds since 1970.
    package var inDoubtSince: Int64?
    /// How many lookups were made.
    package var lookups: Int?
    /// When the last one was made, in milliseconds since 1970.
    package var lastLookupAt: Int64?
    /// What it found.
    package var lastAnswer: Answer?
    /// How the transmission ended, such as `timeout`.
    package var transmission: String?

    package init(
        inDoubtSince: Int64? = nil,
        lookups: Int? = nil,
        lastLookupAt: Int64? = nil,
        lastAnswer: Answer? = nil,
        transmission: String? = nil
    ) {
        self.inDoubtSince = inDoubtSince
        self.lookups = lookups
        self.lastLookupAt = lastLookupAt
        self.lastAnswer = lastAnswer
        self.transmission = transmission
    }
}

/// What an operator has decided about an attempt in review.
package struct Decision: Sendable, Equatable {
    /// What is to become of it.
    package enum Verdict: String, Sendable, CaseIterable {
        /// One more attempt is allowed.
        case release
        /// It was executed.
        case done
        /// It was not, and will not be.
        case notDone = "not_done"
    }

    /// Tells the decision from every other one, so that ordering it twice does nothing twice.
    package var number: UInt64
    /// Who decided.
    package var by: String
    /// Why.
    package var why: String
    /// When, in milliseconds since 1970.
    package var at: Int64
    /// What was decided.
    package var verdict: Verdict
    /// The provider's id, where the operator knows it.
    package var providerID: String?

    package init(
        number: UInt64,
        by: String,
        why: String,
        at: Int64,
        verdict: Verdict,
        providerID: String? = nil
    ) {
        self.number = number
        self.by = by
        self.why = why
        self.at = at
        self.verdict = verdict
        self.providerID = providerID
    }
}

// MARK: JSON

extension OrderDetails {
    func write(to w: inout JSONWriter) {
        w.field("amount", raw: amount.description)
        w.field("currency", currency)
        w.field("payout_method_id", payoutMethodID)
        w.field("recipient_account", maskedAccount)
        w.field("not_after", notAfter.map(RFC3339.format))
        trace?.write(to: &w)
    }

    init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let amount = try fields.amount("amount") else {
            throw UnreadableRecord(what: "amount is missing")
        }
        self.init(
            amount: amount,
            currency: try fields.text("currency"),
            payoutMethodID: try fields.integer("payout_method_id"),
            recipientAccount: try fields.text("recipient_account"),
            notAfter: try fields.time("not_after"),
            trace: try TraceContext(fields)
        )
    }
}

extension Evidence {
    func write(to w: inout JSONWriter) {
        w.field("in_doubt_since", inDoubtSince.map(RFC3339.format))
        w.field("lookups", lookups)
        w.field("last_lookup_at", lastLookupAt.map(RFC3339.format))
        w.field("last_answer", lastAnswer?.rawValue)
        w.field("transmission", transmission)
    }

    init(_ fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            inDoubtSince: try fields.time("in_doubt_since"),
            lookups: try fields.integer("lookups"),
            lastLookupAt: try fields.time("last_lookup_at"),
            lastAnswer: try fields.word("last_answer"),
            transmission: try fields.text("transmission")
        )
    }
}

extension Decision {
    func write(to w: inout JSONWriter) {
        // In a string, because many readers of JSON lose digits beyond 2^53.
        w.field("number", String(number))
        w.field("by", by)
        w.field("why", why)
        w.field("at", RFC3339.format(at))
        w.field("verdict", verdict.rawValue)
        w.field("provider_id", providerID)
    }

    init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let number = UInt64(try fields.required("number")),
            let verdict: Verdict = try fields.word("verdict")
        else { throw UnreadableRecord(what: "the decision is not complete") }
        self.init(
            number: number,
            by: try fields.required("by"),
            why: try fields.required("why"),
            at: try fields.requiredTime("at"),
            verdict: verdict,
            providerID: try fields.text("provider_id")
        )
    }
}

extension RecordFields {
    func time(_ name: String) throws(UnreadableRecord) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw UnreadableRecord(what: "\(name) is not a time")
        }
        return time
    }

    func requiredTime(_ name: String) throws(UnreadableRecord) -> Int64 {
        guard let time = try time(name) else {
            throw UnreadableRecord(what: "\(name) is missing")
        }
        return time
    }
}

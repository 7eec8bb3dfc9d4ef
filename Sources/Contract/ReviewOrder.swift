import Aspayds
import JSON

/// An operator's decision about an attempt that is in review, on the topic `worker.control`.
///
/// It is good for the attempt that it names, and only while that is the latest one and in review: so
/// replaying the topic repeats nothing. The topic is compacted; the last order for an attempt stays.
package struct ReviewOrder: Sendable, Equatable {
    /// The domain.
    package var domain: Domain
    /// The reference; case does not matter.
    package var reference: String
    /// The attempt that is in review.
    package var attempt: Int
    /// What is decided.
    package var verdict: Decision.Verdict
    /// Who decides.
    package private(set) var by: String
    /// Why.
    package private(set) var why: String
    /// The provider's id of an order that was executed, where it is known.
    package var providerID: String?
    /// When, in milliseconds since 1970.
    package var at: Int64

    package init(
        domain: Domain,
        reference: String,
        attempt: Int,
        verdict: Decision.Verdict,
        by: String,
        why: String,
        providerID: String? = nil,
        at: Int64
    ) {
        self.domain = domain
        self.reference = reference
        self.attempt = attempt
        self.verdict = verdict
        self.by = maskingDigits(by)
        self.why = maskingDigits(why)
        self.providerID = providerID
        self.at = at
    }

    /// `review/DOMAIN/REFERENCE/ATTEMPT`, the reference in upper case.
    package var key: String { Self.key(domain, reference, attempt) }

    /// The key of every order about an attempt.
    package static func key(_ domain: Domain, _ reference: String, _ attempt: Int) -> String {
        "review/\(domain.rawValue)/\(Reference.uppercased(reference))/\(attempt)"
    }
}

extension ReviewOrder {
    /// The first field that breaks a rule, and the rule; nil when the order may be given.
    package var problem: (field: String, rule: String)? {
        if !Reference.isValid(reference, domain) {
            return (Reference.field, Reference.rule(domain))
        }
        if attempt < 1 { return ("attempt", "a whole number from 1") }
        if let problem = OperatorWords.problem(by: by, why: why) { return problem }
        guard let providerID else { return nil }
        if verdict != .done { return ("provider_id", "only for what was done") }
        return Reference.isID(providerID) ? nil : ("provider_id", Reference.idRule)
    }
}

extension ReviewOrder {
    /// What the ledger keeps of it.
    package var decision: Decision {
        Decision(number: number, by: by, why: why, at: at, verdict: verdict, providerID: providerID)
    }

    /// Tells it from every other order; never 0.
    ///
    /// Made of all that it says: the same order has the same number however often it is read, and
    /// wherever it lies in the topic.
    package var number: UInt64 {
        max(LedgerIndex.hash(of: String(decoding: value, as: UTF8.self)), 1)
    }

    private var value: [UInt8] {
        JSONWriter.object { w in
            w.field("kind", "review")
            w.field("domain", domain.rawValue)
            w.field(Reference.field, reference)
            w.field("attempt", attempt)
            w.field("verdict", verdict.rawValue)
            w.field("by", by)
            w.field("why", why)
            w.field("provider_id", providerID)
            w.field("at", RFC3339.format(at))
        }
    }

    /// The record for `worker.control`.
    package func encoded() -> EncodedRecord {
        EncodedRecord(
            key: Array(key.utf8),
            value: value,
            headers: [("content-type", Array("application/json".utf8))]
        )
    }

    /// Reads an order; one that breaks a rule is an error.
    init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let domain: Domain = try fields.word("domain"),
            let verdict: Decision.Verdict = try fields.word("verdict"),
            let at = RFC3339.parse(try fields.required("at"))
        else { throw UnreadableRecord(what: "domain, verdict or at is missing") }
        self.init(
            domain: domain,
            reference: try fields.required(Reference.field),
            attempt: try fields.requiredInteger("attempt"),
            verdict: verdict,
            by: try fields.required("by"),
            why: try fields.required("why"),
            providerID: try fields.text("provider_id"),
            at: at
        )
        if let problem {
            throw UnreadableRecord(what: "\(problem.field) is not \(problem.rule)")
        }
    }
}

import Aspayds
package import JSON

/// An operator's order to all replicas on the topic `worker.control`, which stands until the next
/// one of its kind.
///
/// The topic is compacted by its keys: the last order of each kind stays, and whoever starts obeys it.
package struct StandingOrder: Sendable, Equatable {
    /// What is ordered.
    package enum Kind: Sendable, Equatable {
        /// Nothing new of a domain is sent, or it is again.
        case flow(Domain, isPaused: Bool)
        /// Requests per second of all replicas together; nil: as `ASPAYDS_RATE_LIMIT` says.
        case rate(Double?)
    }

    /// The rates that may be ordered, as those that may be set.
    package static let rates = 0.01...10_000_000

    package var kind: Kind
    /// Who orders.
    package private(set) var by: String
    /// Why.
    package private(set) var why: String
    /// When, in milliseconds since 1970.
    package var at: Int64

    package init(_ kind: Kind, by: String, why: String, at: Int64) {
        self.kind = kind
        self.by = maskingDigits(by)
        self.why = maskingDigits(why)
        self.at = at
    }

    /// `flow/DOMAIN` or `rate`.
    package var key: String {
        switch kind {
        case .flow(let domain, _): "flow/\(domain.rawValue)"
        case .rate: "rate"
        }
    }

    /// The first field that breaks a rule, and the rule; nil when the order may be given.
    package var problem: (field: String, rule: String)? {
        if case .rate(let rate?) = kind, !Self.rates.contains(rate) {
            return ("limit", "a number from 0.01 to 10000000")
        }
        return OperatorWords.problem(by: by, why: why)
    }
}

extension StandingOrder {
    private var value: [UInt8] {
        JSONWriter.object { w in
            switch kind {
            case .flow(let domain, let isPaused):
                w.field("kind", "flow")
                w.field("domain", domain.rawValue)
                w.field("paused", isPaused)
            case .rate:
                w.field("kind", "rate")
                writeLimit(to: &w)
                return
            }
            write(to: &w)
        }
    }

    /// Writes the rate, who, why and when.
    func writeLimit(to w: inout JSONWriter) {
        if case .rate(let limit?) = kind { w.field("limit", raw: JSONWriter.decimal(limit)) }
        write(to: &w)
    }

    /// Writes who, why and when.
    package func write(to w: inout JSONWriter) {
        w.field("by", by)
        w.field("why", why)
        w.field("at", RFC3339.format(at))
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
        guard let at = RFC3339.parse(try fields.required("at")) else {
            throw UnreadableRecord(what: "at is not a time")
        }
        self.init(
            try Self.kind(fields),
            by: try fields.required("by"),
            why: try fields.required("why"),
            at: at
        )
        if let problem {
            throw UnreadableRecord(what: "\(problem.field) is not \(problem.rule)")
        }
    }

    private static func kind(_ fields: RecordFields) throws(UnreadableRecord) -> Kind {
        switch try fields.required("kind") {
        case "flow":
            guard let domain: Domain = try fields.word("domain"),
                let isPaused = try fields.flag("paused")
            else { throw UnreadableRecord(what: "domain or paused is missing") }
            return .flow(domain, isPaused: isPaused)
        case "rate":
            return .rate(try fields.number("limit"))
        default: throw UnreadableRecord(what: "kind is not flow or rate")
        }
    }
}

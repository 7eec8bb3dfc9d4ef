/// A fault and the requests that it strikes.
///
/// `POST /_sandbox/faults` takes a list of them; the first rule that matches a request, and whose
/// dice fall so, decides.
public struct FaultRule: Sendable, Equatable {
    /// The kinds of request that a rule may be limited to.
    public enum Endpoint: String, Sendable, CaseIterable {
        /// Creating a payment or requesting a payout.
        case create
        /// Looking up one or many.
        case status
        /// Listing the payout methods.
        case methods
    }

    /// What strikes.
    public var fault: Fault
    /// The share of matching requests that it strikes, 0 to 1.
    public var rate: Double
    /// Only requests of this kind; nil is all.
    public var endpoint: Endpoint?
    /// Only payments or only payouts; nil is both.
    public var domain: Domain?
    /// Seconds for the Retry-After header of 429 and 503.
    public var retryAfter: Int?
    /// How long the fault waits; the whole time of a dripping body.
    public var latency: Duration?
    /// After so many strikes the rule is spent; nil is never.
    public var times: Int?

    /// A rule that strikes every request of every kind unless told otherwise.
    public init(
        _ fault: Fault,
        rate: Double = 1,
        endpoint: Endpoint? = nil,
        domain: Domain? = nil,
        retryAfter: Int? = nil,
        latency: Duration? = nil,
        times: Int? = nil
    ) {
        self.fault = fault
        self.rate = rate
        self.endpoint = endpoint
        self.domain = domain
        self.retryAfter = retryAfter
        self.latency = latency
        self.times = times
    }
}

extension FaultRule: BookRule {
    static func read(_ json: JSON, place: String) throws(InvalidInput) -> FaultRule {
        var fields = try Fields(
            json,
            place: place,
            names: [
                "fault", "rate", "endpoint", "domain", "retry_after", "latency_ms", "times",
            ]
        )
        let fault = fields.choice("fault", Fault.allCases.map(\.rawValue))
        let rate = fields.number("rate", 0...1)
        let endpoint = fields.choice("endpoint", Endpoint.allCases.map(\.rawValue) + ["all"])
        let domain = fields.choice("domain", Domain.allCases.map(\.rawValue) + ["all"])
        let retryAfter = fields.integer("retry_after", 0...86_400)
        let latency = fields.integer("latency_ms", 0...120_000)
        let times = fields.integer("times", 1...1_000_000_000)
        guard let fault = fault.flatMap(Fault.init) else {
            throw fields.failure(missing: "fault", allowed: Fault.allCases.map(\.rawValue))
        }
        try fields.check()
        return FaultRule(
            fault,
            rate: rate ?? 1,
            endpoint: endpoint.flatMap(Endpoint.init),
            domain: domain.flatMap(Domain.init),
            retryAfter: retryAfter,
            latency: latency.map { .milliseconds($0) },
            times: times
        )
    }

    var members: [JSON.Member] {
        var members = [
            JSON.Member(name: "fault", value: .string(fault.rawValue)),
            JSON.Member(name: "rate", value: .number(String(rate))),
            JSON.Member(name: "endpoint", value: .string(endpoint?.rawValue ?? "all")),
            JSON.Member(name: "domain", value: .string(domain?.rawValue ?? "all")),
        ]
        let numbers = [
            ("retry_after", retryAfter), ("latency_ms", latency?.inMilliseconds), ("times", times),
        ]
        for case (let name, let value?) in numbers {
            members.append(JSON.Member(name: name, value: .integer(value)))
        }
        return members
    }
}

extension Duration {
    /// Whole milliseconds.
    var inMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}

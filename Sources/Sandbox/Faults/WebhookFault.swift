/// Something that goes wrong with a webhook; the raw value is its name in rules.
public enum WebhookFault: String, Sendable, CaseIterable {
    /// It is not sent.
    case never
    /// It is sent late.
    case late
    /// It is sent twice.
    case twice
    /// It comes after the record's next one.
    case reordered
    /// Before it comes one that lies.
    case forged

    /// One line for the help text.
    public var summary: String {
        switch self {
        case .never: "not sent"
        case .late: "sent `latency_ms` (10 s) later"
        case .twice: "sent twice"
        case .reordered: "sent after the record's next one, or `latency_ms` (10 s) later"
        case .forged: "another comes with it that lies: another end, twice the amount"
        }
    }
}

/// A fault and the webhooks that it strikes; `POST /_sandbox/webhooks/faults` takes a list of them.
public struct WebhookRule: Sendable, Equatable {
    /// What strikes.
    public var fault: WebhookFault
    /// The share of webhooks that it strikes, 0 to 1.
    public var rate: Double
    /// Only of payments or only of payouts; nil is both.
    public var domain: Domain?
    /// How long the fault delays.
    public var latency: Duration?
    /// After so many strikes the rule is spent; nil is never.
    public var times: Int?

    /// A rule that strikes every webhook unless told otherwise.
    public init(
        _ fault: WebhookFault,
        rate: Double = 1,
        domain: Domain? = nil,
        latency: Duration? = nil,
        times: Int? = nil
    ) {
        self.fault = fault
        self.rate = rate
        self.domain = domain
        self.latency = latency
        self.times = times
    }
}

extension WebhookRule: BookRule {
    static func read(_ json: JSON, place: String) throws(InvalidInput) -> WebhookRule {
        let names = ["fault", "rate", "domain", "latency_ms", "times"]
        var fields = try Fields(json, place: place, names: names)
        let fault = fields.choice("fault", WebhookFault.allCases.map(\.rawValue))
        let rate = fields.number("rate", 0...1)
        let domain = fields.choice("domain", Domain.allCases.map(\.rawValue) + ["all"])
        let latency = fields.integer("latency_ms", 0...120_000)
        let times = fields.integer("times", 1...1_000_000_000)
        guard let fault = fault.flatMap(WebhookFault.init) else {
            throw fields.failure(missing: "fault", allowed: WebhookFault.allCases.map(\.rawValue))
        }
        try fields.check()
        return WebhookRule(
            fault,
            rate: rate ?? 1,
            domain: domain.flatMap(Domain.init),
            latency: latency.map { .milliseconds($0) },
            times: times
        )
    }

    var members: [JSON.Member] {
        var members = [
            JSON.Member(name: "fault", value: .string(fault.rawValue)),
            JSON.Member(name: "rate", value: .number(String(rate))),
            JSON.Member(name: "domain", value: .string(domain?.rawValue ?? "all")),
        ]
        for case (let name, let value?) in [
            ("latency_ms", latency?.inMilliseconds), ("times", times),
        ] {
            members.append(JSON.Member(name: name, value: .integer(value)))
        }
        return members
    }
}

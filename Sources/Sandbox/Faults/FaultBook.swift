/// A rule that a book can keep.
protocol BookRule: Sendable {
    /// The share of what it matches that it strikes, 0 to 1.
    var rate: Double { get }
    /// After so many strikes the rule is spent; nil is never.
    var times: Int? { get }
    /// The rule as it is written in a list.
    var members: [JSON.Member] { get }
    /// Reads a rule; `place` is where it stands, for the messages.
    static func read(_ json: JSON, place: String) throws(InvalidInput) -> Self
}

/// The rules in force, each with its own dice and a count of its strikes.
struct FaultBook<Rule: BookRule>: Sendable {
    private struct Entry: Sendable {
        let rule: Rule
        var dice: Dice
        var strikes = 0
    }

    static var limit: Int { 100 }

    private let seed: UInt64
    private var entries: [Entry] = []

    init(_ rules: [Rule], seed: UInt64) {
        self.seed = seed
        replace(rules)
    }

    var rules: [Rule] { entries.map(\.rule) }

    /// Puts new rules in force and throws their dice anew.
    mutating func replace(_ rules: [Rule]) {
        // Every rule has dice of its own, so that its n-th throw depends on nothing but the seed.
        entries = rules.prefix(Self.limit).enumerated().map { index, rule in
            Entry(rule: rule, dice: Dice(seed: seed &+ UInt64(index) &* 0x9E37_79B9))
        }
    }

    /// The first rule that matches and whose dice fall so.
    mutating func strike(_ matches: (Rule) -> Bool) -> Rule? {
        for index in entries.indices {
            let rule = entries[index].rule
            guard matches(rule), entries[index].strikes < rule.times ?? .max,
                entries[index].dice.fall(rule.rate)
            else { continue }
            entries[index].strikes += 1
            return rule
        }
        return nil
    }

    var json: JSON {
        .array(
            entries.map { entry in
                let strikes = JSON.Member(name: "strikes", value: .integer(entry.strikes))
                return .object(entry.rule.members + [strikes])
            }
        )
    }
}

/// A fault that strikes one request.
struct Strike: Sendable {
    let fault: Fault
    var retryAfter: Int?
    var latency: Duration?
}

extension FaultBook<FaultRule> {
    /// The first rule that strikes a request of this kind.
    mutating func strike(_ endpoint: FaultRule.Endpoint, _ domain: Domain) -> Strike? {
        strike { $0.endpoint ?? endpoint == endpoint && $0.domain ?? domain == domain }
            .map { Strike(fault: $0.fault, retryAfter: $0.retryAfter, latency: $0.latency) }
    }
}

extension FaultBook<WebhookRule> {
    /// The first rule that strikes a webhook about this domain.
    mutating func strike(_ domain: Domain) -> WebhookRule? {
        strike { $0.domain ?? domain == domain }
    }
}

/// SplitMix64: small, fast, and the same everywhere.
struct Dice: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// True with the given probability.
    mutating func fall(_ probability: Double) -> Bool {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53 < probability
    }
}

/// The rules in force, each with its own dice and a count of its strikes.
struct FaultBook: Sendable {
    /// A fault that strikes one request.
    struct Strike: Sendable {
        let fault: Fault
        var retryAfter: Int?
        var latency: Duration?
    }

    private struct Entry: Sendable {
        let rule: FaultRule
        var dice: Dice
        var strikes = 0
    }

    static let limit = 100

    private let seed: UInt64
    private var entries: [Entry] = []

    init(_ rules: [FaultRule], seed: UInt64) {
        self.seed = seed
        replace(rules)
    }

    /// Puts new rules in force and throws their dice anew.
    mutating func replace(_ rules: [FaultRule]) {
        // Every rule has dice of its own, so that its n-th throw depends on nothing but the seed.
        entries = rules.prefix(Self.limit).enumerated().map { index, rule in
            Entry(rule: rule, dice: Dice(seed: seed &+ UInt64(index) &* 0x9E37_79B9))
        }
    }

    /// The first rule that strikes a request of this kind.
    mutating func strike(_ endpoint: FaultRule.Endpoint, _ domain: Domain) -> Strike? {
        for index in entries.indices {
            let rule = entries[index].rule
            guard rule.endpoint ?? endpoint == endpoint, rule.domain ?? domain == domain,
                entries[index].strikes < rule.times ?? .max,
                entries[index].dice.fall(rule.rate)
            else { continue }
            entries[index].strikes += 1
            return Strike(fault: rule.fault, retryAfter: rule.retryAfter, latency: rule.latency)
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

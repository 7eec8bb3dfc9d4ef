/// What the provider received, whatever became of it.
struct Traffic: Sendable {
    /// How a request ended for the client.
    enum Outcome: Hashable, Sendable {
        case status(Int)
        case unanswered
        case reset

        var name: String {
            switch self {
            case .status(let code): String(code)
            case .unanswered: "unanswered"
            case .reset: "reset"
            }
        }
    }

    private var outcomes: [String: [Outcome: Int]] = [:]
    private var payments: [String: Int] = [:]
    private var payouts: [String: Int] = [:]
    private var inFlight = 0
    private var peakInFlight = 0
    private(set) var arrivals = Arrivals()

    mutating func began(now: Int64) {
        inFlight += 1
        peakInFlight = max(peakInFlight, inFlight)
        arrivals.note(now)
    }

    mutating func ended() {
        inFlight -= 1
    }

    mutating func count(_ endpoint: String, _ outcome: Outcome) {
        outcomes[endpoint, default: [:]][outcome, default: 0] += 1
    }

    /// Notes that a create arrived; of new references only so many as the books hold.
    mutating func created(_ key: String, _ domain: Domain) {
        switch domain {
        case .payment: Self.count(key, in: &payments)
        case .payout: Self.count(key, in: &payouts)
        }
    }

    private static func count(_ key: String, in creates: inout [String: Int]) {
        guard creates.count < Books.limit || creates[key] != nil else { return }
        creates[key, default: 0] += 1
    }

    /// Forgets everything but the requests that are still in flight.
    mutating func reset() {
        let inFlight = inFlight
        self = Traffic()
        self.inFlight = inFlight
    }

    /// As `GET /_sandbox/requests` shows it.
    var json: JSON {
        let endpoints = outcomes.sorted { $0.key < $1.key }.map { endpoint, outcomes in
            let counts = outcomes.map { ($0.key.name, $0.value) }.sorted { $0.0 < $1.0 }
            return JSON.Member(
                name: endpoint,
                value: .object(counts.map { JSON.Member(name: $0.0, value: .integer($0.1)) })
            )
        }
        let total = outcomes.values.reduce(0) { $0 + $1.values.reduce(0, +) }
        return [
            "total": .integer(total), "by_endpoint": .object(endpoints),
            "duplicates": [
                "payment": Self.duplicates(payments), "payout": Self.duplicates(payouts),
            ],
            "highest_per_second": .integer(arrivals.peak),
            "in_flight": .integer(inFlight), "peak_concurrent": .integer(peakInFlight),
        ]
    }

    /// The references for which more than one create arrived, upper-cased, and how many.
    private static func duplicates(_ creates: [String: Int]) -> JSON {
        let repeated = creates.filter { $0.value > 1 }
        return .object(
            repeated.sorted { $0.key < $1.key }.map {
                JSON.Member(name: $0.key, value: .integer($0.value))
            }
        )
    }
}

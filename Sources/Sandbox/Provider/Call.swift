/// A request to one of the provider's seven endpoints, by method and path below the base path.
enum Call: Sendable {
    case create(Domain)
    case status(Domain, id: String)
    case batch(Domain)
    case methods

    /// The documented endpoints, as messages and statistics name them.
    var name: String {
        switch self {
        case .create(.payment): "POST /payment/create"
        case .create(.payout): "POST /payout/request"
        case .status(let domain, _): domain == .payment ? "GET /payment/{id}" : "GET /payout/{id}"
        case .batch(let domain):
            domain == .payment ? "POST /payment/batch/status" : "POST /payout/batch/status"
        case .methods: "GET /payout/methods"
        }
    }

    var domain: Domain {
        switch self {
        case .create(let domain), .batch(let domain), .status(let domain, _): domain
        case .methods: .payout
        }
    }

    var endpoint: FaultRule.Endpoint {
        switch self {
        case .create: .create
        case .status, .batch: .status
        case .methods: .methods
        }
    }

    /// Nil for a path or a method that nobody documented.
    init?(method: String, path: [String]) {
        switch (method, path.count, path.first, path.last) {
        case ("POST", 2, "payment", "create"): self = .create(.payment)
        case ("POST", 2, "payout", "request"): self = .create(.payout)
        case ("POST", 3, "payment", "status") where path[1] == "batch": self = .batch(.payment)
        case ("POST", 3, "payout", "status") where path[1] == "batch": self = .batch(.payout)
        case ("GET", 2, "payout", "methods"): self = .methods
        case ("GET", 2, "payment", .some(let id)): self = .status(.payment, id: id)
        case ("GET", 2, "payout", .some(let id)): self = .status(.payout, id: id)
        default: return nil
        }
    }
}

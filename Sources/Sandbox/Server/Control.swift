/// The orders to the sandbox itself, below `/_sandbox`: its ledger, statistics, settings, faults,
/// and the steps that a person takes by hand.
struct Control {
    static let endpoints = [
        ("GET /_sandbox/executions", "what was executed (?reference=R, ?limit=N: the last N)"),
        ("GET /_sandbox/requests", "what was received"),
        ("GET, POST /_sandbox/settings", #"{"duplicates":"create|reject|replay","latency_ms":0}"#),
        ("GET, POST, DELETE /_sandbox/faults", "the list of fault rules; POST replaces it"),
        ("POST /_sandbox/payments/{id}/STEP", "pay, cancel"),
        ("POST /_sandbox/payouts/{id}/STEP", "process, complete, reject, cancel"),
        ("POST /_sandbox/reset", "start again: nothing executed, settings and faults of the start"),
    ]

    let provider: Provider

    func answer(_ method: String, _ target: Target, _ body: [UInt8]) -> Answer {
        let path = target.path.dropFirst().joined(separator: "/")
        do {
            switch (method, path) {
            case ("GET", "executions"): return try executions(target)
            case ("GET", "requests"): return Answer(200, provider.with { $0.traffic.json })
            case ("GET", "settings"): return settings()
            case ("POST", "settings"): return try change(body)
            case ("GET", "faults"): return faults()
            case ("POST", "faults"): return try replaceFaults(body)
            case ("DELETE", "faults"):
                provider.with { $0.faults.replace([]) }
                return faults()
            case ("POST", "reset"):
                provider.reset()
                return settings()
            case ("POST", _) where target.path.count == 4: return take(target.path)
            default: return unknown()
            }
        } catch {
            return .invalid(error.problems)
        }
    }

    private func unknown() -> Answer {
        let list = Self.endpoints.map { "\($0.0): \($0.1)" }
        return Answer(
            404,
            [
                "status": "error", "message": "Not an order to the sandbox.",
                "orders": .array(list.map(JSON.string)),
            ]
        )
    }

    private func read(_ body: [UInt8]) throws(InvalidInput) -> JSON {
        do {
            return try JSONReader.read(body)
        } catch {
            let message =
                "The body is not JSON: \(error.expected) expected at byte \(error.offset)."
            throw InvalidInput([Problem("body", message)])
        }
    }

    private func executions(_ target: Target) throws(InvalidInput) -> Answer {
        var chosen = provider.executions(of: target["reference"])
        let totals = Totals(chosen)
        if let text = target["limit"] {
            guard let limit = Int(text), limit >= 0 else {
                let message = "limit is \(text.prefix(100)); allowed: a whole number from 0."
                throw InvalidInput([Problem("limit", message)])
            }
            chosen = Array(chosen.suffix(limit))
        }
        return Answer(
            200,
            ["totals": totals.json, "executions": .array(chosen.map(\.json))]
        )
    }

    private func settings() -> Answer {
        let settings = provider.with { $0.settings }
        return Answer(
            200,
            [
                "duplicates": .string(settings.duplicates.rawValue),
                "latency_ms": .integer(settings.latency.inMilliseconds),
            ]
        )
    }

    private func change(_ body: [UInt8]) throws(InvalidInput) -> Answer {
        var fields = try Fields(read(body), place: "", names: ["duplicates", "latency_ms"])
        let duplicates = fields.choice(
            "duplicates",
            SandboxConfiguration.Duplicates.allCases.map(\.rawValue)
        )
        let latency = fields.integer("latency_ms", 0...60_000)
        try fields.check()
        provider.with { state in
            if let duplicates = duplicates.flatMap(SandboxConfiguration.Duplicates.init) {
                state.settings.duplicates = duplicates
            }
            if let latency { state.settings.latency = .milliseconds(latency) }
        }
        return settings()
    }

    private func faults() -> Answer {
        Answer(200, provider.with { $0.faults.json })
    }

    private func replaceFaults(_ body: [UInt8]) throws(InvalidInput) -> Answer {
        guard case .array(let list) = try read(body), list.count <= FaultBook.limit else {
            let message = "The body must be a list of at most \(FaultBook.limit) rules."
            throw InvalidInput([Problem("faults", message)])
        }
        var rules: [FaultRule] = []
        var problems: [Problem] = []
        for (index, json) in list.enumerated() {
            do {
                rules.append(try FaultRule.read(json, place: "faults[\(index)]"))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw InvalidInput(problems) }
        provider.with { $0.faults.replace(rules) }
        return faults()
    }

    private func take(_ path: [String]) -> Answer {
        let domain: Domain
        switch path[1] {
        case "payments": domain = .payment
        case "payouts": domain = .payout
        default: return unknown()
        }
        let steps = Step.allowed(in: domain)
        guard let step = steps.first(where: { $0.rawValue == path[3] }) else {
            let allowed = steps.map(\.rawValue).joined(separator: ", ")
            return .failure(404, "Unknown step \(path[3].prefix(100)); allowed: \(allowed).")
        }
        do {
            let record = try provider.take(step, path[2], domain)
            return Answer(200, record.detailed)
        } catch {
            switch error {
            case .notFound: return .failure(404, "No \(domain.rawValue) of that id or reference.")
            case .notPossible(let status):
                return .failure(409, "It is \(status.rawValue): \(step.rawValue) is not possible.")
            }
        }
    }
}

/// The sums of a list of executions.
struct Totals {
    private var counts: [Domain: Int] = [:]
    private var amounts: [Domain: Money] = [:]
    private var references: Set<String> = []
    private var total = 0

    init(_ executions: [Execution]) {
        for execution in executions {
            total += 1
            counts[execution.kind, default: 0] += 1
            amounts[execution.kind, default: .zero] =
                amounts[execution.kind, default: .zero] + (Money(execution.amount) ?? .zero)
            references.insert("\(execution.kind) \(execution.reference.uppercased())")
        }
    }

    /// `repeated` counts the executions beyond the first of each reference: 0 is what a worker
    /// must achieve.
    var json: JSON {
        [
            "payments": .integer(counts[.payment] ?? 0), "payouts": .integer(counts[.payout] ?? 0),
            "payments_amount": .amount(amounts[.payment] ?? .zero),
            "payouts_amount": .amount(amounts[.payout] ?? .zero),
            "repeated": .integer(total - references.count),
        ]
    }
}

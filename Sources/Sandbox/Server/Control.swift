/// The orders to the sandbox itself, below `/_sandbox`: its ledger, statistics, settings, faults,
/// and the steps that a person takes by hand.
struct Control {
    static let endpoints = [
        ("GET /_sandbox/executions", "what was executed (?reference=R, ?limit=N: the last N)"),
        ("GET /_sandbox/requests", "what was received"),
        ("GET /_sandbox/requests/last", "the last requests with their headers (?limit=N)"),
        ("GET /_sandbox/requests/times", "when, in ms since 1970 (?limit=N: the last N)"),
        ("GET /_sandbox/webhooks", "the last webhooks (?reference=R, ?limit=N: the last N)"),
        ("POST /_sandbox/webhooks/{number}/repeat", "send it once more"),
        ("GET, POST /_sandbox/settings", "an object of settings; POST changes what it names"),
        ("GET, POST, DELETE /_sandbox/faults", "the list of fault rules; POST replaces it"),
        ("GET, POST, DELETE /_sandbox/webhooks/faults", "the same for webhooks"),
        (
            "POST /_sandbox/payments/{id}/STEP",
            "pay, cancel; underpay: one less than asked for; hold: a state that nobody documented; "
                + "forge: a webhook that lies"
        ),
        (
            "POST /_sandbox/payouts/{id}/STEP",
            "process, complete, reject, cancel; hold; revert: to pending; forge"
        ),
        ("POST /_sandbox/reset", "start again: nothing executed, settings and faults of the start"),
    ]

    let provider: Provider

    func answer(_ method: String, _ target: Target, _ body: [UInt8]) -> Answer {
        let path = target.path.dropFirst().joined(separator: "/")
        do {
            switch (method, path) {
            case ("GET", "executions"): return try executions(target)
            case ("GET", "requests"): return Answer(200, provider.with { $0.traffic.json })
            case ("GET", "requests/last"): return try requests(target)
            case ("GET", "requests/times"): return try times(target)
            case ("GET", "webhooks"): return try webhooks(target)
            case ("GET", "settings"): return settings()
            case ("POST", "settings"): return try change(body)
            case (_, "faults"): return try rules(\.faults, method, body) ?? unknown()
            case (_, "webhooks/faults"):
                return try rules(\.webhookFaults, method, body) ?? unknown()
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

    func unknown() -> Answer {
        let list = Self.endpoints.map { "\($0.0): \($0.1)" }
        return Answer(
            404,
            [
                "status": "error", "message": "Not an order to the sandbox.",
                "orders": .array(list.map(JSON.string)),
            ]
        )
    }

    func read(_ body: [UInt8]) throws(InvalidInput) -> JSON {
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
        if let limit = try limit(target) { chosen = Array(chosen.suffix(limit)) }
        return Answer(
            200,
            ["totals": totals.json, "executions": .array(chosen.map(\.json))]
        )
    }

    private func requests(_ target: Target) throws(InvalidInput) -> Answer {
        let limit = try limit(target)
        return Answer(200, ["requests": provider.with { $0.requests.json(limit: limit) }])
    }

    private func times(_ target: Target) throws(InvalidInput) -> Answer {
        let limit = try limit(target)
        return Answer(200, provider.with { $0.traffic.arrivals.json(last: limit) })
    }

    private func webhooks(_ target: Target) throws(InvalidInput) -> Answer {
        var chosen = Array(provider.with { $0.mail.log.entries })
        if let reference = target["reference"]?.uppercased() {
            chosen = chosen.filter { $0.webhook.record.reference.uppercased() == reference }
        }
        if let limit = try limit(target) { chosen = chosen.suffix(limit) }
        return Answer(200, ["webhooks": .array(chosen.map(\.json))])
    }

    private func limit(_ target: Target) throws(InvalidInput) -> Int? {
        guard let text = target["limit"] else { return nil }
        guard let limit = Int(text), limit >= 0 else {
            let message = "limit is \(text.prefix(100)); allowed: a whole number from 0."
            throw InvalidInput([Problem("limit", message)])
        }
        return limit
    }

    private func settings() -> Answer {
        Answer(200, provider.with { $0.settings.json })
    }

    private func change(_ body: [UInt8]) throws(InvalidInput) -> Answer {
        let json = try read(body)
        // Read and written under one lock, so that two changes at a time both count.
        let result = provider.with { state -> Result<JSON, InvalidInput> in
            do throws(InvalidInput) {
                try state.settings.change(json)
                return .success(state.settings.json)
            } catch {
                return .failure(error)
            }
        }
        return Answer(200, try result.get())
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

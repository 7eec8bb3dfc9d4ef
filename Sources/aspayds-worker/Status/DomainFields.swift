import Contract

/// The figures of a domain as labels and values.
struct DomainFields {
    /// What stands behind a label: parts that are not broken, and how they look.
    typealias Value = [(text: String, style: Style?)]

    let overview: DomainOverview
    private var total: DomainFigures { overview.total }
    /// Milliseconds since 1970.
    let now: Int64

    /// Every label, in the order of all.
    static let labels = [
        "state", "partitions", "lag", "rate", "events", "provider", "command", "in doubt",
        "in review", "tracked", "last error",
    ]

    /// Those that a low screen does without, the first before the others.
    static let dispensable = [
        "tracked", "command", "provider", "last error", "rate", "partitions", "events",
    ]

    /// The value of a label; empty where there is nothing to say.
    func value(_ label: String) -> Value {
        switch label {
        case "state": state
        case "partitions": partitions
        case "lag": lag
        case "rate": rate
        case "events": events
        case "provider": latency(total.provider)
        case "command": latency(total.command)
        case "in doubt": open(total.inDoubt, total.oldestInDoubt)
        case "in review": open(total.inReview, total.oldestInReview)
        case "tracked": [(Quantity.text(total.tracked), nil)]
        default: lastError
        }
    }

    private var state: Value {
        overview.state == .paused ? paused : [(word, style)] + paused
    }

    private var word: String {
        switch overview.state {
        case .unattended: "nobody works on it"
        case .unassigned: "no partition yet"
        case .credentialsRefused: "stopped: credentials refused"
        case .providerDown: "stopped: the provider fails"
        case .paused: "paused"
        case .off: "off, by ASPAYDS_PAYOUTS"
        case .dryRun: "dry run: nothing is sent"
        case .restoring(let share):
            "reading its ledger: \(Quantity.text((share * 100).rounded(.down)))%"
        case .flowing: "flowing"
        case .idle: "idle"
        }
    }

    private var style: Style {
        switch overview.state {
        case .unattended, .credentialsRefused, .providerDown: .bad
        case .unassigned, .paused, .off, .dryRun, .restoring: .attention
        case .flowing: .good
        case .idle: .faint
        }
    }

    /// The order to pause, whatever else may hold commands back.
    private var paused: Value {
        guard let order = total.paused else { return [] }
        let (obeying, all) = (overview.pausing, overview.replicas)
        let who = "paused by \(order.by) \(Moment.span(now - order.at)) ago: \(order.why)"
        return [(who, .attention)]
            + (obeying < all ? [("\(obeying) of \(all) replicas obey", .bad)] : [])
    }

    private var partitions: Value {
        let (owned, stopped) = (total.partitions.count, total.stoppedPartitions.count)
        var value: Value = [("\(owned)", nil)]
        if let count = overview.partitionCount {
            value = [("\(owned) of \(count)", owned < count ? .attention : nil)]
        }
        if stopped > 0 { value.append(("\(stopped) stopped", .bad)) }
        return value
    }

    private var lag: Value {
        let lag = total.lag.map { Quantity.text($0) } ?? "not known"
        return [
            (lag, nil), ("\(Quantity.text(total.waiting)) waiting", nil),
            ("\(Quantity.text(total.inFlight)) in flight", nil),
        ]
    }

    private var rate: Value {
        let used = Quantity.text(total.rateUsed)
        var value: Value = [("\(used) of \(Quantity.share(total.rateLimit))/s", nil)]
        if total.rateAllowed < total.rateLimit {
            value.append(("slowed to \(Quantity.text(total.rateAllowed))/s", .attention))
        }
        if let order = total.rateOrdered {
            var all = ""
            if case .rate(let limit?) = order.kind {
                all = " \(Quantity.share(limit))/s for both domains"
            }
            value.append(("\(order.by) has ordered\(all.isEmpty ? " it" : all)", .attention))
        }
        return value
    }

    /// What happens now comes first.
    private var events: Value {
        let kinds = total.outcomes.sorted {
            let rates = (overview.rates[$0.key] ?? 0, overview.rates[$1.key] ?? 0)
            return rates.0 == rates.1
                ? ($1.value, $0.key) < ($0.value, $1.key) : rates.0 > rates.1
        }
        return kinds.map { kind, count in
            let rate = overview.rates[kind].map { " (\(Quantity.text($0))/s)" } ?? ""
            return ("\(kind) \(Quantity.text(count))\(rate)", rate.isEmpty ? nil : .good)
        }
    }

    private func latency(_ latency: DomainFigures.Latency) -> Value {
        guard let p50 = latency.p50, let p99 = latency.p99 else { return [] }
        return [("p50 \(Quantity.duration(p50))", nil), ("p99 \(Quantity.duration(p99))", nil)]
    }

    private func open(_ count: Int, _ oldest: Int64?) -> Value {
        guard count > 0 else { return [("0", .faint)] }
        let age = oldest.map { [("oldest \(Moment.span(now - $0))", Style.attention as Style?)] }
        return [(Quantity.text(count), .attention)] + (age ?? [])
    }

    private var lastError: Value {
        guard let message = total.lastError, let at = total.lastErrorAt else { return [] }
        return [("\(Moment.span(now - at)) ago: \(message)", .faint)]
    }
}

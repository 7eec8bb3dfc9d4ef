import Contract
import Engine
import Logging

/// Operators' orders to all replicas find the engine.
extension CommandLoop {
    /// Follows the operators' topic until the loop ends.
    ///
    /// Nothing new is sent before all orders have been read: one of them may forbid it.
    func followControl(at now: Moment) -> Task<Void, Never> {
        engine.handle(.paused(true), at: now)
        readiness.set(controlSubject, "operators' orders are being read")
        let reader = ControlReader(
            topic: settings.topics.workerControl,
            kafka: settings.kafka,
            logger: logger
        ) { [mailbox] news in
            await mailbox.deliver(.control(news))
        }
        return Task { await reader.run() }
    }

    private var controlSubject: String { "orders to \(subject)" }

    func control(_ news: ControlReader.News, at now: Moment) {
        switch news {
        case .beginning: unheeded = StandingOrders()
        case .orders(let list):
            for order in list {
                switch order {
                case .review(let order): ordered(order, at: now)
                case .standing(let order): ordered(order, at: now)
                }
            }
        case .readToEnd:
            guard let found = unheeded else { return }
            unheeded = nil
            obey(found, at: now)
            readiness.set(controlSubject, nil)
        }
    }

    /// What is read again from the beginning counts only when its end is known: an order may have
    /// been followed by its contrary.
    private func ordered(_ order: StandingOrder, at now: Moment) {
        var known = unheeded ?? standing
        known.take(order, in: settings.domain)
        if unheeded == nil { obey(known, at: now) } else { unheeded = known }
    }

    private func obey(_ orders: StandingOrders, at now: Moment) {
        let last = standing
        standing = orders
        let limit = orders.limit.map { $0 * settings.rateShare } ?? settings.engine.rateLimit
        let isPaused = orders.pause != nil || settings.sending != .on
        engine.handle(.paused(isPaused), at: now)
        engine.handle(.rateLimit(limit), at: now)
        if orders.flow != last.flow { log(orders.flow) }
        if orders.rate != last.rate { log(orders.rate) }
    }

    private func log(_ order: StandingOrder?) {
        guard let order else { return }
        let what =
            switch order.kind {
            case .flow(_, isPaused: true): "paused"
            case .flow: "resumed"
            case .rate(let limit): limit.map { "rate limit \($0)/s" } ?? "rate limit as it is set"
            }
        logger.notice(
            "an operator's order is obeyed",
            metadata: ["order": "\(what)", "by": "\(order.by)", "why": "\(order.why)"]
        )
    }
}

/// What operators want of every replica of a domain: the last order of each kind.
struct StandingOrders {
    private(set) var flow: StandingOrder?
    private(set) var rate: StandingOrder?

    /// The order that forbids to send anything new.
    var pause: StandingOrder? {
        if case .flow(_, isPaused: true)? = flow?.kind { flow } else { nil }
    }

    /// The ordered rate of all replicas and domains together, in requests per second; nil: as set.
    var limit: Double? {
        if case .rate(let limit)? = rate?.kind { limit } else { nil }
    }

    /// Takes an order in, unless it is about another domain.
    mutating func take(_ order: StandingOrder, in domain: Domain) {
        switch order.kind {
        case .flow(domain, _): flow = order
        case .flow: return
        case .rate: rate = order
        }
    }
}

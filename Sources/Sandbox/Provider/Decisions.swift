extension Provider.State {
    /// What one authorized request comes to.
    mutating func decide(
        _ call: Call,
        _ order: Result<Order, Order.Refusal>?,
        _ body: JSON,
        now: Int64,
        _ delivery: inout Delivery
    ) {
        if case .create(let domain) = call, case .success(let order)? = order {
            return create(order, domain, now: now, &delivery)
        }
        let strike = faults.strike(call.endpoint, call.domain)
        switch (call, order) {
        case (.create, .failure(let refusal)?): delivery.answer = .invalid(refusal.problems)
        case (.status(let domain, let id), _): delivery.answer = status(id, domain)
        case (.batch(let domain), _): delivery.answer = batch(body, domain)
        default: delivery.answer = .methods(PayoutMethod.all.prefix(settings.payoutMethods))
        }
        if let strike { delivery.suffer(strike) }
    }

    private mutating func create(
        _ order: Order,
        _ domain: Domain,
        now: Int64,
        _ delivery: inout Delivery
    ) {
        let key = order.reference.uppercased()
        traffic.created(key, domain)
        let fate = MagicReference.find(key)?.fate
        let strike = self.strike(fate, key, domain)
        if strike?.fault.isBeforeExecuting != true {
            delivery.answer = perform(order, key, domain, fate, now: now)
        }
        if let strike { delivery.suffer(strike) }
    }

    /// The fault that a magic reference asks for; only without one do the rules count.
    private mutating func strike(
        _ fate: MagicReference.Fate?,
        _ key: String,
        _ domain: Domain
    ) -> Strike? {
        switch fate {
        case nil: return faults.strike(.create, domain)
        case .fault(let fault): return Strike(fault: fault)
        case .faultOnce(let fault):
            if struckOnce.count >= Provider.struckOnceLimit { struckOnce.removeAll() }
            let isFirst = struckOnce.insert("\(domain.rawValue) \(key)").inserted
            return isFirst ? Strike(fault: fault) : nil
        case .refuse, .taken, .mismatch, .end, .webhook: return nil
        }
    }

    private mutating func perform(
        _ order: Order,
        _ key: String,
        _ domain: Domain,
        _ fate: MagicReference.Fate?,
        now: Int64
    ) -> Answer {
        switch fate {
        case .taken: return .taken()
        case .refuse: return .refused(domain)
        case .mismatch:
            var other = order
            other.amount = order.amount + Money(1)
            var answer = execute(other, key, domain, fate, now: now)
            // The documented answer of a payment has no amount that could betray itself.
            if domain == .payment { answer.addMembers(["amount": .amount(other.amount)]) }
            return answer
        default: return execute(order, key, domain, fate, now: now)
        }
    }

    private mutating func execute(
        _ order: Order,
        _ key: String,
        _ domain: Domain,
        _ fate: MagicReference.Fate?,
        now: Int64
    ) -> Answer {
        if settings.duplicates != .create, let first = books.find(key, domain) {
            return settings.duplicates == .reject ? .taken() : created(first)
        }
        guard !books.isFull else {
            return .failure(
                503,
                "The sandbox is full (\(Books.limit) records): POST /_sandbox/reset"
            )
        }
        // In a statement of its own: as an argument it would make a copy of the whole state.
        let record = books.execute(order, key: key, number: number, now: now)
        number += 1
        if domain == .payout { plan(record, fate, now: now) }
        return created(record)
    }

    private func created(_ record: Record) -> Answer {
        record.created(paymentURL: "\(origin)/methods/\(record.id)")
    }

    private func status(_ id: String, _ domain: Domain) -> Answer {
        guard let record = books.find(id.uppercased(), domain) else {
            return .failure(404, domain == .payment ? "Payment not found." : "Payout not found.")
        }
        return Answer(200, record.detailed)
    }

    private func batch(_ body: JSON, _ domain: Domain) -> Answer {
        guard let value = body["ids"], value != .null, value != .array([]) else {
            return .invalid([Problem("ids", "The ids field is required.")])
        }
        guard case .array(let elements) = value, elements.count <= Provider.batchLimit else {
            let message = "The ids field must be an array of at most \(Provider.batchLimit) items."
            return .invalid([Problem("ids", message)])
        }
        let ids = elements.compactMap(\.text)
        guard ids.count == elements.count else {
            let index = elements.firstIndex { $0.text == nil } ?? 0
            return .invalid([Problem("ids.\(index)", "The ids.\(index) field must be a string.")])
        }
        var found: [Record] = []
        var seen: Set<Int> = []
        var missing: [String] = []
        for id in ids {
            guard let record = books.find(id.uppercased(), domain) else {
                missing.append(id)
                continue
            }
            if seen.insert(record.sequence).inserted { found.append(record) }
        }
        return .batch(domain, asked: ids.count, found: found, missing: missing)
    }
}

extension Answer {
    /// A refusal that names a field other than the reference.
    fileprivate static func refused(_ domain: Domain) -> Answer {
        switch domain {
        case .payment:
            .invalid([Problem("amount", "The amount field exceeds the store's limit.")])
        case .payout:
            .invalid([Problem("recipient_account", "The recipient account field is invalid.")])
        }
    }
}

extension Provider.State {
    /// Sends the webhook that tells the record's state, or what faults make of it.
    mutating func announce(
        _ record: Record,
        _ fate: MagicReference.Fate?,
        now: Int64
    ) {
        guard let webhook = Webhook(record, now: now) else { return }
        let strike: WebhookRule? =
            if case .webhook(let fault)? = fate {
                WebhookRule(fault)
            } else {
                webhookFaults.strike(record.domain)
            }
        let forged = strike?.fault == .forged ? Webhook.forged(record, now: now) : nil
        mail.post(webhook, strike, forged: forged, now: now)
        bell.ring()
    }
}

extension Provider {
    /// Takes the steps that are due and hands out the webhooks to send; `next` is when to come again.
    func round(now: Int64) -> (webhooks: [Webhook], next: Int64?) {
        with { state in
            state.takeSteps(now: now)
            let webhooks = state.mail.due(now: now)
            let next = [state.steps.next, state.mail.next].compactMap(\.self).min()
            return (webhooks, next)
        }
    }

    /// An attempt to deliver it is over.
    func ended(_ webhook: Webhook, _ outcome: Courier.Outcome) {
        with { $0.mail.ended(webhook, outcome, $0.settings.retries, now: wallClock()) }
        bell.ring()
    }

    /// Sends a webhook that lies about the record of that id or reference; answers its entry.
    func forge(_ name: String, _ domain: Domain) -> WebhookLog.Entry? {
        defer { bell.ring() }
        return with { state in
            let now = wallClock()
            guard let record = state.books.find(name.uppercased(), domain),
                let webhook = Webhook.forged(record, now: now)
            else { return nil }
            let number = state.mail.send(webhook, now: now)
            return state.mail.log[number]
        }
    }

    /// Sends a webhook of the log once more; answers its new entry.
    func `repeat`(_ number: Int) -> WebhookLog.Entry? {
        defer { bell.ring() }
        return with { state in
            guard let entry = state.mail.log[number] else { return nil }
            let number = state.mail.send(entry.webhook, now: wallClock())
            return state.mail.log[number]
        }
    }
}

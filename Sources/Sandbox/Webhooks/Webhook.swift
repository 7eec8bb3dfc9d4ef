/// One of the five documented events, on its way to the address that the order named.
struct Webhook: Sendable {
    /// The documented names.
    enum Event: String, Sendable, CaseIterable {
        case paymentCompleted = "payment.completed"
        case payoutCompleted = "payout.completed"
        case payoutProcessing = "payout.processing"
        case payoutRejected = "payout.rejected"
        case payoutCancelled = "payout.cancelled"

        /// What is told of a record in its state; a cancelled payment is known only from its redirect.
        init?(_ record: Record) {
            switch (record.domain, record.status) {
            case (.payment, .paid): self = .paymentCompleted
            case (.payout, .completed): self = .payoutCompleted
            case (.payout, .processing): self = .payoutProcessing
            case (.payout, .rejected): self = .payoutRejected
            case (.payout, .cancelled): self = .payoutCancelled
            default: return nil
            }
        }
    }

    let event: Event
    let url: String
    let body: [UInt8]
    /// The record that it is about.
    let record: Execution
    /// What was done to it on purpose.
    var fault: WebhookFault?
    /// Counts every webhook from 1; the log gives it.
    var number = 0
    /// Counts from 1.
    var attempt = 1

    /// Nil where there is nothing to tell, or nobody to tell it to.
    init?(_ record: Record, now: Int64) {
        guard let event = Event(record), let url = record.callbackURL else { return nil }
        self.event = event
        self.url = url
        self.record = record.execution
        body = Self.body(event, record, now: now)
    }

    /// One that lies: the other end, and twice the amount.
    static func forged(_ record: Record, now: Int64) -> Webhook? {
        var lie = record
        lie.amount = record.amount + record.amount
        switch (record.domain, record.status) {
        case (.payment, _): lie.status = .paid
        case (.payout, .completed): lie.status = .rejected
        case (.payout, _): lie.status = .completed
        }
        lie.settledAt = lie.status == .rejected ? nil : now
        var webhook = Webhook(lie, now: now)
        webhook?.fault = .forged
        return webhook
    }

    private static func body(_ event: Event, _ record: Record, now: Int64) -> [UInt8] {
        let body: JSON = [
            "event": .string(event.rawValue), "timestamp": .string(timestamp(now)),
            "data": record.told,
        ]
        return body.bytes
    }
}

extension Record {
    /// Where its webhooks go.
    fileprivate var callbackURL: String? {
        switch details {
        case .payment(_, let url): url
        case .payout(let recipient): recipient.callbackURL
        }
    }

    /// The documented `data`; a paid invoice is `completed` here, unlike everywhere else.
    fileprivate var told: JSON {
        let settled = JSON.optional(settledAt.map(timestamp))
        switch details {
        case .payment(let customerName, _):
            return [
                "invoice_id": .string(id), "transaction_reference": .string(reference),
                "status": "completed", "amount": .price(amount),
                "amount_paid": .price(underpaid ?? amount),
                "currency": "BDT", "customer_name": .string(customerName), "paid_at": settled,
            ]
        case .payout(let recipient):
            return [
                "payout_id": .string(id), "transaction_reference": .string(reference),
                "status": .string(status.rawValue), "amount": .price(amount),
                "fee": .price(.zero), "recipient_name": .string(recipient.name),
                "recipient_account": .string(recipient.account), "processed_at": settled,
            ]
        }
    }
}

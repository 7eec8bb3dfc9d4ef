import Aspayds
import JSON

/// A verified notification, in the form of the provider's own webhooks (its page "Webhooks").
///
/// Whether or not a webhook came, there is one for each documented state that was verified. Fields
/// that are not known are absent.
package struct Notification: Sendable, Equatable {
    /// The documented event, such as `payout.completed`.
    package let name: String
    private let event: Event
    private let recipientAccount: String?
    private let settledAt: String?

    /// The notification that belongs to an event; nil where the provider documents none, and where a
    /// person has said what the provider has not.
    ///
    /// Two things that webhooks have are not in the event: the account of a payout, which is masked
    /// here unless it is already, and when it was paid or processed, as the provider said it.
    package init?(_ event: Event, recipientAccount: String? = nil, settledAt: String? = nil) {
        if event.trigger == .operator { return nil }
        switch (event.domain, event.kind) {
        case (.payment, .paid): name = "payment.completed"
        case (.payout, .processing), (.payout, .completed), (.payout, .rejected),
            (.payout, .cancelled):
            name = "payout.\(event.kind.rawValue)"
        default: return nil
        }
        self.event = event
        self.recipientAccount = event.domain == .payout ? recipientAccount.map(masked) : nil
        self.settledAt = settledAt
    }

    /// The record for the topic `notifications`.
    ///
    /// The header `event_id` is the same however often it is published. Within another span than the
    /// event's, it tells of that one.
    package func encoded(within span: TraceContext? = nil) -> EncodedRecord {
        var headers: [(name: String, value: [UInt8]?)] = [
            ("event_id", Array(event.id.utf8)),
            ("content-type", Array("application/json".utf8)),
        ]
        if let trace = span ?? event.trace { headers += trace.headers }
        return EncodedRecord(
            key: event.reference.map { Array($0.utf8) },
            value: value,
            headers: headers
        )
    }

    private var value: [UInt8] {
        JSONWriter.object(reserving: 256) { w in
            w.field("event", name)
            w.field("timestamp", RFC3339.format(event.occurredAt))
            w.object("data") { w in
                w.field(event.domain.idField, event.providerID)
                w.field(Reference.field, event.reference)
                w.field("status", event.kind == .paid ? "completed" : event.kind.rawValue)
                w.field("amount", raw: event.amount?.description)
                w.field("amount_paid", raw: event.amountPaid?.description)
                w.field("fee", raw: event.fee?.description)
                w.field("currency", event.currency)
                w.field("recipient_account", recipientAccount)
                w.field(event.domain == .payment ? "paid_at" : "processed_at", settledAt)
            }
        }
    }
}

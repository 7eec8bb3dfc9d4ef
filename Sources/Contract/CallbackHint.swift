import JSON

/// The check that a hint from outside asks for: the owner of the reference asks the provider.
package struct CheckRequest: Sendable {
    /// Payments or payouts.
    package var domain: Domain
    /// The merchant's reference, as it was written.
    package var reference: String
    /// `webhook` or `return`.
    package var trigger: Event.Trigger
    /// The command's `ce_id`.
    package var id: String
    /// Milliseconds since 1970.
    package var time: Int64

    package init(
        domain: Domain,
        reference: String,
        trigger: Event.Trigger,
        id: String,
        time: Int64
    ) {
        self.domain = domain
        self.reference = reference
        self.trigger = trigger
        self.id = id
        self.time = time
    }

    /// The command's record: CloudEvents in binary mode.
    package func encoded() -> EncodedRecord {
        let headers = [
            ("ce_specversion", "1.0"), ("ce_id", id), ("ce_source", "/aspayds-worker/webhooks"),
            ("ce_type", domain.typePrefix + "check"), ("ce_time", RFC3339.format(time)),
            ("ce_subject", reference), ("content-type", "application/json"),
            (Command.triggerHeader, trigger.rawValue),
        ]
        return EncodedRecord(
            key: Array(reference.utf8),
            value: JSONWriter.object { $0.field(Reference.field, reference) },
            headers: headers.map { (name: $0.0, value: Array($0.1.utf8)) }
        )
    }
}

/// What the browser says of a payment when the customer comes back: anybody can write it.
package enum ReturnStatus: String, Sendable, CaseIterable {
    /// The customer says to have paid.
    case success
    /// The customer says to have given up.
    case cancel
    /// Any other word, or none.
    case unknown

    package init(word: String?) {
        self = word.flatMap(Self.init(rawValue:)) ?? .unknown
    }
}

extension Event {
    /// The customer came back; nothing is verified.
    ///
    /// A page that is opened again has the same id.
    package static func returned(
        _ reference: String,
        _ status: ReturnStatus,
        at time: Int64
    ) -> Event {
        let upper = Reference.uppercased(reference)
        var event = Event(
            domain: .payment,
            kind: .returned,
            id: "\(Domain.payment.rawValue)/\(upper)/\(Kind.returned.rawValue)/\(status.rawValue)",
            reference: reference,
            occurredAt: time
        )
        event.status = status.rawValue
        event.trigger = .return
        return event
    }
}

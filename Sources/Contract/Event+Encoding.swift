package import Aspayds
package import JSON

extension Event {
    /// The record of this event: CloudEvents in binary mode, keyed by the reference as written.
    ///
    /// Within another span than its own, it tells of that one.
    package func encoded(within span: TraceContext? = nil) -> EncodedRecord {
        let time = RFC3339.format(occurredAt)
        var headers: [(name: String, value: [UInt8]?)] = []
        func header(_ name: String, _ text: String?) {
            guard let text else { return }
            headers.append((name, Array(text.utf8)))
        }
        header("ce_specversion", "1.0")
        header("ce_id", id)
        header("ce_source", domain.source)
        header("ce_type", type)
        header("ce_time", time)
        header("ce_subject", reference)
        header("content-type", "application/json")
        if let trace = span ?? trace { headers += trace.headers }
        return EncodedRecord(
            key: reference.map { Array($0.utf8) },
            value: JSONWriter.object(reserving: 512) { write(to: &$0, time: time) },
            headers: headers
        )
    }

    /// Writes the fields of the record's value.
    func write(to w: inout JSONWriter, time: String) {
        w.field(Reference.field, reference)
        w.field(domain.idField, providerID)
        w.field("status", status)
        w.field("certainty", certainty?.rawValue)
        w.field("origin", provenance?.rawValue)
        w.field("amount", raw: amount?.description)
        w.field("amount_paid", raw: amountPaid?.description)
        w.field("fee", raw: fee?.description)
        w.field("total_amount", raw: totalAmount?.description)
        w.field("currency", currency)
        w.field("payment_url", paymentURL)
        w.field("occurred_at", time)
        w.field("sequence", sequence)
        w.field("attempt", attempt)
        w.field("trigger", trigger?.rawValue)
        if let reason { w.object("reason") { reason.write(to: &$0) } }
        if let evidence { w.object("evidence") { evidence.write(to: &$0) } }
        if let command { w.object("command") { command.write(to: &$0) } }
        if let methods {
            w.array("methods") { w in
                for method in methods { w.object { method.write(to: &$0) } }
            }
        }
    }
}

extension Event.Reason {
    func write(to w: inout JSONWriter) {
        w.field("code", code)
        w.field("message", message)
        w.field("field", field)
        w.field("http_status", httpStatus)
    }
}

extension Event.Origin {
    func write(to w: inout JSONWriter) {
        w.field("id", id)
        w.field("topic", source.topic)
        w.field("partition", source.partition)
        w.field("offset", source.offset)
    }
}

extension PayoutMethod {
    /// The provider's own fields, in its order.
    package func write(to w: inout JSONWriter) {
        w.field("id", id)
        w.field("name", name)
        w.field("type", type)
        w.field("account_type", accountType)
        w.field("currency", currency)
        w.field("min_amount", raw: minAmount?.description)
        w.field("max_amount", raw: maxAmount?.description)
        w.field("logo", logo)
    }
}

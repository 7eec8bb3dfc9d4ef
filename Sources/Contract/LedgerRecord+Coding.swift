import Aspayds
import JSON

extension LedgerRecord {
    /// The record for the ledger topic.
    package func encoded() -> EncodedRecord {
        let value = JSONWriter.object(reserving: 1024) { w in
            w.field("kind", kind)
            switch self {
            case .intent(let intent): intent.write(to: &w)
            case .outcome(let outcome): outcome.write(to: &w)
            }
        }
        return EncodedRecord(
            key: Array(key.utf8),
            value: value,
            headers: [("content-type", Array("application/json".utf8))]
        )
    }

    /// Reads a record of the ledger.
    package init(value: UnsafeRawBufferPointer) throws(UnreadableRecord) {
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONValue.parse(value, duplicates: .refuse)
        } catch { throw UnreadableRecord(what: "not JSON: \(error)") }
        let fields = try RecordFields(parsed)
        switch try fields.required("kind") {
        case "intent": self = .intent(try Intent(fields))
        case "outcome": self = .outcome(try Outcome(fields))
        default: throw UnreadableRecord(what: "kind is neither intent nor outcome")
        }
    }
}

extension LedgerRecord.Intent {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("domain", domain.rawValue)
        w.field(Reference.field, reference)
        w.field("attempt", attempt)
        w.field("fingerprint", fingerprint.text)
        w.field("group", group)
        w.field("owner", owner)
        w.field("at", RFC3339.format(at))
        w.object("command") { command.write(to: &$0) }
        w.field("amount", raw: amount.description)
        w.field("currency", currency)
        w.field("payout_method_id", payoutMethodID)
        w.field("recipient_account", maskedAccount)
        w.field("not_after", notAfter.map(RFC3339.format))
    }

    fileprivate init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let command = try fields.object("command"),
            let fingerprint = Fingerprint(text: try fields.required("fingerprint")),
            let amount = try fields.amount("amount")
        else { throw UnreadableRecord(what: "the intent is not complete") }
        self.init(
            domain: try fields.domain(),
            reference: try fields.required(Reference.field),
            attempt: try fields.requiredInteger("attempt"),
            fingerprint: fingerprint,
            group: try fields.required("group"),
            owner: try fields.required("owner"),
            at: try fields.time("at"),
            command: try Event.Origin(command),
            amount: amount,
            currency: try fields.text("currency"),
            payoutMethodID: try fields.integer("payout_method_id")
        )
        maskedAccount = try fields.text("recipient_account")
        notAfter = try fields.text("not_after").flatMap(RFC3339.parse)
    }
}

extension LedgerRecord.Outcome {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("domain", domain.rawValue)
        w.field(Reference.field, reference)
        w.field("attempt", attempt)
        w.field("fingerprint", fingerprint.text)
        w.object("command") { command.write(to: &$0) }
        w.field("state", state.rawValue)
        w.field("sequence", sequence)
        w.field("owner", owner)
        w.field("at", RFC3339.format(at))
        w.field(domain.idField, providerID)
        if let reason { w.object("reason") { reason.write(to: &$0) } }
        guard let event, let value = event.encoded().value else { return }
        w.object("event") { w in
            w.field("id", event.id)
            w.field("type", event.type)
            w.field("traceparent", event.traceparent)
            w.field("value", raw: String(decoding: value, as: UTF8.self))
        }
    }

    fileprivate init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let state: LedgerRecord.State = try fields.word("state"),
            let command = try fields.object("command"),
            let fingerprint = Fingerprint(text: try fields.required("fingerprint"))
        else { throw UnreadableRecord(what: "the outcome is not complete") }
        let domain = try fields.domain()
        self.init(
            domain: domain,
            reference: try fields.required(Reference.field),
            attempt: try fields.requiredInteger("attempt"),
            fingerprint: fingerprint,
            command: try Event.Origin(command),
            state: state,
            sequence: try fields.requiredInteger("sequence"),
            owner: try fields.required("owner"),
            at: try fields.time("at"),
            providerID: try fields.text(domain.idField)
        )
        if let reason = try fields.object("reason") { self.reason = try Event.Reason(reason) }
        guard let event = try fields.object("event"), let value = try event.object("value") else {
            return
        }
        self.event = try Event(
            type: event.required("type"),
            id: event.required("id"),
            fields: value
        )
        self.event?.traceparent = try event.text("traceparent")
    }
}

extension RecordFields {
    fileprivate func domain() throws(UnreadableRecord) -> Domain {
        guard let domain: Domain = try word("domain") else {
            throw UnreadableRecord(what: "domain is missing")
        }
        return domain
    }

    fileprivate func time(_ name: String) throws(UnreadableRecord) -> Int64 {
        guard let time = RFC3339.parse(try required(name)) else {
            throw UnreadableRecord(what: "\(name) is not a time")
        }
        return time
    }
}

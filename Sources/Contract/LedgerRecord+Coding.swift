import Aspayds
import JSON

extension LedgerRecord {
    /// The record for the ledger topic, with its index.
    package func encoded() -> EncodedRecord {
        let value = JSONWriter.object(reserving: 1024) { w in
            w.field("kind", kind)
            switch self {
            case .claim(let claim): claim.write(to: &w)
            case .intent(let intent): intent.write(to: &w)
            case .outcome(let outcome): outcome.write(to: &w)
            }
        }
        return EncodedRecord(
            key: Array(key.utf8),
            value: value,
            headers: [
                (LedgerIndex.header, LedgerIndex(self).encoded()),
                ("content-type", Array("application/json".utf8)),
            ]
        )
    }

    /// Reads a record of the ledger.
    package init(value: UnsafeRawBufferPointer) throws(UnreadableRecord) {
        let fields = try RecordFields(value: value)
        switch try fields.required("kind") {
        case "claim": self = .claim(try Claim(fields))
        case "intent": self = .intent(try Intent(fields))
        case "outcome": self = .outcome(try Outcome(fields))
        default: throw UnreadableRecord(what: "kind is not one of claim, intent, outcome")
        }
    }
}

extension LedgerRecord.Claim {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("domain", domain.rawValue)
        w.field("group", group)
        w.field("owner", owner)
        w.field("number", number)
        w.field("partitions", partitions)
        w.field("at", RFC3339.format(at))
    }

    fileprivate init(_ fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            domain: try fields.domain(),
            group: try fields.required("group"),
            owner: try fields.required("owner"),
            number: try fields.requiredInteger("number"),
            partitions: try fields.requiredInteger("partitions"),
            at: try fields.requiredTime("at")
        )
    }
}

extension LedgerRecord.Intent {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("domain", domain.rawValue)
        w.field(Reference.field, reference)
        w.field("attempt", attempt)
        w.field("fingerprint", fingerprint.text)
        w.field("sequence", sequence)
        w.field("group", group)
        w.field("owner", owner)
        w.field("number", number)
        w.field("at", RFC3339.format(at))
        w.object("command") { command.write(to: &$0) }
        w.field("offset", offset)
        w.object("order") { order.write(to: &$0) }
        if let decision { w.object("decision") { decision.write(to: &$0) } }
    }

    fileprivate init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let order = try fields.object("order") else {
            throw UnreadableRecord(what: "order is missing")
        }
        self.init(
            domain: try fields.domain(),
            reference: try fields.required(Reference.field),
            attempt: try fields.requiredInteger("attempt"),
            fingerprint: try fields.fingerprint(),
            sequence: try fields.requiredInteger("sequence"),
            group: try fields.required("group"),
            owner: try fields.required("owner"),
            number: try fields.requiredInteger("number"),
            at: try fields.requiredTime("at"),
            command: try fields.command(),
            offset: try fields.requiredInteger("offset"),
            order: try OrderDetails(order)
        )
        if let decision = try fields.object("decision") { self.decision = try Decision(decision) }
    }
}

extension LedgerRecord.Outcome {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("domain", domain.rawValue)
        w.field(Reference.field, reference)
        w.field("attempt", attempt)
        w.field("fingerprint", fingerprint.text)
        w.object("command") { command.write(to: &$0) }
        w.field("offset", offset)
        w.field("state", state.rawValue)
        w.field("sequence", sequence)
        w.field("owner", owner)
        w.field("number", number)
        w.field("at", RFC3339.format(at))
        w.field("since", since.map(RFC3339.format))
        w.field("finding", finding.map(hexadecimal))
        w.field("unannounced", isUnannounced ? true : nil)
        if let order { w.object("order") { order.write(to: &$0) } }
        w.field(domain.idField, providerID)
        if let reason { w.object("reason") { reason.write(to: &$0) } }
        if let evidence { w.object("evidence") { evidence.write(to: &$0) } }
        if let decision { w.object("decision") { decision.write(to: &$0) } }
        guard let event else { return }
        w.object("event") { w in
            w.field("id", event.id)
            w.field("type", event.type)
            event.trace?.write(to: &w)
            w.object("value") { event.write(to: &$0, time: RFC3339.format(event.occurredAt)) }
        }
    }

    fileprivate init(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let state: LedgerRecord.State = try fields.word("state") else {
            throw UnreadableRecord(what: "state is missing")
        }
        self.init(
            domain: try fields.domain(),
            reference: try fields.required(Reference.field),
            attempt: try fields.requiredInteger("attempt"),
            fingerprint: try fields.fingerprint(),
            command: try fields.command(),
            offset: try fields.requiredInteger("offset"),
            state: state,
            sequence: try fields.requiredInteger("sequence"),
            owner: try fields.required("owner"),
            number: try fields.requiredInteger("number"),
            at: try fields.requiredTime("at")
        )
        since = try fields.time("since")
        finding = try fields.hexadecimal("finding")
        isUnannounced = try fields.flag("unannounced") ?? false
        if let order = try fields.object("order") { self.order = try OrderDetails(order) }
        providerID = try fields.text(domain.idField)
        if let reason = try fields.object("reason") { self.reason = try Event.Reason(reason) }
        if let evidence = try fields.object("evidence") { self.evidence = try Evidence(evidence) }
        if let decision = try fields.object("decision") { self.decision = try Decision(decision) }
        event = try fields.event()
    }
}

extension RecordFields {
    fileprivate func domain() throws(UnreadableRecord) -> Domain {
        guard let domain: Domain = try word("domain") else {
            throw UnreadableRecord(what: "domain is missing")
        }
        return domain
    }

    fileprivate func fingerprint() throws(UnreadableRecord) -> Fingerprint {
        guard let fingerprint = Fingerprint(text: try required("fingerprint")) else {
            throw UnreadableRecord(what: "fingerprint is not readable")
        }
        return fingerprint
    }

    fileprivate func hexadecimal(_ name: String) throws(UnreadableRecord) -> UInt64? {
        guard let text = try text(name) else { return nil }
        guard let number = UInt64(text, radix: 16) else {
            throw UnreadableRecord(what: "\(name) is not hexadecimal")
        }
        return number
    }

    fileprivate func command() throws(UnreadableRecord) -> Event.Origin {
        guard let command = try object("command") else {
            throw UnreadableRecord(what: "command is missing")
        }
        return try Event.Origin(command)
    }

    /// The event within an outcome.
    fileprivate func event() throws(UnreadableRecord) -> Event? {
        guard let fields = try object("event"), let value = try fields.object("value") else {
            return nil
        }
        var event = try Event(
            type: fields.required("type"),
            id: fields.required("id"),
            fields: value
        )
        event.trace = try TraceContext(fields)
        return event
    }
}

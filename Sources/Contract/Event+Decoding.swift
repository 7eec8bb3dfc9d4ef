import Aspayds
import JSON

/// Why a record is not an event, or not a ledger record, of this contract.
package struct UnreadableRecord: Error, Sendable, Equatable {
    /// What is wrong.
    package let what: String
}

extension Event {
    /// Reads an event that was published in binary mode.
    package init(
        headers: [(name: String, value: [UInt8]?)],
        value: UnsafeRawBufferPointer?
    ) throws(UnreadableRecord) {
        func header(_ name: String) -> String? {
            headers.first { $0.name == name }?.value.flatMap {
                String(validating: $0, as: UTF8.self)
            }
        }
        guard let type = header("ce_type"), let id = header("ce_id") else {
            throw UnreadableRecord(what: "no ce_type or no ce_id")
        }
        guard let value else { throw UnreadableRecord(what: "no value") }
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONValue.parse(value, duplicates: .refuse)
        } catch { throw UnreadableRecord(what: "not JSON: \(error)") }
        try self.init(type: type, id: id, fields: RecordFields(parsed))
        trace = TraceContext(headers)
    }

    init(type: String, id: String, fields: RecordFields) throws(UnreadableRecord) {
        guard let domain = Domain.allCases.first(where: { type.hasPrefix($0.typePrefix) }),
            let kind = Kind(rawValue: String(type.dropFirst(domain.typePrefix.utf8.count)))
        else { throw UnreadableRecord(what: "no such event: \(type.prefix(64))") }
        guard let time = try fields.text("occurred_at").flatMap(RFC3339.parse) else {
            throw UnreadableRecord(what: "occurred_at is not a time")
        }
        self.init(
            domain: domain,
            kind: kind,
            id: id,
            reference: try fields.text(Reference.field),
            occurredAt: time
        )
        providerID = try fields.text(domain.idField)
        status = try fields.text("status")
        certainty = try fields.word("certainty")
        provenance = try fields.word("origin")
        amount = try fields.amount("amount")
        amountPaid = try fields.amount("amount_paid")
        fee = try fields.amount("fee")
        totalAmount = try fields.amount("total_amount")
        currency = try fields.text("currency")
        paymentURL = try fields.text("payment_url")
        sequence = try fields.integer("sequence")
        attempt = try fields.integer("attempt")
        trigger = try fields.word("trigger")
        if let reason = try fields.object("reason") { self.reason = try Reason(reason) }
        if let evidence = try fields.object("evidence") { self.evidence = try Evidence(evidence) }
        if let command = try fields.object("command") { self.command = try Origin(command) }
        if let methods = try fields.objects("methods") {
            var list: [PayoutMethod] = []
            for method in methods { list.append(try PayoutMethod(record: method)) }
            self.methods = list
        }
    }
}

extension Event.Reason {
    init(_ fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            code: try fields.required("code"),
            message: try fields.text("message"),
            field: try fields.text("field"),
            httpStatus: try fields.integer("http_status")
        )
    }
}

extension Event.Origin {
    init(_ fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            id: try fields.required("id"),
            source: CommandSource(
                topic: try fields.required("topic"),
                partition: try fields.requiredInteger("partition"),
                offset: try fields.requiredInteger("offset")
            )
        )
    }
}

extension PayoutMethod {
    init(record fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            id: try fields.requiredInteger("id"),
            name: try fields.required("name"),
            type: try fields.text("type"),
            accountType: try fields.text("account_type"),
            currency: try fields.text("currency"),
            minAmount: try fields.amount("min_amount"),
            maxAmount: try fields.amount("max_amount"),
            logo: try fields.text("logo")
        )
    }
}

/// Reads the fields of a record that we wrote ourselves; unknown ones are ignored.
struct RecordFields {
    let object: JSONObject

    init(_ value: JSONValue) throws(UnreadableRecord) {
        guard let object = value.object else { throw UnreadableRecord(what: "not an object") }
        self.object = object
    }

    /// Reads a record's value.
    init(value: UnsafeRawBufferPointer) throws(UnreadableRecord) {
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONValue.parse(value, duplicates: .refuse)
        } catch { throw UnreadableRecord(what: "not JSON: \(error)") }
        try self.init(parsed)
    }

    private func value(_ name: String) -> JSONValue? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    private func read<Value>(
        _ name: String,
        _ convert: (JSONValue) -> Value?
    ) throws(UnreadableRecord) -> Value? {
        guard let value = value(name) else { return nil }
        guard let converted = convert(value) else {
            throw UnreadableRecord(what: "\(name) is not readable")
        }
        return converted
    }

    func flag(_ name: String) throws(UnreadableRecord) -> Bool? {
        try read(name) { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    private func require<Value>(
        _ name: String,
        _ value: Value?
    ) throws(UnreadableRecord) -> Value {
        guard let value else { throw UnreadableRecord(what: "\(name) is missing") }
        return value
    }

    func text(_ name: String) throws(UnreadableRecord) -> String? { try read(name, \.text) }

    func required(_ name: String) throws(UnreadableRecord) -> String {
        try require(name, text(name))
    }

    func word<Word: RawRepresentable<String>>(_ name: String) throws(UnreadableRecord) -> Word? {
        try read(name) { $0.text.flatMap(Word.init(rawValue:)) }
    }

    func amount(_ name: String) throws(UnreadableRecord) -> Amount? {
        try read(name) { try? Amount($0, fractionDigits: 3) }
    }

    func number(_ name: String) throws(UnreadableRecord) -> Double? {
        try read(name) { if case .number(let text) = $0 { Double(text) } else { nil } }
    }

    func integer<Number: FixedWidthInteger>(
        _ name: String
    ) throws(UnreadableRecord) -> Number? {
        try read(name) { $0.integer() }
    }

    func requiredInteger<Number: FixedWidthInteger>(
        _ name: String
    ) throws(UnreadableRecord) -> Number {
        try require(name, integer(name))
    }

    func object(_ name: String) throws(UnreadableRecord) -> RecordFields? {
        guard let value = value(name) else { return nil }
        return try RecordFields(value)
    }

    func objects(_ name: String) throws(UnreadableRecord) -> [RecordFields]? {
        guard let array = try array(name) else { return nil }
        var list: [RecordFields] = []
        for element in array { list.append(try RecordFields(element)) }
        return list
    }

    func array(_ name: String) throws(UnreadableRecord) -> [JSONValue]? { try read(name, \.array) }
}

extension JSONValue {
    /// A whole number that fits.
    func integer<Number: FixedWidthInteger>() -> Number? {
        if case .number(let text) = self { Number(text) } else { nil }
    }
}

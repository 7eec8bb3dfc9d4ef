import JSON

/// Why an answer is not what the documentation says.
struct Unreadable: Error {
    let what: String
}

/// Reads the fields of an answer.
///
/// Unknown fields are ignored, and one that is absent or null is nil; one of the wrong type makes
/// the answer unreadable. The first of several fields with the same name counts: the payout answer
/// has two called `status`.
struct AnswerFields {
    let object: JSONObject

    init(_ value: JSONValue) throws(Unreadable) {
        guard let object = value.object else { throw Unreadable(what: "not an object") }
        self.object = object
    }

    init(body: [UInt8]) throws(Unreadable) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(body, duplicates: .keep)
        } catch { throw Unreadable(what: "not JSON: \(error)") }
        try self.init(value)
    }

    func value(_ name: String) -> JSONValue? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    /// A text; a number counts as the text it was written as.
    func text(_ name: String, atMost limit: Int = 255) throws(Unreadable) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.scalarText, text.utf8.count <= limit * 4,
            text.unicodeScalars.count <= limit
        else { throw Unreadable(what: "\(name) is not a text") }
        return text
    }

    /// A text that must be there and not empty.
    func required(_ name: String) throws(Unreadable) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw Unreadable(what: "\(name) is missing")
        }
        return text
    }

    func amount(_ name: String) throws(Unreadable) -> Amount? {
        guard let value = value(name) else { return nil }
        guard let amount = try? Amount(value, fractionDigits: 3) else {
            throw Unreadable(what: "\(name) is not an amount")
        }
        return amount
    }

    func array(_ name: String) throws(Unreadable) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        guard let array = value.array else { throw Unreadable(what: "\(name) is not an array") }
        return array
    }

    /// A read is successful unless it says otherwise; what it is about comes in other fields.
    func requireSuccess() throws(Unreadable) {
        if let status = value("status"), status.text != "success" {
            throw Unreadable(what: "status is not success")
        }
    }
}

extension PaymentStatus {
    init(_ fields: AnswerFields) throws(Unreadable) {
        self.init(
            invoiceID: try fields.text("invoice_id"),
            transactionReference: try fields.text(referenceField),
            status: try fields.required("status"),
            amount: try fields.amount("amount"),
            amountPaid: try fields.amount("amount_paid"),
            paidAt: try fields.text("paid_at"),
            currency: try fields.text("currency")
        )
    }
}

extension PayoutStatus {
    init(_ fields: AnswerFields) throws(Unreadable) {
        self.init(
            payoutID: try fields.text("payout_id"),
            transactionReference: try fields.text(referenceField),
            status: try fields.required("status"),
            amount: try fields.amount("amount"),
            fee: try fields.amount("fee"),
            totalAmount: try fields.amount("total_amount"),
            recipientName: try fields.text("recipient_name", atMost: 1024),
            recipientAccount: try fields.text("recipient_account", atMost: 1024),
            processedAt: try fields.text("processed_at"),
            createdAt: try fields.text("created_at")
        )
    }
}

extension PayoutMethod {
    init(_ fields: AnswerFields) throws(Unreadable) {
        guard let id = Int64(try fields.required("id")) else {
            throw Unreadable(what: "id is not an integer")
        }
        self.init(
            id: id,
            name: try fields.required("name"),
            type: try fields.text("type"),
            accountType: try fields.text("account_type"),
            currency: try fields.text("currency"),
            minAmount: try fields.amount("min_amount"),
            maxAmount: try fields.amount("max_amount"),
            logo: try fields.text("logo", atMost: 8192)
        )
    }
}

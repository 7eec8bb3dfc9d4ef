import Contract
import JSON

/// Decodes one record, given as texts.
func decode(
    _ domain: Domain,
    _ value: String?,
    key: String? = nil,
    headers: [(String, String)] = [],
    callback: CallbackAddress? = nil
) -> Result<Command, Rejection> {
    decode(
        domain,
        bytes: value.map { Array($0.utf8) },
        key: key,
        headers: headers,
        callback: callback
    )
}

/// Decodes one record.
func decode(
    _ domain: Domain,
    bytes: [UInt8]?,
    key: String? = nil,
    headers: [(String, String)] = [],
    callback: CallbackAddress? = nil
) -> Result<Command, Rejection> {
    let decoder = CommandDecoder(domain: domain, callback: callback)
    let headers = headers.map { (name: $0.0, value: Optional(Array($0.1.utf8))) }
    func decode(_ key: UnsafeRawBufferPointer?) -> Result<Command, Rejection> {
        guard let bytes else {
            return decoder.decode(key: key, value: nil, headers: headers, source: source)
        }
        return bytes.withUnsafeBytes {
            decoder.decode(key: key, value: $0, headers: headers, source: source)
        }
    }
    guard let key else { return decode(nil) }
    return Array(key.utf8).withUnsafeBytes { decode($0) }
}

/// Where the records of these tests come from.
let source = CommandSource(topic: "aspayds.payment.commands", partition: 3, offset: 42)

/// A trace that is in nobody else's examples.
let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

let paymentFields: [(name: String, json: String)] = [
    ("transaction_reference", "\"TRX1001\""), ("amount", "100"), ("customer_name", "\"Rahim\""),
    ("callback_url", "\"https://shop.example/cb\""),
]

let payoutFields: [(name: String, json: String)] = [
    ("transaction_reference", "\"WD1\""), ("payout_method_id", "1"), ("amount", "500"),
    ("recipient_name", "\"John Doe\""), ("recipient_account", "\"01712345678\""),
]

/// A valid command, with one field set to some JSON, or left out.
func command(_ domain: Domain, _ field: String? = nil, _ json: String? = nil) -> String {
    var fields = domain == .payment ? paymentFields : payoutFields
    if let field {
        fields.removeAll { $0.name == field }
        if let json { fields.append((field, json)) }
    }
    return "{" + fields.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
}

extension Result {
    var success: Success? { try? get() }

    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

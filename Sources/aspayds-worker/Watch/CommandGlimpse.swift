import Aspayds
import Contract
import JSON

/// What a command asks for, for people: without judging it, and without what is nobody's business.
struct CommandGlimpse {
    /// The last part of its type, such as `create`; nil where it cannot be told.
    let kind: String?
    let reference: String?
    /// Amount, method, masked account and the like.
    let details: [String]

    init(
        _ domain: Domain,
        headers: [(name: String, value: [UInt8]?)],
        value: UnsafeRawBufferPointer?
    ) {
        func header(_ name: String) -> String? {
            headers.last { $0.name.lowercased() == name }?.value.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        let parsed = value.flatMap { try? JSONValue.parse($0, duplicates: .keep) }?.object
        let isStructured = header("content-type")?.hasPrefix("application/cloudevents") ?? false
        let fields = isStructured ? parsed?["data"]?.object : parsed
        let type = isStructured ? parsed?["type"]?.text : header("ce_type")
        let first = fields.map { _ in domain == .payment ? "create" : "request" }
        kind = type.map { String($0.split(separator: ".").last?.prefix(32) ?? "-") } ?? first
        reference = fields?[Reference.field]?.text
        var details = fields.map(Self.details) ?? ["not readable"]
        if let trigger = header(Command.triggerHeader) { details.append("because of a \(trigger)") }
        if let letter = Replay.deadLetter(headers) {
            details.append("a replay of \(letter)")
        } else if Forward.isForwarded(headers) {
            details.append("forwarded to its home partition")
        }
        self.details = details
    }

    private static func details(_ fields: JSONObject) -> [String] {
        var details: [String] = []
        if let value = fields["amount"], let amount = try? Amount(value, fractionDigits: 3) {
            let currency = fields["currency"]?.text.map { " \($0.prefix(3))" } ?? ""
            details.append("\(amount)\(currency)")
        }
        if case .number(let method)? = fields["payout_method_id"] {
            details.append("method \(method.prefix(20))")
        }
        if let account = fields["recipient_account"]?.text {
            details.append("to \(masked(account: account))")
        }
        if let time = fields["not_after"]?.text.flatMap(RFC3339.parse) {
            details.append("not after \(Moment.text(time))")
        }
        return details
    }
}

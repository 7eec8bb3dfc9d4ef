import Aspayds
import Contract
import JSON

/// The value of a dead letter as it may be shown: what may be somebody's account or name is masked.
enum MaskedValue {
    /// The most characters that are shown.
    static let longest = 2000

    /// The fields of commands and of their envelopes that are about nobody.
    private static let open: Set<String> = [
        Reference.field, "amount", "currency", "payout_method_id", "not_after", "invoice_id",
        "payout_id", "specversion", "id", "type", "source", "time", "datacontenttype",
    ]

    /// JSON with its structure and the fields that are about nobody; of anything else only its
    /// shape, letters as x and digits as 9.
    static func text(_ value: [UInt8]) -> String {
        guard let json = try? JSONValue.parse(value, duplicates: .keep) else { return shape(value) }
        var writer = JSONWriter(reserving: value.count)
        write(json, of: nil, to: &writer)
        return cut(printable(String(decoding: writer.bytes, as: UTF8.self)))
    }

    /// What nobody knows may hold anything.
    static func shape(_ bytes: [UInt8]) -> String {
        let text = escaped(bytes.prefix(longest + 1)) { scalar in
            scalar.properties.isAlphabetic
                ? "x" : scalar.properties.numericType == nil ? scalar : "9"
        }
        return cut(text)
    }

    private static func cut(_ text: String) -> String {
        text.count > longest ? text.prefix(longest) + "…" : text
    }

    private static func write(_ value: JSONValue, of name: String?, to w: inout JSONWriter) {
        switch value {
        case .object(let object):
            w.object { w in
                for (name, value) in object.members {
                    w.name(maskingDigits(name))
                    write(value, of: name, to: &w)
                }
            }
        case .array(let elements):
            w.array { w in for element in elements { write(element, of: name, to: &w) } }
        case .string(let text): w.string(shown(text, of: name))
        case .number(let text):
            let shown = shown(text, of: name)
            shown == text ? w.raw(text) : w.string(shown)
        case .bool, .null: w.value(value)
        }
    }

    /// An account may stand in the wrong field: long runs of digits are masked, but those of a
    /// reference and of an amount that nobody's account is as short as.
    private static func shown(_ text: String, of name: String?) -> String {
        if name == "recipient_account" { return masked(account: text) }
        guard let name, open.contains(name) else { return Secret.mask }
        let isPlain =
            name == Reference.field
            ? Reference.isValid(text, .payout) : name == "amount" && text.count <= 9
        return isPlain ? text : maskingDigits(text)
    }
}

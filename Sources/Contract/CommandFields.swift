import Aspayds
import JSON

/// The fields of a command's value, each read against CONTRACT.md, "Limits".
///
/// A field that is null counts as absent.
struct CommandFields {
    let object: JSONObject

    /// Every field must be known: a typing error must not pay the wrong thing.
    func allow(_ names: [String]) throws(Problem) {
        for (name, _) in object.members where !names.contains(name) {
            throw Problem(
                .unknownField,
                name,
                "\(Problem.shown(name)): no such field; there are \(names.joined(separator: ", "))"
            )
        }
    }

    func value(_ name: String) -> JSONValue? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    private func required(_ name: String) throws(Problem) -> JSONValue {
        guard let value = value(name) else {
            throw Problem(.missingField, name, "\(name) is missing")
        }
        return value
    }

    private func invalid(_ name: String, _ value: String?, _ allowed: String) -> Problem {
        let shown = value.map { "\(name) \"\(Problem.shown($0))\"" } ?? name
        return Problem(.invalidField, name, "\(shown): \(allowed)")
    }

    // MARK: Texts

    /// A text about people: its value is never repeated in a message.
    func personal(_ name: String) throws(Problem) -> String {
        try personal(name, required(name))
    }

    func optionalPersonal(_ name: String, atMost limit: Int) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        return try personal(name, value, atMost: limit)
    }

    private func personal(
        _ name: String,
        _ value: JSONValue,
        atMost limit: Int = 255
    ) throws(Problem) -> String {
        guard let text = value.text, text.unicodeScalars.count <= limit, !text.isBlank,
            !text.hasControlCharacters
        else {
            let allowed = "a string of 1 to \(limit) characters, not blank, no control characters"
            throw invalid(name, nil, allowed)
        }
        return text
    }

    /// Three upper-case letters.
    func currency() throws(Problem) -> String? {
        guard let value = value("currency") else { return nil }
        guard let text = value.text, text.utf8.count == 3,
            text.utf8.allSatisfy({ UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 })
        else { throw invalid("currency", value.text, "three upper-case letters, such as BDT") }
        return text
    }

    func notAfter() throws(Problem) -> Int64? {
        guard let value = value("not_after") else { return nil }
        guard let milliseconds = value.text.flatMap(RFC3339.parse) else {
            throw invalid(
                "not_after",
                value.text,
                "a time of RFC 3339, such as 2026-02-09T21:30:00Z"
            )
        }
        return milliseconds
    }

    func url(_ name: String) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.text, WebAddress.isValid(text) else {
            throw invalid(
                name,
                value.text,
                "an http or https address with a host, at most \(WebAddress.longest) characters"
            )
        }
        return text
    }

    // MARK: Numbers

    /// A positive amount, exact in the currency.
    func amount(currency: String?) throws(Problem) -> Amount {
        let value = try required("amount")
        let written: String? =
            switch value {
            case .number(let text), .string(let text): text
            default: nil
            }
        do throws(AmountError) {
            let digits = Currency.fractionDigits(currency)
            let amount = try Amount(value, fractionDigits: digits)
            guard amount > .zero else { throw .notAnAmount }
            return amount
        } catch {
            let rule = error == .notAnAmount ? "a positive number, plain digits" : "\(error)"
            throw invalid("amount", written, rule)
        }
    }

    func methodID() throws(Problem) -> Int64 {
        let value = try required("payout_method_id")
        guard case .number(let text) = value, let id = Int64(text), id > 0 else {
            throw invalid("payout_method_id", nil, "a positive integer")
        }
        return id
    }

    // MARK: Names of transactions

    func reference(_ domain: Domain) throws(Problem) -> String {
        let value = try required(Reference.field)
        guard let text = value.text else {
            throw invalid(Reference.field, nil, "a string, not \(value.kind)")
        }
        guard Reference.isValid(text, domain) else {
            throw invalid(Reference.field, text, Reference.rule(domain))
        }
        return text
    }

    /// What a check is about: exactly one of the two names.
    func subject(_ domain: Domain) throws(Problem) -> Command.Subject {
        guard let id = value(domain.idField) else { return .reference(try reference(domain)) }
        guard value(Reference.field) == nil else {
            throw Problem(
                .invalidField,
                domain.idField,
                "\(domain.idField): not together with \(Reference.field)"
            )
        }
        guard let text = id.text, Reference.isID(text) else {
            throw invalid(domain.idField, id.text, Reference.idRule)
        }
        return .id(text)
    }
}

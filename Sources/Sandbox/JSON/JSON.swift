/// A JSON value as the sandbox reads and writes it; numbers keep their text, so amounts stay exact.
///
/// The sandbox has a JSON of its own on purpose: a mistake in the client's would otherwise cancel
/// itself out in every test.
enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One name and its value; a list of them keeps the order, and a name may appear twice.
    struct Member: Sendable, Equatable {
        let name: String
        let value: JSON
    }

    /// The last member of that name, as PHP's `json_decode` takes it.
    subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number that fits.
    var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// Any number, as a `Double`: for rates and durations, never for amounts.
    var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .number(String(value)) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }

    /// A whole number.
    static func integer(_ value: Int) -> JSON { .number(String(value)) }

    /// A string, or null.
    static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}

/// A JSON text as a value (RFC 8259).
///
/// Numbers stay as they were written: money is never a Double.
package enum JSONValue: Sendable, Equatable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as written.
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array.
    indirect case array([JSONValue])
    /// An object, its members in the order of the text.
    indirect case object(JSONObject)

    /// The text of a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The object, when this is one.
    package var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The elements, when this is an array.
    package var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether this is `null`.
    package var isNull: Bool { self == .null }

    /// What kind of value this is, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object, in the order of the text.
package struct JSONObject: Sendable, Equatable {
    /// Every member, duplicates included where the parser was told to keep them.
    package let members: [(name: String, value: JSONValue)]

    package init(_ members: [(name: String, value: JSONValue)]) { self.members = members }

    /// The first member of that name.
    package subscript(_ name: String) -> JSONValue? {
        for member in members where member.name == name { return member.value }
        return nil
    }

    /// All members of that name.
    package func all(_ name: String) -> [JSONValue] {
        members.filter { $0.name == name }.map(\.value)
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.elementsEqual(right.members) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Equatable, Sendable {
    /// What is wrong with a text.
    package enum Problem: Equatable, Sendable {
        /// Something else was expected here.
        case syntax(expected: String)
        /// The object has this name already.
        case duplicateKey(String)
        /// The bytes are not UTF-8.
        case invalidUTF8
        /// Arrays and objects are nested too deep.
        case tooDeep
    }

    /// The byte at which parsing stopped.
    package let offset: Int
    /// What is wrong there.
    package let problem: Problem

    package init(offset: Int, problem: Problem) {
        self.offset = offset
        self.problem = problem
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        switch problem {
        case .syntax(let expected): "expected \(expected) at byte \(offset)"
        case .duplicateKey(let name): "duplicate name \(name.prefix(64)) at byte \(offset)"
        case .invalidUTF8: "invalid UTF-8 at byte \(offset)"
        case .tooDeep: "nested too deep at byte \(offset)"
        }
    }
}

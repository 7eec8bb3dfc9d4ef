import JSON

/// What a well-formed 400 or 422 refuses.
///
/// Only a refusal that names a documented field other than the reference proves that nothing was
/// created. Anything that could mean "this reference is already taken" may be the answer to a
/// duplicate of an order that was executed, and is in doubt.
enum Refusal: Equatable {
    /// It names a field other than the reference.
    case validation(field: String)
    /// It names the reference, or could mean that it is taken.
    case mayBeTaken(field: String?)
    /// It names nothing that we know.
    case unattributable

    private static let suspicious = [
        "reference", "already", "duplicate", "exists", "taken", "unique",
    ]

    init(_ answer: AnswerFields, fields: [String]) {
        var words = Self.texts(answer.value("message")) + Self.texts(answer.value("error"))
        let errors = answer.value("errors")
        words += Self.texts(errors)
        let keys = errors?.object?.members.map(\.name) ?? []

        let isSuspicious = words.contains { text in
            let text = text.lowercased()
            return Self.suspicious.contains { text.contains($0) }
        }
        if keys.contains(referenceField) || isSuspicious {
            self = .mayBeTaken(field: keys.contains(referenceField) ? referenceField : nil)
        } else if let first = keys.first {
            self = keys.allSatisfy(fields.contains) ? .validation(field: first) : .unattributable
        } else if let field = fields.first(where: { field in
            words.contains { Self.names(field, in: $0) }
        }) {
            self = .validation(field: field)
        } else {
            self = .unattributable
        }
    }

    /// Every text within a value.
    private static func texts(_ value: JSONValue?) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap { texts($0) }
        case .object(let object): object.members.flatMap { texts($0.value) }
        default: []
        }
    }

    /// Whether a text contains the field's name as a word, with underscores or spaces.
    private static func names(_ field: String, in text: String) -> Bool {
        let separators: (Character) -> Bool = { !$0.isLetter && !$0.isNumber }
        let words = text.lowercased().split(whereSeparator: separators)
        let name = field.split(separator: "_")
        return words.indices.contains { words[$0...].starts(with: name) }
    }
}

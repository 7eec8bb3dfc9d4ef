/// What the provider answers: a status and a JSON body.
struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ body: JSON) {
        self.status = status
        self.body = body.bytes
    }

    /// An error with a message and nothing else.
    static func failure(_ status: Int, _ message: String) -> Answer {
        Answer(status, ["status": "error", "message": .string(message)])
    }

    /// 422 in Laravel's form: the first message, and every message by field.
    static func invalid(_ problems: [Problem]) -> Answer {
        var fields: [JSON.Member] = []
        for problem in problems where !fields.contains(where: { $0.name == problem.field }) {
            let messages = problems.filter { $0.field == problem.field }.map(\.message)
            fields.append(
                JSON.Member(name: problem.field, value: .array(messages.map(JSON.string)))
            )
        }
        let others = problems.count - 1
        let rest = others > 0 ? " (and \(others) more error\(others > 1 ? "s" : ""))" : ""
        return Answer(
            422,
            [
                "status": "error",
                "message": .string((problems.first?.message ?? "Invalid.") + rest),
                "errors": .object(fields),
            ]
        )
    }

    static func taken() -> Answer {
        .invalid([
            Problem("transaction_reference", "The transaction reference has already been taken.")
        ])
    }
}

/// One field and what is wrong with it.
struct Problem: Equatable {
    let field: String
    let message: String

    init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}

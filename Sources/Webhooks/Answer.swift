import HTTPTypes

/// An answer of the receiver.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var contentType = "text/plain; charset=utf-8"
    var body: String
    var fields: [(name: HTTPField.Name, value: String)] = []

    /// Nothing is to be stored, guessed, or told to the next page: the address is a secret.
    private static let always: [(name: String, value: String)] = [
        ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex"),
    ]

    /// The same for every address that is not ours: nothing can be learned from it.
    static let notFound = Answer(status: .notFound, body: "not found\n")
    static let tooLarge = Answer(status: .contentTooLarge, body: "the body is too large\n")
    static let incomplete = Answer(status: .badRequest, body: "the body is not complete\n")
    static let received = Answer(
        status: .ok,
        contentType: "application/json",
        body: #"{"received":true}"#
    )
    static let unavailable = Answer(
        status: .serviceUnavailable,
        body: "not stored; send it again\n",
        fields: [(.retryAfter, "5")]
    )

    static func notAllowed(_ methods: String) -> Answer {
        Answer(
            status: .methodNotAllowed,
            body: "the methods are \(methods)\n",
            fields: [(.allow, methods)]
        )
    }

    var head: HTTPResponse {
        var headers = HTTPFields()
        headers[.contentType] = contentType
        headers[.contentLength] = String(body.utf8.count)
        for (name, value) in Self.always {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        for (name, value) in fields { headers[name] = value }
        return HTTPResponse(status: status, headerFields: headers)
    }
}

/// A call that did not end in the documented success.
public struct AspaydsError: Error, Equatable, Sendable {
    /// What is known of the order after the call.
    ///
    /// A read has no order: for it nothing is at stake.
    public enum Certainty: String, Sendable {
        /// The provider said no; nothing was created.
        case refused
        /// Nothing was handed over, or it was turned away at the door.
        case notSent = "not_sent"
        /// It may have been executed.
        case inDoubt = "in_doubt"
    }

    /// What happened; the raw values are stable.
    public enum Code: String, Sendable, CaseIterable {
        /// Not sent: the last check before transmission said no.
        case notPermitted = "not_permitted"
        /// Not sent: no connection could be made.
        case connectionFailed = "connection_failed"
        /// Not sent: the connection could not be secured.
        case tlsFailed = "tls_failed"
        /// Not sent: no connection was free before the time-out.
        case noConnection = "no_connection"
        /// Not sent: the call itself cannot be made, such as a batch of more than 100 ids.
        case invalidRequest = "invalid_request"
        /// Not sent: the provider's rate limit (429).
        case rateLimited = "rate_limited"
        /// Not sent: the credentials were not accepted (401).
        case unauthorized
        /// Refused: a field other than the reference is not acceptable (400, 422).
        case validation
        /// In doubt: no whole answer in time.
        case timeout
        /// In doubt: the connection broke before a whole answer.
        case connectionLost = "connection_lost"
        /// In doubt: the server failed (5xx).
        case serverError = "server_error"
        /// In doubt: the answer points elsewhere (3xx); it is not followed.
        case redirected
        /// In doubt: a success that cannot be read.
        case malformedAnswer = "malformed_answer"
        /// In doubt: a success without an id, with another status, or about something else.
        case contradiction
        /// In doubt: the reference may be taken, perhaps by this very order (409, 400, 422).
        case referenceTaken = "reference_taken"
        /// In doubt: 403.
        case forbidden
        /// In doubt: 404.
        case notFound = "not_found"
        /// In doubt: any other status, and a refusal that names no field.
        case unexpectedStatus = "unexpected_status"

        /// What is known of the order after this.
        public var certainty: Certainty {
            switch self {
            case .notPermitted, .connectionFailed, .tlsFailed, .noConnection, .invalidRequest,
                .rateLimited, .unauthorized:
                .notSent
            case .validation: .refused
            case .timeout, .connectionLost, .serverError, .redirected, .malformedAnswer,
                .contradiction, .referenceTaken, .forbidden, .notFound, .unexpectedStatus:
                .inDoubt
            }
        }
    }

    /// What happened.
    public let code: Code
    /// The status of the answer, if there was one.
    public let httpStatus: Int?
    /// The field of the request that the provider named.
    public let field: String?
    /// The provider's words, or what went wrong; cleaned and at most 300 characters.
    public let message: String?
    /// How long the provider asks to wait, at most an hour.
    public let retryAfter: Duration?

    /// What is known of the order after the call.
    public var certainty: Certainty { code.certainty }

    /// An error.
    public init(
        code: Code,
        httpStatus: Int? = nil,
        field: String? = nil,
        message: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.httpStatus = httpStatus
        self.field = field
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension AspaydsError: CustomStringConvertible {
    /// The code, the status, the field and the message.
    public var description: String {
        var text = code.rawValue
        if let httpStatus { text += " (HTTP \(httpStatus))" }
        if let field { text += ", \(field)" }
        if let message { text += ": \(message)" }
        return text
    }
}

/// Carries one request to the provider, once.
public protocol Transport: Sendable {
    /// Sends a request at most once and says what is known afterwards.
    ///
    /// Once the first byte of the body was handed over, the result is never `notSent`.
    func send(_ request: TransportRequest) async -> TransportResult
}

/// A request, ready to be sent.
public struct TransportRequest: Sendable {
    /// The methods that the provider knows.
    public enum Method: String, Sendable {
        /// A read.
        case get = "GET"
        /// Anything with a body.
        case post = "POST"
    }

    /// The method.
    public var method: Method
    /// The whole address.
    public var url: String
    /// The headers, credentials among them: never to be logged.
    public var headers: [(String, String)]
    /// The body.
    public var body: [UInt8]?
    /// The time for the whole exchange.
    public var timeout: Duration
    /// A longer answer is cut off and counts as lost.
    public var maxAnswerBytes: Int
    /// Asked once, immediately before the first byte of the body is handed over; on no, nothing is.
    public var mayTransmit: (@Sendable () -> Bool)?

    /// A request.
    public init(
        method: Method,
        url: String,
        headers: [(String, String)],
        body: [UInt8]? = nil,
        timeout: Duration,
        maxAnswerBytes: Int,
        mayTransmit: (@Sendable () -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxAnswerBytes = maxAnswerBytes
        self.mayTransmit = mayTransmit
    }
}

/// What became of a request.
public enum TransportResult: Equatable, Sendable {
    /// A whole answer.
    case answered(status: Int, retryAfter: String?, body: [UInt8])
    /// Nothing of the body was handed over.
    case notSent(NotSentReason, detail: String)
    /// It was handed over, and there is no whole answer.
    case lost(LostReason, detail: String)

    /// Why nothing was sent.
    public enum NotSentReason: String, Sendable {
        /// `mayTransmit` said no.
        case notPermitted
        /// No connection could be made.
        case connectionFailed
        /// The connection could not be secured.
        case tlsFailed
        /// No connection was free in time.
        case noConnection
        /// The request itself is not one.
        case invalidRequest
    }

    /// Why there is no whole answer.
    public enum LostReason: String, Sendable {
        /// Not in time.
        case timeout
        /// The connection broke.
        case connectionLost
        /// It is not HTTP, or longer than allowed.
        case malformedAnswer
    }
}

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// One request and its answer: notes when the request was handed over, and collects the answer.
///
/// All callbacks come on one event loop, the lock makes what they write visible to the caller. Once
/// the exchange has failed, the library does not ask for the body any more, so that "not sent" stays
/// true.
final class Exchange: HTTPClientResponseDelegate {
    struct Answer: Sendable {
        var status = 0
        var retryAfter: String?
        var body: [UInt8] = []
    }

    private struct State {
        var isHandedOver = false
        var answer = Answer()
    }

    let eventLoop: any EventLoop
    private let request: TransportRequest
    private let proxy: HTTPProxy?
    private let state = Mutex(State())

    init(_ request: TransportRequest, on eventLoop: any EventLoop, through proxy: HTTPProxy?) {
        self.request = request
        self.eventLoop = eventLoop
        self.proxy = proxy
    }

    // MARK: Handing over

    /// The body, whose first byte is the point of no return.
    var body: HTTPClient.Body? {
        guard let bytes = request.body else { return nil }
        return .stream(contentLength: Int64(bytes.count)) { [self] writer in
            guard request.mayTransmit?() ?? true else {
                return eventLoop.makeFailedFuture(NotPermitted())
            }
            state.withLock { $0.isHandedOver = true }
            return writer.write(.byteBuffer(ByteBuffer(bytes: bytes)))
        }
    }

    /// Without a body, the head is all there is.
    func didSendRequestHead(task: HTTPClient.Task<Answer>, _ head: HTTPRequestHead) {
        if request.body == nil { state.withLock { $0.isHandedOver = true } }
    }

    // MARK: The answer

    func didReceiveHead(
        task: HTTPClient.Task<Answer>,
        _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        state.withLock {
            $0.answer.status = Int(head.status.code)
            $0.answer.retryAfter = head.headers.first(name: "retry-after")
        }
        return eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Answer>,
        _ part: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let fits = state.withLock { state in
            guard state.answer.body.count + part.readableBytes <= request.maxAnswerBytes else {
                return false
            }
            state.answer.body.append(contentsOf: part.readableBytesView)
            return true
        }
        return fits
            ? eventLoop.makeSucceededVoidFuture() : eventLoop.makeFailedFuture(AnswerTooLong())
    }

    func didFinishRequest(task: HTTPClient.Task<Answer>) -> Answer {
        state.withLock { $0.answer }
    }

    // MARK: Failing

    /// What is known after an error.
    func failed(_ error: any Error) -> TransportResult {
        let detail = detail(error)
        return state.withLock { $0.isHandedOver }
            ? .lost(Self.lost(error), detail: detail)
            : .notSent(Self.notSent(error), detail: detail)
    }

    private static func notSent(_ error: any Error) -> TransportResult.NotSentReason {
        switch error {
        case is NotPermitted: .notPermitted
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .tlsFailed
        case let error as HTTPClientError:
            switch error {
            case .tlsHandshakeTimeout: .tlsFailed
            case .getConnectionFromPoolTimeout, .deadlineExceeded, .cancelled, .alreadyShutdown:
                .noConnection
            default: .connectionFailed
            }
        default: .connectionFailed
        }
    }

    private static func lost(_ error: any Error) -> TransportResult.LostReason {
        switch error {
        // An answer that ends too early was cut off, not garbled.
        case HTTPParserError.invalidEOFState: .connectionLost
        case is AnswerTooLong, is HTTPParserError: .malformedAnswer
        case let error as HTTPClientError
        where [.deadlineExceeded, .readTimeout, .writeTimeout].contains(error):
            .timeout
        default: .connectionLost
        }
    }

    /// A few words; never the request, nor the login at a proxy.
    private func detail(_ error: any Error) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "the certificate is for another host: check the address"
        case NIOSSLError.handshakeFailed(let reason):
            "\(reason)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "the certificate is not trusted: check SSL_CERT_FILE"
                : "the TLS handshake failed"
        case is NotPermitted: "the last check before transmission said no"
        case is AnswerTooLong: "the answer is longer than allowed"
        case let error as HTTPClientError: detail(error)
        case let error as NIOConnectionError:
            error.host == proxy?.host && error.port == proxy?.port
                ? "no connection to the proxy \(place)"
                : "no connection to \(error.host):\(error.port)"
        case let error as IOError: "\(error)"
        default: "\(type(of: error))"
        }
    }

    private func detail(_ error: HTTPClientError) -> String {
        switch error {
        case .proxyAuthenticationRequired:
            "the proxy \(place) wants another login (407): check the one in HTTPS_PROXY"
        case .invalidProxyResponse: "the proxy \(place) refuses the connection"
        case .httpProxyHandshakeTimeout,
            .connectTimeout where proxy != nil:
            "the proxy \(place), or what is behind it, does not answer"
        default: error.shortDescription
        }
    }

    private var place: String { proxy.map { "\($0)" } ?? "" }
}

private struct NotPermitted: Error {}

private struct AnswerTooLong: Error {}

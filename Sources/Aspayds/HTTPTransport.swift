import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Carries requests over HTTP, each of them once.
///
/// No redirect is followed, nothing is sent again, no answer is decompressed or longer than allowed.
/// A request with a body is handed over in one piece, by the closure that streams the body: it runs
/// when a connection is ready, so that everything before it is known not to be sent.
public final class HTTPTransport: Transport {
    /// How connections are made and kept.
    public struct Configuration: Sendable {
        /// The time to connect, TLS included.
        public var connectTimeout: Duration
        /// A connection that was idle for longer is not used again.
        public var idleTimeout: Duration
        /// The most connections; a request beyond that waits for one, for the time to connect.
        public var maxConnections: Int
        /// What connections go through; nil: nothing.
        public var proxy: HTTPProxy?
        /// Whose certificates are accepted.
        public var trust: TrustRoots

        /// Connections for so many requests at a time.
        public init(
            connectTimeout: Duration = .seconds(10),
            idleTimeout: Duration = .seconds(2),
            maxConnections: Int = 64,
            proxy: HTTPProxy? = nil,
            trust: TrustRoots = .system
        ) {
            self.connectTimeout = connectTimeout
            self.idleTimeout = idleTimeout
            self.maxConnections = maxConnections
            self.proxy = proxy
            self.trust = trust
        }
    }

    /// One loop for all: requests do not hop between threads, and one wake-up carries many answers.
    ///
    /// Without TLS it takes about three tenths of what a command costs, less than its domain's loop.
    private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let client: HTTPClient
    private let proxy: HTTPProxy?

    /// A transport; it must be shut down before it is released.
    public init(_ configuration: Configuration = Configuration()) {
        var settings = HTTPClient.Configuration()
        settings.redirectConfiguration = .disallow
        settings.decompression = .disabled
        settings.timeout = .init(connect: TimeAmount(configuration.connectTimeout))
        settings.connectionPool.idleTimeout = TimeAmount(configuration.idleTimeout)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            max(1, configuration.maxConnections)
        // One request a connection at a time: what becomes of it is known of nothing else.
        settings.httpVersion = .http1Only
        settings.http1_1ConnectionDebugInitializer = WholeRequest.join
        settings.proxy = configuration.proxy?.settings
        settings.tlsConfiguration = configuration.trust.settings
        // Whoever sends decides when to try again; a connection that fails is told at once.
        settings.connectionPool.retryConnectionEstablishment = false
        // The client has spans of its own, which know what they belong to.
        settings.tracing.tracer = nil
        proxy = configuration.proxy
        client = HTTPClient(eventLoopGroupProvider: .shared(Self.loop), configuration: settings)
    }

    /// Closes all connections; what is in flight is lost.
    public func shutdown() async { try? await client.shutdown() }

    /// Sends a request at most once.
    public func send(_ request: TransportRequest) async -> TransportResult {
        let exchange = Exchange(request, on: client.eventLoopGroup.any(), through: proxy)
        let message: HTTPClient.Request
        do {
            message = try HTTPClient.Request(
                url: request.url,
                method: request.method == .get ? .GET : .POST,
                headers: HTTPHeaders(request.headers),
                body: exchange.body
            )
        } catch {
            return .notSent(.invalidRequest, detail: "not an address")
        }
        // The deadline ends the exchange, so there is nothing to cancel: an answer under way is
        // worth waiting for even when nobody else has the time.
        let task = client.execute(
            request: message,
            delegate: exchange,
            eventLoop: .delegate(on: exchange.eventLoop),
            deadline: .now() + TimeAmount(request.timeout)
        )
        do {
            let answer = try await task.futureResult.get()
            return .answered(
                status: answer.status,
                retryAfter: answer.retryAfter,
                body: answer.body
            )
        } catch {
            return exchange.failed(error)
        }
    }
}

import Foundation
import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// Answers `/live` and `/ready` for an orchestrator.
///
/// `/live` is 200 as long as the process can answer. `/ready` is 200 when there is no reason
/// against it, and otherwise 503 with the reasons: `{"ready":false,"reasons":["…"]}`.
public struct HealthServer: Service {
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void
    private let isReady: @Sendable () -> [String]

    /// Creates a server that listens once it runs.
    ///
    /// - Parameters:
    ///   - host: The address to listen on.
    ///   - port: The port; 0 takes a free one.
    ///   - logger: Where the server reports its start.
    ///   - isReady: Answers the reasons why this process is not ready; none means that it is.
    ///   - onListening: Called with the port when it is open.
    public init(
        host: String = "0.0.0.0",
        port: Int,
        logger: Logger,
        isReady: @escaping @Sendable () -> [String],
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
        self.isReady = isReady
    }

    /// Serves until graceful shutdown; throws ``HealthServerError`` where the port cannot be had.
    public func run() async throws {
        // The library's own lines (one for each start and stop) say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .critical
        let app = Application(
            router: routes(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                logger.info("health server listens", metadata: ["port": "\(port)"])
                await onListening(port)
            },
            logger: quiet
        )
        do {
            try await app.run()
        } catch let error as IOError {
            throw HealthServerError(host: host, port: port, code: error.errnoCode)
        }
    }

    private func routes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("live") { _, _ in answer(Liveness(live: true), .ok) }
        router.get("ready") { [isReady] _, _ in
            let reasons = isReady()
            return answer(
                Readiness(ready: reasons.isEmpty, reasons: reasons),
                reasons.isEmpty ? .ok : .serviceUnavailable
            )
        }
        return router
    }
}

/// The health server cannot listen.
public struct HealthServerError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let code: Int32

    /// Names the address, the reason and what to do.
    public var description: String {
        let why = code == EADDRINUSE ? "the port is in use" : String(cString: strerror(code))
        return "health server cannot listen on \(host):\(port): \(why); "
            + "choose another port with ASPAYDS_HEALTH_PORT"
    }
}

private struct Liveness: Encodable {
    let live: Bool
}

private struct Readiness: Encodable {
    let ready: Bool
    let reasons: [String]
}

private func answer(_ body: some Encodable, _ status: HTTPResponse.Status) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = (try? encoder.encode(body)) ?? Data()
    return Response(
        status: status,
        headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    )
}

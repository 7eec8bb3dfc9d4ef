import Foundation
import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle
import Telemetry

/// Answers `/live` and `/ready` for an orchestrator, and `/metrics` for Prometheus.
///
/// `/live` is 200 as long as nothing hangs, and otherwise 503. `/ready` is 200 when there is no reason
/// against it, and otherwise 503 with the reasons: `{"ready":false,"reasons":["…"]}`.
public struct HealthServer: Service {
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void
    private let hanging: @Sendable () -> [String]
    private let isReady: @Sendable () -> [String]
    private let metrics: @Sendable () -> String

    /// Creates a server that listens once it runs.
    ///
    /// - Parameters:
    ///   - host: The address to listen on.
    ///   - port: The port; 0 takes a free one.
    ///   - logger: Where the server reports its start.
    ///   - hanging: Answers which parts of this process hang, so that only a restart helps.
    ///   - isReady: Answers the reasons why this process is not ready; none means that it is.
    ///   - metrics: Answers the metrics in Prometheus' text format.
    ///   - onListening: Called with the port when it is open.
    public init(
        host: String = "0.0.0.0",
        port: Int,
        logger: Logger,
        hanging: @escaping @Sendable () -> [String] = { [] },
        isReady: @escaping @Sendable () -> [String],
        metrics: @escaping @Sendable () -> String = { "" },
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
        self.hanging = hanging
        self.isReady = isReady
        self.metrics = metrics
    }

    /// Serves until graceful shutdown; throws ``ListenError`` where the port cannot be had.
    public func run() async throws {
        // The library's own lines (one for each start and stop) say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .critical
        let app = Application(
            router: routes(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                logger.info("health server listens", metadata: ["port": .number(port)])
                await onListening(port)
            },
            logger: quiet
        )
        do {
            try await app.run()
        } catch let error as IOError {
            throw ListenError(
                server: "health server",
                host: host,
                port: port,
                code: error.errnoCode,
                setting: "ASPAYDS_HEALTH_PORT"
            )
        }
    }

    private func routes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("live") { [hanging] _, _ in
            let hanging = hanging()
            if hanging.isEmpty { return answer(Liveness(live: true), .ok) }
            return answer(Liveness(live: false, hanging: hanging), .serviceUnavailable)
        }
        router.get("ready") { [isReady] _, _ in
            let reasons = isReady()
            return answer(
                Readiness(ready: reasons.isEmpty, reasons: reasons),
                reasons.isEmpty ? .ok : .serviceUnavailable
            )
        }
        router.get("metrics") { [metrics] _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics()))
            )
        }
        return router
    }
}

private struct Liveness: Encodable {
    let live: Bool
    var hanging: [String]?
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

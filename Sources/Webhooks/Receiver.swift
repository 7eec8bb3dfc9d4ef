import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry

/// Serves the callback addresses: webhooks of the provider, and the browsers of customers.
///
/// What arrives is a hint (DESIGN.md §6): it is stored, a check is asked for, and nothing of it is
/// believed. It is answered with success only after the sink has acknowledged it.
package struct Receiver: Service {
    private let settings: ReceiverSettings
    private let sink: any HintSink
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// A receiver that listens once it runs; `onListening` is called with the port when it is open.
    package init(
        _ settings: ReceiverSettings,
        sink: any HintSink,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.settings = settings
        self.sink = sink
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown; throws ``ListenError`` where the port cannot be had.
    package func run() async throws {
        let limits = settings.limits
        let responder = CallbackResponder(
            settings: settings,
            writer: HintWriter(sink, limits, logger: logger)
        )
        // The library's own lines say nothing that ours do not.
        var quiet = logger
        quiet.logLevel = .critical
        do {
            let server = try HTTPServerBuilder.http1(configuration: channel(limits)).buildServer(
                configuration: ServerConfiguration(
                    address: .hostname(settings.host, port: settings.port),
                    availableConnectionsDelegate: MaximumAvailableConnections(
                        limits.connections,
                        logger: quiet
                    )
                ),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: quiet
            ) { request, writer, channel in
                try await responder.respond(to: request, writer, channel)
            } onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                logger.info("receiver listens", metadata: ["port": .number(port)])
                await onListening(port)
            }
            try await server.run()
        } catch let error as IOError {
            throw ListenError(
                server: "receiver",
                host: settings.host,
                port: settings.port,
                code: error.errnoCode,
                setting: "ASPAYDS_HTTP_PORT"
            )
        }
    }

    private func channel(_ limits: ReceiverSettings.Limits) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionDeadline(limits)],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.head,
                maxHeaderListSize: limits.head,
                maxHeaderFieldCount: 100
            )
        )
    }
}

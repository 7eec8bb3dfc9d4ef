import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// A hostile payment provider on real HTTP: aspayds as documented, with faults on demand and a
/// ledger of its own that tells what was really executed.
///
/// It sends the documented webhooks, serves the checkout behind `payment_url`, and a console at `/`.
///
/// It runs as a service until it is cancelled or shut down gracefully; requests that wait on
/// purpose are then let go at once. The state stays readable afterwards.
public final class SandboxServer: Service {
    private let configuration: SandboxConfiguration
    private let logger: Logger
    private let provider: Provider
    private let binding = Binding()

    /// A server that is not running yet; without a logger it is silent.
    public init(_ configuration: SandboxConfiguration = .init(), logger: Logger? = nil) {
        self.configuration = configuration
        self.logger = logger ?? Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
        provider = Provider(configuration)
    }

    /// Serves; call it once.
    public func run() async throws {
        let courier = Courier(provider: provider, deadline: configuration.webhookDeadline)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await courier.run() }
            defer { group.cancelAll() }
            try await serve()
        }
    }

    private func serve() async throws {
        let responder = Responder(provider: provider)
        let channelConfiguration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionHandler()])
        let reachable = configuration.reachableHost
        do {
            let server = try HTTPServerBuilder.http1(configuration: channelConfiguration)
                .buildServer(
                    configuration: ServerConfiguration(
                        address: .hostname(configuration.host, port: configuration.port),
                        backlog: 4_096
                    ),
                    // One loop is enough, and leaves the cores to whoever is measured.
                    eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup.next(),
                    logger: logger
                ) { request, writer, channel in
                    try await responder.respond(to: request, writer, channel)
                } onServerRunning: { [provider, binding] channel in
                    let port = channel.localAddress?.port ?? 0
                    provider.with { $0.origin = "http://\(reachable):\(port)" }
                    binding.settle(.success(port))
                }
            try await server.run()
            binding.settle(.failure(CancellationError()))
        } catch {
            binding.settle(.failure(error))
            throw error
        }
    }

    /// The port that the server listens on, as soon as it does; throws if it never will.
    public var port: Int {
        get async throws { try await binding.port }
    }

    /// The provider's address, as soon as the server listens: `http://127.0.0.1:8090/api`.
    public var baseURL: String {
        get async throws {
            let port = try await port
            return "http://\(configuration.reachableHost):\(port)/api"
        }
    }

    /// Everything that was executed, in order.
    public var executions: [Execution] { provider.executions(of: nil) }

    /// What was executed under a reference, compared without regard to case.
    public func executions(of reference: String) -> [Execution] {
        provider.executions(of: reference)
    }

    /// The answer to a duplicate reference.
    public var duplicates: SandboxConfiguration.Duplicates {
        get { provider.with { $0.settings.duplicates } }
        set { provider.with { $0.settings.duplicates = newValue } }
    }

    /// How long every answer takes.
    public var latency: Duration {
        get { provider.with { $0.settings.latency } }
        set { provider.with { $0.settings.latency = newValue } }
    }

    /// Puts these fault rules (at most 100) in force instead of the present ones.
    public func setFaults(_ rules: [FaultRule]) {
        provider.with { $0.faults.replace(rules) }
    }

    /// Puts these fault rules for webhooks (at most 100) in force instead of the present ones.
    public func setWebhookFaults(_ rules: [WebhookRule]) {
        provider.with { $0.webhookFaults.replace(rules) }
    }

    /// Forgets everything executed and received; settings and faults become those of the start.
    public func reset() {
        provider.reset()
    }
}

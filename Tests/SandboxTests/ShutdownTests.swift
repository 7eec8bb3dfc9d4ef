import AsyncHTTPClient
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import Sandbox

/// Requests that wait on purpose never keep the server, and never outlive their clients.
@Suite(.timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test(arguments: ["SBX-TIMEOUT-1", "SBX-SLOW-1", "SLEEPY"])
    func `a graceful shutdown lets waiting requests go`(reference: String) async throws {
        var configuration = SandboxConfiguration()
        configuration.latency = reference == "SLEEPY" ? .seconds(50) : .zero
        let server = SandboxServer(configuration)
        let group = ServiceGroup(services: [server], logger: Logger(label: "test"))
        let running = Task { try await group.run() }
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let client = Client(http: http, origin: "http://127.0.0.1:\(try await server.port)")
        let request = Task { await Ending.of { try await client.pay(reference) } }
        try await untilInFlight(1, client)
        let start = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(start.duration(to: .now) < .seconds(5))
        _ = await request.value
        try await http.shutdown()
        #expect(server.executions.count == 1)
    }

    @Test func `a client that gives up frees its request`() async throws {
        try await withSandbox { _, client in
            let request = Task {
                await Ending.of { try await client.pay("SBX-LOST-1", timeout: .seconds(50)) }
            }
            try await untilInFlight(1, client)
            request.cancel()
            _ = await request.value
            try await untilInFlight(0, client)
            let json = try await client.get("/_sandbox/requests").json
            #expect(json["by_endpoint"]?["POST /payment/create"] == ["unanswered": 1])
        }
    }

    @Test func `a port that is taken is an error for everyone who waits`() async throws {
        try await withSandbox { server, _ in
            var configuration = SandboxConfiguration()
            configuration.port = try await server.port
            let second = SandboxServer(configuration)
            await #expect(throws: IOError.self) { try await second.run() }
            await #expect(throws: IOError.self) { try await second.port }
        }
    }

    /// Asks until so many requests are in flight; the suite's time limit bounds it.
    private func untilInFlight(_ count: Int, _ client: Client) async throws {
        while try await client.get("/_sandbox/requests").json["in_flight"]?.integer != count {
            await Task.yield()
        }
    }
}

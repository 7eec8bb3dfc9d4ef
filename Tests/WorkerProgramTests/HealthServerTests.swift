import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing
import Webhooks

@Suite struct HealthServerTests {
    /// Runs a server on a free port for as long as the body runs.
    private func withServer(
        hanging: @escaping @Sendable () -> [String] = { [] },
        reasons: @escaping @Sendable () -> [String],
        _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, opened) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "health", factory: { _ in SwiftLogNoOpLogHandler() })
        let server = HealthServer(
            host: "127.0.0.1",
            port: 0,
            logger: logger,
            hanging: hanging,
            isReady: reasons,
            metrics: { "up 1\n" },
            onListening: { opened.yield($0) }
        )
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { opened.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func get(_ path: String, _ port: Int) async throws -> (status: UInt, body: String) {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 65_536)
        return (response.status.code, String(buffer: body))
    }

    @Test(.timeLimit(.minutes(1))) func answersLiveAndReady() async throws {
        let reasons = Mutex<[String]>(["no broker answers"])
        let current: @Sendable () -> [String] = { reasons.withLock { $0 } }
        try await withServer(reasons: current) { port in
            let live = try await get("/live", port)
            #expect(live == (200, #"{"live":true}"#))
            let before = try await get("/ready", port)
            #expect(before == (503, #"{"ready":false,"reasons":["no broker answers"]}"#))
            reasons.withLock { $0 = [] }
            let after = try await get("/ready", port)
            #expect(after == (200, #"{"ready":true,"reasons":[]}"#))
            let metrics = try await get("/metrics", port)
            #expect(metrics == (200, "up 1\n"))
            let other = try await get("/other", port)
            #expect(other.status == 404)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatHangsIsNotAlive() async throws {
        let hanging: @Sendable () -> [String] = { ["payouts"] }
        let reasons: @Sendable () -> [String] = { [] }
        try await withServer(hanging: hanging, reasons: reasons) { port in
            let live = try await get("/live", port)
            #expect(live == (503, #"{"hanging":["payouts"],"live":false}"#))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPortInUseIsAClearError() async throws {
        let isReady: @Sendable () -> [String] = { [] }
        try await withServer(reasons: isReady) { port in
            let logger = Logger(label: "health", factory: { _ in SwiftLogNoOpLogHandler() })
            let second = HealthServer(
                host: "127.0.0.1",
                port: port,
                logger: logger,
                isReady: isReady
            )
            let error = await #expect(throws: ListenError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port): the port is in use") == true)
        }
    }
}

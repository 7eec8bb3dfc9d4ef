import AsyncHTTPClient
import Contract
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import Webhooks

/// A sink in memory that acknowledges, refuses, or never answers.
final class MemorySink: HintSink {
    enum Manner: Sendable {
        case acknowledging
        case refusing
        case silent
    }

    private let state = Mutex<(manner: Manner, hints: [Hint])>((.acknowledging, []))

    var manner: Manner {
        get { state.withLock { $0.manner } }
        set { state.withLock { $0.manner = newValue } }
    }

    /// What was acknowledged, in order.
    var hints: [Hint] { state.withLock { $0.hints } }
    var checks: [EncodedRecord] { hints.compactMap(\.check) }
    var events: [EncodedRecord] { hints.compactMap(\.event) }
    var verdicts: [String] { hints.compactMap { $0.audit.header("aspayds_verdict") } }

    func append(_ hint: Hint) async -> Bool {
        switch manner {
        case .acknowledging:
            state.withLock { $0.hints.append(hint) }
            return true
        case .refusing: return false
        case .silent:
            try? await Task.sleep(for: .seconds(30))
            return false
        }
    }
}

extension EncodedRecord {
    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }

    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

/// A receiver on a free port, with what tests ask of it.
struct Stage {
    static let keys = CallbackKeys("k1:AAECAwQFBgcICQoLDA0ODw==")

    let sink: any HintSink
    let callback: CallbackAddress
    let port: Int

    /// Serves for as long as the body runs.
    static func with(
        _ sink: any HintSink,
        base: String = "https://pay.example",
        returnURL: String? = nil,
        limits: ReceiverSettings.Limits = .init(),
        _ body: (Stage) async throws -> Void
    ) async throws {
        let callback = CallbackAddress(base: base, keys: try #require(keys))
        let (ports, opened) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "receiver", factory: { _ in SwiftLogNoOpLogHandler() })
        let receiver = Receiver(
            ReceiverSettings(
                host: "127.0.0.1",
                port: 0,
                callback: callback,
                returnURL: returnURL,
                limits: limits
            ),
            sink: sink,
            logger: logger,
            onListening: { opened.yield($0) }
        )
        let group = ServiceGroup(services: [receiver], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { opened.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body(Stage(sink: sink, callback: callback, port: port))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// The path of an address that we signed.
    func path(_ domain: Domain, _ reference: String, returnURL: String? = nil) -> String {
        let token = CallbackToken(domain: domain, reference: reference, returnURL: returnURL)
        return CallbackAddress.path + token.signed(by: callback.keys)
    }

    struct Answer: Equatable {
        var status: Int
        var body: String
        var location: String?
    }

    /// One request; redirects are not followed.
    func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await Self.client.execute(request, timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        return Answer(
            status: Int(response.status.code),
            body: text,
            location: response.headers.first(name: "location")
        )
    }

    /// One request, and the status that it must get.
    func expect(
        _ status: Int,
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await send(method, path, body)
        #expect(answer.status == status, sourceLocation: place)
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    // MARK: Bytes

    /// Opens a connection, writes bytes as they are, and answers what comes until it is closed, which
    /// the receiver does in the end.
    func raw(_ bytes: [UInt8], closing: Bool = false) async throws -> String {
        let connection = try await open()
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            if closing { outbound.finish() }
            var text = ""
            do {
                for try await buffer in inbound { text += String(buffer: buffer) }
            } catch {
                // A reset is an end, too.
            }
            return text
        }
    }

    func open() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
    }
}

/// A webhook's body as the provider documents it, shortened to what matters.
func webhook(_ event: String, _ reference: String) -> String {
    #"{"event":"\#(event)","timestamp":"2026-02-09T21:30:00.000Z","#
        + #""data":{"transaction_reference":"\#(reference)","status":"completed"}}"#
}

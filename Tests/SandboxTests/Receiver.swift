import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

@testable import Sandbox

/// A shop's callback address for the time of a test: keeps what arrives and answers as told.
final class Receiver: Sendable {
    struct Arrival: Sendable {
        let method: String
        let target: String
        let event: String?
        let timestamp: Int64?
        let contentType: String?
        let body: String

        /// The body as JSON, or null when it is not.
        var json: JSON { (try? JSONReader.read(Array(body.utf8))) ?? .null }
        /// The event's documented `data`.
        var data: JSON { json["data"] ?? .null }
    }

    private let arrivals = Mutex<[Arrival]>([])
    /// The statuses of the first answers, then 200; nil is never answered.
    private let answers: Mutex<[Int?]>
    private let (changes, changed) = AsyncStream.makeStream(
        of: Void.self,
        bufferingPolicy: .bufferingNewest(1)
    )
    private let binding = Binding()

    init(answers: [Int?] = []) {
        self.answers = Mutex(answers)
    }

    var url: String {
        get async throws { "http://127.0.0.1:\(try await binding.port)/callback/x?shop=1" }
    }

    /// As soon as so many have arrived; the suite's time limit bounds it.
    func first(_ count: Int) async -> [Arrival] {
        for await _ in changes {
            let seen = arrivals.withLock { $0 }
            if seen.count >= count { return seen }
        }
        return []
    }

    /// What has arrived so far.
    var all: [Arrival] { arrivals.withLock { $0 } }

    func run() async throws {
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup,
            logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() }
        ) { [self] request, writer, _ in
            try await take(request)
            guard let status = answers.withLock({ $0.isEmpty ? 200 : $0.removeFirst() }) else {
                return try await Task.sleep(for: .seconds(3_600))
            }
            let head = HTTPResponse(
                status: .init(code: status),
                headerFields: [.contentLength: "0"]
            )
            try await writer.write(response: head, body: ResponseBody())
        } onServerRunning: { [binding] channel in
            binding.settle(.success(channel.localAddress?.port ?? 0))
        }
        try await server.run()
    }

    private func take(_ request: Request) async throws {
        let body = try await request.body.collect(upTo: 1 << 20)
        func header(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { request.headers[$0] }
        }
        let arrival = Arrival(
            method: request.method.rawValue,
            target: request.head.path ?? "",
            event: header("x-webhook-event"),
            timestamp: header("x-webhook-timestamp").flatMap(Int64.init),
            contentType: header("content-type"),
            body: String(buffer: body)
        )
        arrivals.withLock { $0.append(arrival) }
        changed.yield()
    }
}

/// A sandbox and a receiver for its webhooks.
func withReceiver(
    _ configuration: SandboxConfiguration = SandboxConfiguration(),
    answers: [Int?] = [],
    _ body: (Receiver, Client) async throws -> Void
) async throws {
    let receiver = Receiver(answers: answers)
    let running = Task { try await receiver.run() }
    defer { running.cancel() }
    let callback = try await receiver.url
    try await withSandbox(configuration) { _, client in
        var client = client
        client.callback = callback
        try await body(receiver, client)
    }
}

extension Client {
    /// The entries of the webhooks' log about a reference, as soon as all of them are in that state.
    func webhooks(_ reference: String, _ states: String...) async throws -> [JSON] {
        while true {
            let json = try await get("/_sandbox/webhooks?reference=\(reference)").json
            if case .array(let entries)? = json["webhooks"],
                entries.map({ $0["state"]?.text }) == states
            {
                return entries
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing

@testable import Sandbox

/// Runs a sandbox on a free port for the time of one test, and ends it.
func withSandbox(
    _ configuration: SandboxConfiguration = SandboxConfiguration(),
    _ body: (SandboxServer, Client) async throws -> Void
) async throws {
    let server = SandboxServer(configuration)
    var http = HTTPClient.Configuration(redirectConfiguration: .disallow)
    http.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(configuration: http)
    let running = Task { try await server.run() }
    let result: Result<Void, any Error>
    do {
        let port = try await server.port
        try await body(server, Client(http: client, origin: "http://127.0.0.1:\(port)"))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    try await client.shutdown()
    running.cancel()
    try await running.value
    try result.get()
}

struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    func header(_ name: String) -> String? { headers.first(name: name) }

    /// The body as JSON; fails the test when it is not.
    var json: JSON {
        get throws { try JSONReader.read(Array(text.utf8)) }
    }
}

struct Client {
    let http: HTTPClient
    let origin: String
    var key = "sandbox-key"
    var secret = "sandbox-secret"
    /// Where payments return to, and where the webhooks of both go.
    var callback: String?

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: origin + path)
        request.method = method
        request.headers.add(name: "x-api-key", value: key)
        request.headers.add(name: "x-api-secret", value: secret)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        return try await execute(request, timeout)
    }

    /// The library's own timeout ends with the head of the answer; this one bounds the body too.
    private func execute(_ request: HTTPClientRequest, _ timeout: TimeAmount) async throws -> Reply
    {
        try await withThrowingTaskGroup(of: Reply.self) { group in
            group.addTask {
                let response = try await http.execute(request, deadline: .distantFuture)
                let bytes = try await response.body.collect(upTo: 1 << 24)
                return Reply(
                    status: Int(response.status.code),
                    headers: response.headers,
                    text: String(buffer: bytes)
                )
            }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let reply = try await group.next() else { throw CancellationError() }
            return reply
        }
    }

    func get(_ path: String) async throws -> Reply { try await send(.GET, path) }

    func delete(_ path: String) async throws -> Reply { try await send(.DELETE, path) }

    func post(
        _ path: String,
        _ body: String? = nil,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Reply {
        try await send(.POST, path, body, timeout: timeout)
    }

    func pay(
        _ reference: String,
        amount: String = "100",
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Reply {
        try await post(
            "/api/payment/create",
            """
            {"amount":\(amount),"customer_name":"John Doe","transaction_reference":"\(reference)",\
            "callback_url":"\(callback ?? "https://yoursite.com/callback")"}
            """,
            timeout: timeout
        )
    }

    func payOut(
        _ reference: String,
        amount: String = "500",
        method: Int = 1,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Reply {
        try await post(
            "/api/payout/request",
            """
            {"payout_method_id":\(method),"amount":\(amount),"recipient_name":"John Doe",\
            "recipient_account":"01712345678","transaction_reference":"\(reference)"\
            \(callback.map { ",\"callback_url\":\"\($0)\"" } ?? "")}
            """,
            timeout: timeout
        )
    }

    func create(
        _ domain: Domain,
        _ reference: String,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Reply {
        switch domain {
        case .payment: try await pay(reference, timeout: timeout)
        case .payout: try await payOut(reference, timeout: timeout)
        }
    }

    func setFaults(_ rules: String) async throws {
        let reply = try await post("/_sandbox/faults", rules)
        try #require(reply.status == 200, "\(reply.text)")
    }
}

extension JSON {
    /// The names of an object, in order.
    var names: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.name)
    }

    /// The text of a number.
    var number: String? {
        guard case .number(let text) = self else { return nil }
        return text
    }

    /// The elements of an array, in order.
    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}

extension SandboxConfiguration {
    /// The usual one but for one setting.
    static func with<Value>(
        _ setting: WritableKeyPath<SandboxConfiguration, Value>,
        _ value: Value
    ) -> SandboxConfiguration {
        var configuration = SandboxConfiguration()
        configuration[keyPath: setting] = value
        return configuration
    }
}

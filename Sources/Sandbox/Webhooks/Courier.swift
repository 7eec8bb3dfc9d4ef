import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Does what is due: takes the steps of the schedule, and sends webhooks over HTTP.
struct Courier: Sendable {
    /// How an attempt ended.
    enum Outcome: Hashable, Sendable {
        case status(Int)
        /// No answer in time.
        case timeout
        /// No connection, or none that lasted.
        case unreachable

        /// The documented condition: 2xx within the deadline.
        var isSuccess: Bool {
            if case .status(200..<300) = self { true } else { false }
        }

        var name: String {
            switch self {
            case .status(let code): String(code)
            case .timeout: "timeout"
            case .unreachable: "unreachable"
            }
        }
    }

    let provider: Provider
    /// How long a receiver may take to answer; documented are 10 s.
    let deadline: Duration

    /// Runs until it is cancelled.
    func run() async throws {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        await withDiscardingTaskGroup { group in
            var timer: Task<Void, Never>?
            for await _ in provider.bell.rings {
                let round = provider.round(now: wallClock())
                for webhook in round.webhooks {
                    group.addTask { await deliver(webhook, client) }
                }
                timer?.cancel()
                timer = round.next.map(wake)
            }
            timer?.cancel()
            group.cancelAll()
        }
        try await client.shutdown()
    }

    /// Rings the bell at that time.
    private func wake(at due: Int64) -> Task<Void, Never> {
        Task { [bell = provider.bell] in
            do {
                try await Task.sleep(for: .milliseconds(max(0, due - wallClock())))
                bell.ring()
            } catch {
                // A later ring has set another time.
            }
        }
    }

    private func deliver(_ webhook: Webhook, _ client: HTTPClient) async {
        let outcome = await send(webhook, client)
        provider.ended(webhook, outcome)
    }

    private func send(_ webhook: Webhook, _ client: HTTPClient) async -> Outcome {
        var request = HTTPClientRequest(url: webhook.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "aspayds-sandbox")
        request.headers.add(name: "X-Webhook-Event", value: webhook.event.rawValue)
        request.headers.add(name: "X-Webhook-Timestamp", value: String(wallClock() / 1_000))
        request.body = .bytes(ByteBuffer(bytes: webhook.body))
        do {
            let response = try await client.execute(request, timeout: TimeAmount(deadline))
            return .status(Int(response.status.code))
        } catch let error as HTTPClientError
            where error == .deadlineExceeded || error == .connectTimeout
        {
            return .timeout
        } catch {
            return .unreachable
        }
    }
}

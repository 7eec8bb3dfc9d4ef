import HTTPTypes
import HummingbirdCore
import NIOCore

/// Turns HTTP requests into calls on the provider or orders to the sandbox, and delivers what
/// comes of them, however badly.
///
/// Its functions are `@concurrent` because the response writer is not sendable and Hummingbird
/// hands it over outside any isolation.
struct Responder: Sendable {
    private static let maxBodyBytes = 1 << 20
    private static let drops = 20
    /// Browsers say with it where a request comes from.
    private static let site = HTTPField.Name("sec-fetch-site")

    /// The connection was left unanswered on purpose; whoever catches this closes it.
    private struct Unanswered: Error {}

    let provider: Provider

    @concurrent
    func respond(
        to request: Request,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        let target = Target(request.head.path ?? "/")
        guard let body = try await body(of: request) else {
            return try await send(.failure(413, "The request body is too large."), writer)
        }
        let isBelowBase = target.path.first == "api"
        if !isBelowBase, let answer = own(request, target, body) {
            return try await send(answer, writer)
        }
        let call = Call(method: request.method.rawValue, path: Array(target.path.dropFirst()))
        let delivery = provider.receive(
            isBelowBase ? call : nil,
            request.head,
            body: body
        )
        defer { provider.ended() }
        try await deliver(delivery, writer, channel)
    }

    /// What the sandbox answers itself, beside the provider: orders to it, and pages.
    private func own(_ request: Request, _ target: Target, _ body: [UInt8]) -> Answer? {
        let site = Self.site.flatMap { request.headers[$0] }
        if request.method != .get, site == "cross-site" {
            return .failure(403, "Another site's page may not press buttons here.")
        }
        let method = request.method.rawValue
        if target.path.first == "_sandbox" {
            return Control(provider: provider).answer(method, target, body)
        }
        return Pages(provider: provider).answer(method, target, body)
    }

    private func body(of request: Request) async throws -> [UInt8]? {
        do {
            let buffer = try await request.body.collect(upTo: Self.maxBodyBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            return nil
        }
    }

    @concurrent
    private func deliver(
        _ delivery: Delivery,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        if delivery.wait > .zero {
            try await channel.triggerUserOutboundEvent(ConnectionOrder.wait(delivery.wait))
        }
        switch delivery.manner {
        case .answer:
            try await send(delivery.answer, writer)
        case .drip(let time):
            try await drip(delivery.answer, over: time, writer, channel)
        case .silence:
            try await channel.triggerUserOutboundEvent(
                ConnectionOrder.wait(Delivery.longestSilence)
            )
            throw Unanswered()
        case .reset:
            try await channel.triggerUserOutboundEvent(ConnectionOrder.reset)
            throw Unanswered()
        }
    }

    @concurrent
    private func send(_ answer: Answer, _ writer: consuming ResponseWriter) async throws {
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        try await writer.write(response: answer.head, body: body)
    }

    @concurrent
    private func drip(
        _ answer: Answer,
        over time: Duration,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var rest = answer.body[...]
        let size = max(1, (rest.count + Self.drops - 1) / Self.drops)
        let pause = time / Double((rest.count + size - 1) / size)
        var body = try await writer.writeHead(answer.head)
        while !rest.isEmpty {
            try await channel.triggerUserOutboundEvent(ConnectionOrder.wait(pause))
            try await body.write(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        try await body.finish(nil)
    }
}

extension Answer {
    fileprivate var head: HTTPResponse {
        var fields = HTTPFields()
        fields.reserveCapacity(2 + headers.count)
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(body.count)
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return HTTPResponse(status: .init(code: status), headerFields: fields)
    }
}

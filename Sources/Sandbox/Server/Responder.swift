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
    private static let key = HTTPField.Name("x-api-key")
    private static let secret = HTTPField.Name("x-api-secret")

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
        if target.path.first == "_sandbox" {
            let control = Control(provider: provider)
            let answer = control.answer(request.method.rawValue, target, body)
            return try await send(answer, writer)
        }
        let isBelowBase = target.path.first == "api"
        let call = Call(method: request.method.rawValue, path: Array(target.path.dropFirst()))
        let delivery = provider.receive(
            isBelowBase ? call : nil,
            key: Self.key.flatMap { request.headers[$0] },
            secret: Self.secret.flatMap { request.headers[$0] },
            body: body
        )
        defer { provider.ended() }
        try await deliver(delivery, writer, channel)
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

/// The path and the query of a request, decoded.
struct Target {
    let path: [String]
    private let query: Substring

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = (parts.first ?? "").split(separator: "/").map(Self.decode)
        query = parts.count == 2 ? parts[1] : ""
    }

    subscript(_ name: String) -> String? {
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2, sides[0] == name { return Self.decode(sides[1]) }
        }
        return nil
    }

    private static func decode(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                let value = UInt8(digits, radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

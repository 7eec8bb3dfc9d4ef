import NIOCore
import NIOHTTP1

/// Lets the head of a request wait for its body, so that both are one write.
///
/// The client library sends the head as soon as there is a connection. Held back until the body
/// follows, nothing is sent of a request whose last check says no, and a provider gets it in one
/// piece.
final class WholeRequest: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart

    private var isHeadAlone = false

    /// Takes its place in the pipeline of a new connection.
    static func join(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(WholeRequest(), position: .after(encoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        isHeadAlone = if case .head = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        if !isHeadAlone { context.flush() }
    }
}

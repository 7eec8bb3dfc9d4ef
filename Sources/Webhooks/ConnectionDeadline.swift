import NIOCore
import NIOHTTPTypes

/// Cuts off a connection on which a whole request does not arrive in time, or the answer to it does
/// not leave: so a slow client holds nothing for long, however it is slow.
///
/// The times are for the whole of it, from the opening or from the answer before, not for each byte.
final class ConnectionDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let reading: TimeAmount
    private let answering: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ limits: ReceiverSettings.Limits) {
        reading = TimeAmount(limits.reading)
        answering = TimeAmount(limits.answering)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        restart(reading, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    /// What is accepted while its server closes is served by nobody, and NIO traps where such a
    /// connection becomes active (apple/swift-nio#2813).
    func channelActive(context: ChannelHandlerContext) {
        guard context.channel.parent?.isActive != false else {
            return context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { restart(answering, context) }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { restart(reading, context) }
        context.write(data, promise: promise)
    }

    private func restart(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}

import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a request asks of the connection that it came on, as an outbound event.
enum ConnectionOrder: Sendable {
    /// The event's promise is kept after that time, or as soon as the client or the server goes.
    case wait(Duration)
    /// Closes with an RST.
    case reset
}

/// Keeps the timers of a connection, and cuts it off.
///
/// A connection carries one request at a time, so there is at most one wait. Waiting costs an
/// entry in the event loop's heap, neither a thread nor a task's sleep.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias OutboundIn = Any

    private var waiting: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?
    private var isEnding = false

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        switch event as? ConnectionOrder {
        case .wait(let time) where !isEnding:
            waiting = promise
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) {
                self.stopWaiting()
            }
        case .wait:
            promise?.succeed()
        case .reset:
            reset(context.channel, promise)
        case nil:
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    /// A socket that is closed while it lingers for no time at all sends RST (socket(7)).
    private func reset(_ channel: any Channel, _ promise: EventLoopPromise<Void>?) {
        let noTime = linger(l_onoff: 1, l_linger: 0)
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(noTime)
        channel.close(promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            end()
        } else if let event = event as? ChannelEvent, event == .inputClosed {
            end()
        }
        context.fireUserInboundEventTriggered(event)
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
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    private func end() {
        isEnding = true
        stopWaiting()
    }

    private func stopWaiting() {
        timer?.cancel()
        timer = nil
        waiting?.succeed()
        waiting = nil
    }
}

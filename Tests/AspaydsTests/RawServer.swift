import NIOCore
import NIOPosix
import Synchronization

/// A server that does to a connection what it is told, and counts what it got.
final class RawServer: Sendable {
    /// What to do once a whole request is there.
    enum Behaviour: Sendable {
        case answer(String)
        case answerAndClose(String)
        case drip(String)
        case endless
        case reset
        case silence
    }

    /// What to do as soon as there is a connection.
    enum Greeting: Sendable {
        case none
        case close
        case text
    }

    private let channel: any Channel
    private let log: Log

    /// What arrived; one entry for each request of each connection.
    final class Log: Sendable {
        let requests = Mutex<[String]>([])
        let connections = Mutex(0)
        let ended = Mutex(0)
        let bytes = Mutex(0)
    }

    init(_ behaviours: Behaviour..., greeting: Greeting = .none) async throws {
        let log = Log()
        self.log = log
        let next = Mutex(behaviours)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                log.connections.withLock { $0 += 1 }
                switch greeting {
                case .none: break
                case .close: return channel.close()
                case .text:
                    channel.eventLoop.execute {
                        channel.writeAndFlush(ByteBuffer(string: "220 hello\r\n"), promise: nil)
                    }
                }
                return channel.eventLoop.makeCompletedFuture {
                    let handler = Handler(log: log) {
                        next.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [String] { log.requests.withLock { $0 } }
    var connections: Int { log.connections.withLock { $0 } }
    /// How many connections are no more.
    var ended: Int { log.ended.withLock { $0 } }
    /// How much arrived, whole requests or not.
    var bytes: Int { log.bytes.withLock { $0 } }

    func close() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let log: Log
        let next: () -> Behaviour
        var received = ""

        init(log: Log, next: @escaping () -> Behaviour) {
            self.log = log
            self.next = next
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            log.bytes.withLock { $0 += buffer.readableBytes }
            received += String(buffer: buffer)
            while let request = wholeRequest() {
                log.requests.withLock { $0.append(request) }
                act(context)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            log.ended.withLock { $0 += 1 }
            context.fireChannelInactive()
        }

        private func wholeRequest() -> String? {
            let parts = received.components(separatedBy: "\r\n\r\n")
            guard parts.count == 2 else { return nil }
            let lengths = parts[0].lowercased().components(separatedBy: "content-length: ")
            let length = lengths.count > 1 ? Int(lengths[1].prefix { $0.isNumber }) ?? 0 : 0
            guard parts[1].utf8.count >= length else { return nil }
            defer { received = "" }
            return received
        }

        private func act(_ context: ChannelHandlerContext) {
            switch next() {
            case .answer(let text): write(text, context)
            case .answerAndClose(let text):
                write(text, context)
                context.close(promise: nil)
            case .drip(let head):
                write(head, context)
                drip(context)
            case .endless:
                write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", context)
                flood(context)
            case .reset: context.close(promise: nil)
            case .silence: break
            }
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        private func drip(_ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            write(" ", context)
            let loop = context.eventLoop.assumeIsolated()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            loop.scheduleTask(in: .milliseconds(20)) { bound.value.0.drip(bound.value.1) }
        }

        private func flood(_ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
            let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: chunk)))
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            written.whenSuccess { bound.value.0.flood(bound.value.1) }
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

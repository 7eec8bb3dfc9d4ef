import Kafka
import ServiceLifecycle

/// Ends the process when the producer can never work again: nothing can be said of the order any
/// more, and a restart finds everything in the ledger.
final class FatalError: Service {
    private let stream: AsyncStream<KafkaError>
    private let continuation: AsyncStream<KafkaError>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    func raise(_ error: KafkaError) {
        continuation.yield(error)
    }

    func run() async throws {
        for await error in stream.cancelOnGracefulShutdown() { throw error }
    }
}

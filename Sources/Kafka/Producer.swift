import CKafkaShim

/// Where a message was stored, or why it was not (for all that is known).
package typealias DeliveryReport = Result<(partition: Int32, offset: Int64), KafkaError>

/// An idempotent producer: every message is acknowledged by all in-sync replicas, in order, once.
///
/// A fatal error ends it: the process must be restarted, for nothing can be said of the order any
/// more.
package final class Producer: Sendable {
    /// What cannot be overridden, because safety rests on it.
    static let forced = ["enable.idempotence": "true", "acks": "all"]
    static let defaults = [
        "socket.nagle.disable": "true",
        "linger.ms": "2",
        "message.timeout.ms": "300000",
        // 1 MiB of value, its key and headers; a batch stays within batch.size, 1 MB.
        "message.max.bytes": "2097152",
        // What Java producers do: null keys anywhere, the same key in the same partition.
        "partitioner": "murmur2_random",
    ]

    private let outbox: Outbox

    /// Makes a producer.
    ///
    /// `onFatal` is called at most once, `onError` whenever librdkafka reports
    /// trouble that it goes on to repair; both on the delivery thread.
    package init(
        _ configuration: KafkaConfiguration,
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in },
        onFatal: @escaping @Sendable (KafkaError) -> Void
    ) throws(KafkaError) {
        let handle = try Handle(
            RD_KAFKA_PRODUCER,
            configuration,
            defaults: Self.defaults,
            forced: Self.forced,
            events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR,
            callbacks: Callbacks(configuration)
        )
        guard let queue = rd_kafka_queue_get_main(handle.client) else { throw .closed }
        outbox = Outbox(Queue(queue, of: handle), onError: onError, onFatal: onFatal)
        outbox.start()
    }

    deinit {
        outbox.stop()
    }

    /// Hands messages over in their order, after those of earlier calls, and never blocks: what
    /// librdkafka's queue has no room for waits, in order, for the next delivery reports.
    ///
    /// `onDelivered` is called once, when every message of the batch has its report, with the
    /// reports in the batch's order; on the delivery thread, which it must not hold up. A batch that
    /// does not even fit among those waiting (`Outbox.waitingLimit`), or that comes after the end,
    /// is refused whole, on another thread.
    package func send(
        _ batch: [Message],
        onDelivered: @escaping @Sendable ([DeliveryReport]) -> Void
    ) {
        outbox.send(batch, onDelivered)
    }

    /// Hands messages over and waits for their reports.
    package func send(_ batch: [Message]) async -> [DeliveryReport] {
        await withCheckedContinuation { continuation in
            send(batch) { continuation.resume(returning: $0) }
        }
    }

    /// Waits until no message is without its report; false when the time is over first.
    package func flush(timeout: Duration) async -> Bool {
        await outbox.idle(within: timeout)
    }

    /// Flushes, then ends; messages that have no report by then get one that says `_PURGE_…`.
    package func close(timeout: Duration) async {
        _ = await outbox.idle(within: timeout)
        outbox.stop()
        _ = await outbox.ended(within: .seconds(5))
    }

    /// Makes librdkafka believe that an idempotent producer's fatal error happened.
    func provokeFatalError() {
        outbox.provokeFatalError()
    }
}

import CKafkaShim
import Synchronization

/// Reads partitions outside any group: it commits nothing and nobody takes them away.
package final class Reader: Sendable {
    private let consumer: Consumer
    private let signal = Signal()

    /// Makes a reader; the end of each partition is an event unless the configuration says no.
    package init(_ configuration: KafkaConfiguration) throws(KafkaError) {
        var configuration = configuration
        // librdkafka wants a name for a group, which is never joined.
        var defaults = ["group.id": "reader", "enable.partition.eof": "true"]
        // Whenever what was fetched fills the queue, fetching rests for a whole second otherwise: a
        // ledger is read far faster than that. (There since 2.2.)
        if rd_kafka_version() >= 0x0202_0000 { defaults["fetch.queue.backoff.ms"] = "10" }
        configuration.properties.merge(defaults) { chosen, _ in chosen }
        consumer = try Consumer(configuration) { [signal] in signal.fire() }
    }

    /// Reads these partitions from these positions on, instead of those before.
    package func assign(_ positions: [Position]) throws(KafkaError) {
        try consumer.assign(positions)
    }

    /// Waits for something to happen, and gives it.
    ///
    /// Empty when nothing did for a second, the task was cancelled, or the reader is closed. For one
    /// caller at a time.
    package func next() async -> [ConsumerEvent] {
        let events = consumer.drain(max: Consumer.drainLimit)
        guard events.isEmpty else { return events }
        await signal.wait(atMost: .seconds(1))
        return consumer.drain(max: Consumer.drainLimit)
    }

    /// How many partitions a topic has; throws unless it exists.
    package func partitionCount(
        of topic: String,
        timeout: Duration
    ) async throws(KafkaError) -> Int {
        try await consumer.partitionCount(of: topic, timeout: timeout)
    }

    /// The oldest offset and the next one to be written.
    package func watermarks(
        _ partition: TopicPartition,
        timeout: Duration
    ) async throws(KafkaError) -> (low: Int64, high: Int64) {
        try await consumer.watermarks(partition, timeout: timeout)
    }

    /// The watermarks of many partitions, asked for side by side.
    package func watermarks(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        try await consumer.watermarks(partitions, timeout: timeout)
    }

    /// Where the first record of a time or later lies, in milliseconds since 1970; a partition
    /// without one is absent.
    package func offsets(
        _ partitions: [TopicPartition],
        since time: Int64,
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: Int64] {
        try await consumer.offsets(partitions, since: time, timeout: timeout)
    }

    /// What the group that the configuration names has committed for these partitions; those without
    /// a commit are absent.
    package func committed(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        try await consumer.committed(partitions, timeout: timeout)
    }

    /// Stops; false when that did not finish in time.
    @discardableResult
    package func close(timeout: Duration) async -> Bool {
        signal.fire()
        return await consumer.close(timeout: timeout)
    }
}

/// Wakes one waiter; a signal that nobody waits for is kept.
final class Signal: Sendable {
    private struct State {
        var fired = false
        var waiter: Promise<Void>?
    }

    private let state = Mutex(State())

    func fire() {
        let waiter: Promise<Void>? = state.withLock { state in
            state.fired = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.fulfil(())
    }

    /// Waits for a signal, the time to pass, or the task to be cancelled.
    func wait(atMost timeout: Duration) async {
        let promise = Promise<Void>()
        let fired = state.withLock { state in
            defer { state.fired = false }
            if !state.fired { state.waiter = promise }
            return state.fired
        }
        if fired { return }
        await withTaskCancellationHandler {
            await promise.value(within: timeout, otherwise: ())
        } onCancel: {
            promise.fulfil(())
        }
        state.withLock { state in
            if state.waiter === promise { state.waiter = nil }
        }
    }
}

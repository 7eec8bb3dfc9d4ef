import CKafkaShim
import Synchronization

/// A producer's messages on their way: those that wait for room, those that wait for a report, and
/// the thread that serves the reports.
final class Outbox: Sendable {
    /// The most messages that may wait for room in librdkafka's queue.
    static let waitingLimit = 1_000_000
    private static let purged: Int32 = -152
    private static let everything =
        RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING

    /// Messages that were sent together, from the first that librdkafka has not taken.
    private struct Waiting {
        let messages: [Message]
        var next = 0
        // Safe to pass on: only the holder of the outbox's lock writes to it.
        nonisolated(unsafe) let batch: UnsafeMutablePointer<shim_batch_t>
    }

    private struct State {
        /// Nil after the end.
        var queue: Queue?
        var waiting = FIFO<Waiting>()
        var waitingCount = 0
        /// Messages that librdkafka has.
        var handedOver = 0
        /// Messages without a report.
        var open = 0
        /// Reports of messages that librdkafka would not take.
        var refused = Refused()
        var idlers: [Promise<Bool>] = []
        var isStopping = false
        var isFatal = false
    }

    /// Reports for the delivery thread to count.
    private struct Refused: Sendable {
        // Safe to pass on: under the outbox's lock, then with the delivery thread alone.
        nonisolated(unsafe) var reports: [UnsafeMutablePointer<shim_report_t>] = []
    }

    /// What a batch's owner wants to be called.
    private final class Delivery: Sendable {
        let onDelivered: @Sendable ([DeliveryReport]) -> Void
        init(_ onDelivered: @escaping @Sendable ([DeliveryReport]) -> Void) {
            self.onDelivered = onDelivered
        }
    }

    private let state: Mutex<State>
    private let end = Promise<Bool>()
    private let onError: @Sendable (KafkaError) -> Void
    private let onFatal: @Sendable (KafkaError) -> Void

    init(
        _ queue: Queue,
        onError: @escaping @Sendable (KafkaError) -> Void,
        onFatal: @escaping @Sendable (KafkaError) -> Void
    ) {
        state = Mutex(State(queue: queue))
        self.onError = onError
        self.onFatal = onFatal
    }

    // MARK: Handing over

    func send(
        _ messages: [Message],
        _ onDelivered: @escaping @Sendable ([DeliveryReport]) -> Void
    ) {
        guard !messages.isEmpty else { return onDelivered([]) }
        let refusal: KafkaError? = state.withLock { state in
            guard state.queue != nil, !state.isStopping else { return .closed }
            guard state.waitingCount + messages.count <= Self.waitingLimit else {
                return KafkaError(code: KafkaError.Code.queueFull)
            }
            let delivery = Unmanaged.passRetained(Delivery(onDelivered))
            guard let batch = shim_batch_new(messages.count, delivery.toOpaque()) else {
                delivery.release()
                return KafkaError(code: KafkaError.Code.queueFull)
            }
            state.waiting.append(Waiting(messages: messages, batch: batch))
            state.waitingCount += messages.count
            state.open += messages.count
            Self.handOver(&state)
            return nil
        }
        guard let refusal else { return }
        let reports = [DeliveryReport](repeating: .failure(refusal), count: messages.count)
        Blocking.start { onDelivered(reports) }
    }

    /// Gives librdkafka what waits, in order, until its queue is full.
    private static func handOver(_ state: inout State) {
        guard let queue = state.queue else { return }
        while var first = state.waiting.first {
            while first.next < first.messages.count {
                let report = first.batch.pointee.reports + first.next
                let error = first.messages[first.next].produce(to: queue.handle.client, report)
                // Full with nothing in it means that this message alone is too large for it.
                if error == RD_KAFKA_RESP_ERR__QUEUE_FULL, state.handedOver > 0 {
                    state.waiting.first = first
                    return
                }
                if error == RD_KAFKA_RESP_ERR_NO_ERROR {
                    state.handedOver += 1
                } else {
                    refuse(report, error, &state)
                }
                state.waitingCount -= 1
                first.next += 1
            }
            state.waiting.removeFirst()
        }
    }

    private static func refuse(
        _ report: UnsafeMutablePointer<shim_report_t>,
        _ error: rd_kafka_resp_err_t,
        _ state: inout State
    ) {
        report.pointee.error = error
        state.refused.reports.append(report)
        // Wakes the delivery thread; a yield that comes before the wait is kept.
        rd_kafka_queue_yield(state.queue?.pointer)
    }

    // MARK: The delivery thread

    func start() {
        Blocking.start {
            while self.serve() {}
            self.state.withLock { $0.queue = nil }
            self.end.fulfil(true)
        }
    }

    /// Waits for events and serves them; false when all is done.
    private func serve() -> Bool {
        guard let queue = state.withLock({ $0.queue }) else { return false }
        var delivered = shim_serve_reports(queue.pointer, 1000, 1024)
        let taken = delivered.reports
        let refused = state.withLock { state in
            state.handedOver -= taken
            Self.handOver(&state)
            defer { state.refused = Refused() }
            return state.refused
        }
        for report in refused.reports { shim_report_done(&delivered, report) }
        finish(delivered, queue.handle)
        if let event = delivered.other {
            notice(event, queue.handle)
            rd_kafka_event_destroy(event)
        }
        let reported = delivered.reports
        let (idlers, goOn) = state.withLock { state in
            state.open -= reported
            guard state.open == 0 else { return ([Promise<Bool>](), true) }
            defer { state.idlers = [] }
            return (state.idlers, !state.isStopping)
        }
        for idler in idlers { idler.fulfil(true) }
        return goOn
    }

    /// Tells the owners of finished batches.
    private func finish(_ delivered: shim_delivered_t, _ handle: Handle) {
        var next = delivered.first
        while let batch = next {
            next = batch.pointee.next
            let reports = UnsafeBufferPointer(
                start: batch.pointee.reports,
                count: batch.pointee.count
            )
            if let owner = batch.pointee.owner {
                let delivery = Unmanaged<Delivery>.fromOpaque(owner).takeRetainedValue()
                delivery.onDelivered(
                    reports.map { $0.result.mapError { handle.explain($0) } }
                )
            }
            shim_batch_destroy(batch)
        }
    }

    private func notice(_ event: OpaquePointer, _ handle: Handle) {
        guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR else { return }
        let error = handle.explain(KafkaError(event: event))
        guard error.isFatal else { return onError(error) }
        let isFirst = state.withLock { state in
            defer { state.isFatal = true }
            return !state.isFatal
        }
        // Nothing can be delivered any more: let every message have its report at once.
        rd_kafka_purge(handle.client, Self.everything)
        if isFirst { onFatal(error) }
    }

    // MARK: The end

    func idle(within timeout: Duration) async -> Bool {
        let promise = Promise<Bool>()
        let isIdle = state.withLock { state in
            if state.open > 0 { state.idlers.append(promise) }
            return state.open == 0
        }
        return if isIdle { true } else { await promise.value(within: timeout, otherwise: false) }
    }

    func ended(within timeout: Duration) async -> Bool {
        await end.value(within: timeout, otherwise: false)
    }

    /// Takes no more messages, gives up those under way, and ends the delivery thread.
    func stop() {
        state.withLock { state in
            guard let queue = state.queue, !state.isStopping else { return }
            state.isStopping = true
            while let first = state.waiting.first {
                for index in first.next..<first.messages.count {
                    let report = first.batch.pointee.reports + index
                    Self.refuse(report, rd_kafka_resp_err_t(rawValue: Self.purged), &state)
                }
                state.waiting.removeFirst()
            }
            state.waitingCount = 0
            rd_kafka_purge(
                queue.handle.client,
                RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT
            )
            rd_kafka_queue_yield(queue.pointer)
        }
    }

    func provokeFatalError() {
        guard let queue = state.withLock({ $0.queue }) else { return }
        rd_kafka_test_fatal_error(
            queue.handle.client,
            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            "provoked"
        )
    }
}

extension shim_report_t {
    fileprivate var result: DeliveryReport {
        guard error.rawValue != 0 else { return .success((partition, offset)) }
        let name = topic.map { String(cString: $0) }
        return .failure(
            KafkaError(
                code: error.rawValue,
                isFatal: error.rawValue == KafkaError.Code.fatal,
                topicPartition: name.map { TopicPartition(topic: $0, partition: partition) }
            )
        )
    }
}

/// A queue whose ends are cheap.
private struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var first: Element? {
        get { head < elements.count ? elements[head] : nil }
        set { elements[head] = newValue }
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() {
        elements[head] = nil
        head += 1
        if head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}

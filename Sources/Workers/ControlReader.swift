import Contract
import Kafka
import Logging
import Telemetry

/// Follows the operators' topic from its beginning and hands over their orders.
///
/// The topic is compacted and may be read any number of times: what a decision about a review is
/// good for, the engine judges; of other orders the last one counts.
struct ControlReader: Sendable {
    /// What it hands over.
    enum News: Sendable {
        /// The topic is read from its beginning.
        case beginning
        /// Orders, in the order of the topic.
        case orders([ControlOrder])
        /// All that was there was handed over.
        case readToEnd
    }

    let topic: String
    let kafka: KafkaConfiguration
    let logger: Logger
    let throttle = LogThrottle(interval: .seconds(3600))
    /// Takes news; no more is read before it returns.
    let take: @Sendable (News) async -> Void

    private var place: TopicPartition { TopicPartition(topic: topic, partition: 0) }

    /// Reads until the task is cancelled; a topic that is missing is looked for again.
    func run() async {
        let follower = TopicFollower(
            topic,
            kafka,
            logger,
            complaint: "operators' orders cannot be read; what is under way goes on"
        )
        await follower.run { reader in
            let start = try await reader.watermarks(place, timeout: .seconds(10)).low
            await take(.beginning)
            return [Position(topicPartition: place, offset: start)]
        } failed: { error in
            // Where there is no topic, nothing has been ordered.
            if error.isMissingTopic { await take(.readToEnd) }
        } take: { event in
            await pass(event)
        }
    }

    private func pass(_ event: ConsumerEvent) async {
        switch event {
        case .records(let records):
            let orders = records.compactMap(order)
            if !orders.isEmpty { await take(.orders(orders)) }
        case .endOfPartition: await take(.readToEnd)
        default: break
        }
    }

    /// The order in a record; nil for withdrawals and what is no order.
    private func order(_ record: Record) -> ControlOrder? {
        record.withValue { value in
            guard let value else { return nil }
            do throws(UnreadableRecord) {
                return try ControlOrder(value: value)
            } catch {
                logger.throttled(
                    throttle,
                    as: "order",
                    .warning,
                    "an operator's order cannot be read",
                    metadata: [
                        "topic": "\(topic)", "partition": .number(record.partition),
                        "offset": .number(record.offset), "error": "\(error.what)",
                    ]
                )
                return nil
            }
        }
    }
}

/// The newest orders about reviews, by number; the oldest go when there are too many.
struct ReviewOrders {
    private let limit: Int
    private var orders: [UInt64: ReviewOrder] = [:]
    /// The numbers as they came.
    private var numbers: [UInt64] = []

    /// Keeps so many orders, and for a while a tenth more.
    init(limit: Int = 10_000) {
        self.limit = limit
    }

    /// All orders, oldest first.
    var all: some Sequence<ReviewOrder> { numbers.lazy.compactMap { orders[$0] } }

    /// The order with a number.
    subscript(number: UInt64) -> ReviewOrder? { orders[number] }

    /// Adds an order; false if it is there already.
    mutating func insert(_ order: ReviewOrder) -> Bool {
        guard orders.updateValue(order, forKey: order.number) == nil else { return false }
        numbers.append(order.number)
        if numbers.count > limit + limit / 10 {
            for number in numbers.prefix(numbers.count - limit) { orders[number] = nil }
            numbers.removeFirst(numbers.count - limit)
        }
        return true
    }
}

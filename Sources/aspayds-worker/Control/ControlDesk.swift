import Contract
import Kafka
import Workers

/// Gives operators' orders to the workers, on the topic `worker.control`.
struct ControlDesk {
    private let settings: Settings
    private let topic: String

    init(_ settings: Settings) {
        self.settings = settings
        topic = Topics(prefix: settings.topicPrefix).workerControl
    }

    /// The last order about an attempt, as far as the topic still has it.
    func lastReview(_ key: String) async throws(Failure) -> ReviewOrder? {
        var last: ReviewOrder?
        try await read { order in
            if case .review(let order) = order, order.key == key { last = order }
        }
        return last
    }

    /// The order that keeps a domain paused; nil where none does.
    func pause(of domain: Domain) async throws(Failure) -> StandingOrder? {
        var last: StandingOrder?
        try await read { order in
            guard case .standing(let order) = order, case .flow(domain, let isPaused) = order.kind
            else { return }
            last = isPaused ? order : nil
        }
        return last
    }

    /// Shows every order that the topic still has.
    private func read(_ see: (ControlOrder) -> Void) async throws(Failure) {
        let partitions = try await KafkaAccess.partitionCount(of: topic, settings)
        var scan = try TopicScan(
            (0..<partitions).map { TopicPartition(topic: topic, partition: Int32($0)) },
            settings
        )
        do throws(Failure) {
            try await scan.readToEnd { record in
                let order = record.withValue { value in
                    value.flatMap { try? ControlOrder(value: $0) }
                }
                if let order { see(order) }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
    }

    /// Orders, and waits until every in-sync replica has it.
    ///
    /// - Returns: Where the order lies.
    func give(_ record: EncodedRecord) async throws(Failure) -> CommandSource {
        let message = Message(topic: topic, partition: 0, record)
        let producer = try KafkaAccess.producer(settings)
        let report = await producer.send([message]).first
        await producer.close(timeout: .seconds(5))
        switch report {
        case .success(let place)?:
            return CommandSource(topic: topic, partition: place.partition, offset: place.offset)
        case .failure(let error)?: throw KafkaAccess.failure(error, settings)
        case nil: throw Failure("the order was not sent")
        }
    }
}

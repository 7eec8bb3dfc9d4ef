package import Contract
package import Kafka

extension Message {
    /// A message of the contract; without a partition the topic's partitioner chooses one.
    package init(topic: String, partition: Int32? = nil, _ record: EncodedRecord) {
        self.init(
            topic: topic,
            partition: partition,
            key: record.key,
            value: record.value,
            headers: record.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }
}

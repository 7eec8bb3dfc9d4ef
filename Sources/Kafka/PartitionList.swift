import CKafkaShim

/// librdkafka's list of partitions, freed with the last reference.
struct PartitionList: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ partitions: some Collection<TopicPartition>) {
        pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for partition in partitions { add(partition) }
    }

    init(_ positions: [Position]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(positions.count))
        for position in positions {
            add(position.topicPartition).pointee.offset = position.offset
        }
    }

    init(_ offsets: [CommitOffset]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for offset in offsets {
            let element = add(offset.topicPartition)
            element.pointee.offset = offset.offset
            guard let metadata = offset.metadata else { continue }
            let bytes = Array(metadata.utf8)
            // One byte more: librdkafka's allocator may answer 0 bytes with NULL.
            guard let copy = rd_kafka_mem_malloc(nil, bytes.count + 1) else { continue }
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(start: copy, count: $0.count).copyMemory(from: $0)
            }
            element.pointee.metadata = copy
            element.pointee.metadata_size = bytes.count
        }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    /// Lends the list to the library: it would be freed after its last use otherwise, and a pointer
    /// taken from it is no use of it.
    func lend<R>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        try body(pointer)
    }

    @discardableResult
    private func add(
        _ partition: TopicPartition
    ) -> UnsafeMutablePointer<rd_kafka_topic_partition_t> {
        rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
    }

    /// The elements of a list that librdkafka owns.
    static func elements(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
        UnsafeBufferPointer(start: list?.pointee.elems, count: Int(list?.pointee.cnt ?? 0))
    }

    /// The first partition's error in a list that librdkafka has answered.
    var firstError: KafkaError? {
        for element in Self.elements(pointer) {
            if let error = KafkaError.from(element.err, topicPartition: element.topicPartition) {
                return error
            }
        }
        return nil
    }
}

extension rd_kafka_topic_partition_t {
    var topicPartition: TopicPartition {
        TopicPartition(topic: String(cString: topic), partition: partition)
    }

    /// The metadata as text; what is not UTF-8 is replaced.
    var metadataText: String? {
        guard let metadata, metadata_size > 0 else { return nil }
        return String(
            decoding: UnsafeRawBufferPointer(start: metadata, count: metadata_size),
            as: UTF8.self
        )
    }
}

import CKafkaShim
import Synchronization

extension Consumer {
    /// What the group has committed for these partitions; those without a commit are absent.
    package func committed(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: CommittedOffset] {
        guard !partitions.isEmpty else { return [:] }
        return try await query(timeout: timeout) { handle throws(KafkaError) in
            let list = PartitionList(partitions)
            return try list.lend { pointer throws(KafkaError) in
                try KafkaError.check(
                    rd_kafka_committed(handle.client, pointer, timeout.milliseconds)
                )
                if let error = list.firstError { throw error }
                var committed: [TopicPartition: CommittedOffset] = [:]
                for element in PartitionList.elements(pointer) where element.offset >= 0 {
                    committed[element.topicPartition] = CommittedOffset(
                        offset: element.offset,
                        metadata: element.metadataText
                    )
                }
                return committed
            }
        }
    }

    /// How many partitions a topic has; throws unless it exists.
    package func partitionCount(
        of topic: String,
        timeout: Duration
    ) async throws(KafkaError) -> Int {
        try await query(timeout: timeout) { handle throws(KafkaError) in
            guard let found = try handle.metadata(timeout: timeout).topics[topic] else {
                throw KafkaError(code: KafkaError.Code.unknownTopic)
            }
            if let error = found.error { throw error }
            return found.partitions
        }
    }

    /// Where a partition that is being read ended when a broker told so last; nil while none has.
    ///
    /// Asks nobody; of a partition that is paused nobody tells anything.
    package func lastKnownEnd(of partition: TopicPartition) -> Int64? {
        guard let link = state.withLock({ $0.link }) else { return nil }
        var (low, high) = (Int64(-1), Int64(-1))
        let code = rd_kafka_get_watermark_offsets(
            link.handle.client,
            partition.topic,
            partition.partition,
            &low,
            &high
        )
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// The offset of the oldest record, and the offset that the next one will get, as the
    /// partition's leader says now.
    package func watermarks(
        _ partition: TopicPartition,
        timeout: Duration
    ) async throws(KafkaError) -> (low: Int64, high: Int64) {
        let marks = try await watermarks([partition], timeout: timeout)
        guard let mark = marks[partition] else { throw .invalid("no offsets of \(partition)") }
        return mark
    }

    /// The watermarks of many partitions; it throws unless every one of them is known.
    ///
    /// Not `rd_kafka_query_watermark_offsets`: that one asks twice at once, and when one answer is an
    /// error and the other is not (a new leader knows its beginning, and not its end yet), it may
    /// tell that the partition is empty.
    package func watermarks(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        guard !partitions.isEmpty else { return [:] }
        return try await query(timeout: timeout) { handle throws(KafkaError) in
            let low = try handle.offsets(of: partitions, at: Position.beginning, timeout)
            let high = try handle.offsets(of: partitions, at: Position.end, timeout)
            var marks: [TopicPartition: (low: Int64, high: Int64)] = [:]
            for partition in partitions {
                guard let low = low[partition], let high = high[partition], low <= high else {
                    throw .invalid("the broker tells no offsets of \(partition)")
                }
                marks[partition] = (low, high)
            }
            return marks
        }
    }

    /// Where the first record of a time or later lies, in milliseconds since 1970; a partition
    /// without one is absent.
    package func offsets(
        _ partitions: [TopicPartition],
        since time: Int64,
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        return try await query(timeout: timeout) { handle throws(KafkaError) in
            try handle.offsets(of: partitions, at: max(0, time), timeout)
        }
    }

    /// Makes a blocking call elsewhere.
    ///
    /// The time is bounded here too, because librdkafka's own
    /// bound does not cover every wait of a watermark query.
    private func query<R: Sendable>(
        timeout: Duration,
        _ body: @escaping @Sendable (Handle) throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let handle = try withLink { link, _ throws(KafkaError) in link.handle }
        let answer = await Blocking.run(timeout: timeout, untilCancelled: true) {
            Result { () throws(KafkaError) in
                try handle.explained { () throws(KafkaError) in try body(handle) }
            }
        }
        guard let answer else {
            throw handle.explain(KafkaError(code: KafkaError.Code.timedOut))
        }
        return try answer.get()
    }
}

extension Handle {
    /// What the leaders say of the beginning, the end or a time of partitions; absent where they say
    /// nothing.
    func offsets(
        of partitions: [TopicPartition],
        at place: Int64,
        _ timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(
            partitions.map { Position(topicPartition: $0, offset: place) }
        )
        return try list.lend { pointer throws(KafkaError) in
            // The two places are times to the protocol, and are passed on as they are.
            try KafkaError.check(
                rd_kafka_offsets_for_times(client, pointer, timeout.milliseconds)
            )
            if let error = list.firstError { throw error }
            var offsets: [TopicPartition: Int64] = [:]
            for element in PartitionList.elements(pointer) where element.offset >= 0 {
                offsets[element.topicPartition] = element.offset
            }
            return offsets
        }
    }
}

import CKafkaShim

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

    /// The offset of the oldest record, and the offset that the next one will get, as the
    /// partition's leader says now.
    package func watermarks(
        _ partition: TopicPartition,
        timeout: Duration
    ) async throws(KafkaError) -> (low: Int64, high: Int64) {
        try await query(timeout: timeout) { handle throws(KafkaError) in
            var low: Int64 = 0
            var high: Int64 = 0
            let error = rd_kafka_query_watermark_offsets(
                handle.client,
                partition.topic,
                partition.partition,
                &low,
                &high,
                timeout.milliseconds
            )
            if let error = KafkaError.from(error, topicPartition: partition) { throw error }
            return (low, high)
        }
    }

    /// The watermarks of many partitions, asked for side by side.
    package func watermarks(
        _ partitions: [TopicPartition],
        timeout: Duration
    ) async throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
        let answers = await withTaskGroup { group in
            for partition in partitions {
                group.addTask { await self.ask(partition, timeout) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var watermarks: [TopicPartition: (low: Int64, high: Int64)] = [:]
        for (partition, answer) in answers { watermarks[partition] = try answer.get() }
        return watermarks
    }

    private func ask(
        _ partition: TopicPartition,
        _ timeout: Duration
    ) async -> (TopicPartition, Result<(low: Int64, high: Int64), KafkaError>) {
        do throws(KafkaError) {
            return (partition, .success(try await watermarks(partition, timeout: timeout)))
        } catch {
            return (partition, .failure(error))
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
            Result { () throws(KafkaError) in try body(handle) }
        }
        guard let answer else { throw KafkaError(code: KafkaError.Code.timedOut) }
        return try answer.get()
    }
}

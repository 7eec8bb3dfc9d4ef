import CKafkaShim

/// The partitions of a consumer: which are assigned, which are paused, and the drain.
///
/// Paused ones are tracked because resuming a partition that is not paused may deliver records
/// twice (before 2.4), and because librdkafka forgets no pause when it unassigns.
struct Partitions: Sendable {
    private var assigned: Set<TopicPartition> = []
    private var paused: Set<TopicPartition> = []
    /// Records of paused partitions, kept until they are resumed.
    ///
    /// Normally none: librdkafka drops what it has fetched when it pauses. But a pause that crosses the delayed start of a newly
    /// assigned partition can be lost inside it; what then slips through waits here.
    private var held: [TopicPartition: [Record]] = [:]
    /// What was held and has been resumed; the next drain begins with it.
    private var released: [Record] = []
    /// What is to be fetched again, and librdkafka's fetchers may not have noticed.
    private var unfetched: Set<TopicPartition> = []
    /// Whether somebody wakes the fetchers.
    private var isWaking = false

    mutating func assign(
        _ positions: [Position],
        paused: Bool,
        _ link: Consumer.Link
    ) throws(KafkaError) {
        let list = PartitionList(positions)
        separate(positions, link)
        try list.lend { pointer throws(KafkaError) in try link.handle.replaceAssignment(pointer) }
        // The end of an earlier assignment may have undone it meanwhile; in order all the same.
        separate(positions, link)
        let partitions = positions.map(\.topicPartition)
        assigned = Set(partitions)
        // The caller's lock keeps records from being drained between the two calls.
        if paused { try pause(partitions, link) }
    }

    /// Lets the records of partitions come on their own queue.
    private func separate(_ positions: [Position], _ link: Consumer.Link) {
        for place in positions.map(\.topicPartition) {
            let queue = rd_kafka_queue_get_partition(
                link.handle.client,
                place.topic,
                place.partition
            )
            guard let queue else { continue }
            rd_kafka_queue_forward(queue, link.records.pointer)
            rd_kafka_queue_destroy(queue)
        }
    }

    /// Forgets everything about the present assignment, before it ends.
    mutating func reset(_ link: Consumer.Link) throws(KafkaError) {
        let forgotten = paused
        self = Partitions(isWaking: isWaking)
        guard !forgotten.isEmpty else { return }
        let list = PartitionList(forgotten)
        try list.lend { pointer throws(KafkaError) in
            try KafkaError.check(rd_kafka_resume_partitions(link.handle.client, pointer))
        }
    }

    func isPaused(_ partition: TopicPartition) -> Bool { paused.contains(partition) }

    mutating func pause(
        _ partitions: [TopicPartition],
        _ link: Consumer.Link
    ) throws(KafkaError) {
        let new = Set(partitions).intersection(assigned).subtracting(paused)
        guard !new.isEmpty else { return }
        track(paused: new)
        try pauseInLibrary(new, link)
    }

    /// Notes the pause; from here on `drain` delivers none of their records.
    mutating func track(paused new: Set<TopicPartition>) {
        paused.formUnion(new)
    }

    /// Resumes; true when records that were held are now waiting.
    mutating func resume(
        _ partitions: [TopicPartition],
        _ link: Consumer.Link
    ) throws(KafkaError) -> Bool {
        let ended = paused.intersection(partitions)
        guard !ended.isEmpty else { return false }
        let list = PartitionList(ended)
        try list.lend { pointer throws(KafkaError) in
            try KafkaError.check(rd_kafka_resume_partitions(link.handle.client, pointer))
        }
        paused.subtract(ended)
        unfetched.formUnion(ended)
        for partition in ended {
            released += held.removeValue(forKey: partition) ?? []
        }
        if let error = list.firstError { throw error }
        return !released.isEmpty
    }

    private func pauseInLibrary(
        _ partitions: Set<TopicPartition>,
        _ link: Consumer.Link
    ) throws(KafkaError) {
        let list = PartitionList(partitions)
        try list.lend { pointer throws(KafkaError) in
            try KafkaError.check(rd_kafka_pause_partitions(link.handle.client, pointer))
        }
        if let error = list.firstError { throw error }
    }

    /// Whether the fetchers have to be woken, and nobody does so yet.
    mutating func beginWaking() -> Bool {
        guard !unfetched.isEmpty, !isWaking else { return false }
        isWaking = true
        return true
    }

    /// What the fetchers have to notice next; nil, and the waking is over, when there is nothing.
    mutating func takeUnfetched() -> [TopicPartition]? {
        defer { unfetched = [] }
        isWaking = !unfetched.isEmpty
        return isWaking ? Array(unfetched) : nil
    }

    mutating func drain(max: Int, records: Bool, _ link: Consumer.Link) -> [ConsumerEvent] {
        guard max > 0 else { return [] }
        if records && !released.isEmpty {
            defer { released = [] }
            return [.records(released)]
        }
        return withUnsafeTemporaryAllocation(of: shim_event_t.self, capacity: max) { buffer in
            guard let start = buffer.baseAddress else { return [] }
            var count = shim_drain(link.replies.pointer, max, start)
            count += shim_drain(link.events.pointer, max - count, start + count)
            if records { count += shim_drain(link.records.pointer, max - count, start + count) }
            return translate(UnsafeBufferPointer(rebasing: buffer[..<count]), link)
        }
    }

    /// Turns librdkafka's events into ours; records that follow one another become one event.
    private mutating func translate(
        _ drained: UnsafeBufferPointer<shim_event_t>,
        _ link: Consumer.Link
    ) -> [ConsumerEvent] {
        guard !drained.isEmpty else { return [] }
        let batch = RecordBatch(drained, of: link.handle)
        var events: [ConsumerEvent] = []
        var records: [Record] = []
        for item in drained {
            if let message = item.message, message.pointee.err.rawValue == 0 {
                let record = Record(message: message, batch: batch)
                if hold(record, link) { continue }
                if records.isEmpty { records.reserveCapacity(drained.count) }
                records.append(record)
            } else if let event = item.event {
                if !records.isEmpty { events.append(.records(records)) }
                records = []
                if let event = ConsumerEvent(event, message: item.message, link.handle) {
                    events.append(event)
                }
                if item.message == nil { rd_kafka_event_destroy(event) }
            }
        }
        if !records.isEmpty { events.append(.records(records)) }
        return events
    }

    /// Keeps back a record of a paused partition, and repeats the pause that librdkafka has lost.
    private mutating func hold(_ record: Record, _ link: Consumer.Link) -> Bool {
        guard !paused.isEmpty, paused.contains(record.topicPartition) else { return false }
        held[record.topicPartition, default: []].append(record)
        // Should even this fail, the records go on being held.
        try? pauseInLibrary([record.topicPartition], link)
        return true
    }
}

extension Handle {
    /// Assigns, and waits the few microseconds until librdkafka has really stopped and started.
    ///
    /// Were the assignment changed again before the stop is through, librdkafka would stop the
    /// partition twice and abort. Stop, its reply and the start are steps of its main thread, each
    /// queued by the one before it; each question queues behind one of them, so that the third
    /// answer comes after them all. (An outstanding commit delays the start beyond that.)
    func replaceAssignment(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) throws(KafkaError) {
        try KafkaError.check(rd_kafka_assign(client, list))
        for _ in 0..<3 { try awaitMainThread() }
    }

    /// Waits the few microseconds until librdkafka's main thread has done what was asked of it before.
    func awaitMainThread() throws(KafkaError) {
        var answer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try KafkaError.check(rd_kafka_assignment(client, &answer))
        rd_kafka_topic_partition_list_destroy(answer)
    }
}

extension ConsumerEvent {
    /// Translates an event that is not a good record; nil for what nobody asked for.
    fileprivate init?(
        _ event: OpaquePointer,
        message: UnsafePointer<rd_kafka_message_t>?,
        _ handle: Handle
    ) {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_REBALANCE:
            self.init(rebalance: event, handle)
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            let list = rd_kafka_event_topic_partition_list(event)
            self = .committed(
                CommitReply(
                    id: UInt64(UInt(bitPattern: rd_kafka_event_opaque(event))),
                    error: KafkaError.from(rd_kafka_event_error(event)),
                    partitions: PartitionList.elements(list).map {
                        let partition = $0.topicPartition
                        let error = KafkaError.from($0.err, topicPartition: partition)
                        return (partition, error.map { handle.explain($0) })
                    }
                )
            )
        case RD_KAFKA_EVENT_ERROR:
            self.init(error: event, handle)
        case RD_KAFKA_EVENT_FETCH:
            guard let message else { return nil }
            let error = KafkaError(
                code: message.pointee.err.rawValue,
                message: String(cString: rd_kafka_message_errstr(message)),
                topicPartition: message.pointee.rkt.map {
                    TopicPartition(
                        topic: String(cString: rd_kafka_topic_name($0)),
                        partition: message.pointee.partition
                    )
                }
            )
            self = .error(handle.explain(error))
        default:
            return nil
        }
    }

    private init(rebalance event: OpaquePointer, _ handle: Handle) {
        let list = rd_kafka_event_topic_partition_list(event)
        let partitions = PartitionList.elements(list).map(\.topicPartition)
        if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self = .assigned(partitions)
        } else if rd_kafka_assignment_lost(handle.client) != 0 {
            self = .lost(partitions)
        } else {
            self = .revoked(partitions)
        }
    }

    private init(error event: OpaquePointer, _ handle: Handle) {
        let place = rd_kafka_event_topic_partition(event)
        defer { if let place { rd_kafka_topic_partition_destroy(place) } }
        let partition = place?.pointee.topicPartition
        let code = rd_kafka_event_error(event).rawValue
        if code == KafkaError.Code.partitionEOF, let place, let partition {
            self = .endOfPartition(
                Position(topicPartition: partition, offset: place.pointee.offset)
            )
        } else {
            self = .error(handle.explain(KafkaError(event: event, topicPartition: partition)))
        }
    }
}

extension KafkaError {
    /// The error that an event of kind error carries.
    init(event: OpaquePointer, topicPartition: TopicPartition? = nil) {
        self.init(
            code: rd_kafka_event_error(event).rawValue,
            message: String(cString: rd_kafka_event_error_string(event)),
            isFatal: rd_kafka_event_error_is_fatal(event) != 0,
            topicPartition: topicPartition
        )
    }
}

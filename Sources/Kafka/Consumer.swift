import CKafkaShim
import Synchronization

/// A member of a consumer group, or a reader of partitions that are assigned by hand.
///
/// Nothing happens behind the owner's back: offsets are explicit, commits are asked for, and a
/// revocation waits for `unassign`. `onReady` is called on librdkafka's threads whenever there is
/// something new (edge-triggered) and may only signal; the owner then calls `drain` until it
/// returns nothing, and once a second anyway.
package final class Consumer: Sendable {
    /// What cannot be overridden, because safety rests on it.
    static let forced = [
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "error",
        "allow.auto.create.topics": "false",
    ]
    static let defaults = [
        "partition.assignment.strategy": "range",
        "socket.nagle.disable": "true",
        // What may wait, of all partitions together.
        "queued.min.messages": "20000",
        "queued.max.messages.kbytes": "16384",
    ]
    private static let eventKinds =
        RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR
    /// The most that one drain takes; it bounds the memory that one record can hold on to.
    static let drainLimit = 1024

    /// The client and its queues, until it is closed.
    struct Link: Sendable {
        let handle: Handle
        /// Rebalances and errors.
        let events: Queue
        /// Answers to commits.
        let replies: Queue
        /// Records have a queue of their own, so that an owner who wants no more of them at present
        /// hears of a revocation all the same.
        ///
        /// Pausing instead would stop the flow for up to a second: librdkafka's fetcher looks for
        /// resumed partitions no more often.
        let records: Queue
    }

    /// Guards the partitions too: a pause or an assignment never falls into a drain (see the shim).
    struct State: Sendable {
        var link: Link?
        var partitions = Partitions()
    }

    let state: Mutex<State>

    /// Makes a consumer that does nothing until `subscribe` or `assign`.
    package init(
        _ configuration: KafkaConfiguration,
        onReady: @escaping @Sendable () -> Void
    ) throws(KafkaError) {
        try Self.refuseCooperative(configuration)
        let handle = try Handle(
            RD_KAFKA_CONSUMER,
            configuration,
            defaults: Self.defaults,
            forced: Self.forced,
            events: Self.eventKinds,
            callbacks: Callbacks(configuration, onReady: onReady)
        )
        // The client's own errors (brokers, authentication) arrive among the consumer's events.
        try KafkaError.check(rd_kafka_poll_set_consumer(handle.client))
        guard let events = rd_kafka_queue_get_consumer(handle.client),
            let replies = rd_kafka_queue_new(handle.client),
            let records = rd_kafka_queue_new(handle.client)
        else { throw .invalid("a consumer needs a group.id") }
        let link = Link(
            handle: handle,
            events: Queue(events, of: handle),
            replies: Queue(replies, of: handle),
            records: Queue(records, of: handle)
        )
        state = Mutex(State(link: link))
        link.events.enableWakeUp()
        link.replies.enableWakeUp()
        link.records.enableWakeUp()
    }

    /// Assignments by increments are not spoken here: they are buggy before librdkafka 2.10.
    private static func refuseCooperative(
        _ configuration: KafkaConfiguration
    ) throws(KafkaError) {
        for (name, refused) in [
            ("partition.assignment.strategy", "cooperative"), ("group.protocol", "consumer"),
        ] {
            guard let value = configuration.properties[name], value.contains(refused)
            else { continue }
            throw .invalid(
                "value \"\(value)\" for Kafka property \"\(name)\" is not supported: "
                    + "rebalancing is eager, \"range\" or \"roundrobin\""
            )
        }
    }

    /// Joins the group for these topics; assignments then arrive as events.
    package func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics.map { TopicPartition(topic: $0, partition: -1) })
        try withLink { link, _ throws(KafkaError) in
            try list.lend { pointer throws(KafkaError) in
                try KafkaError.check(rd_kafka_subscribe(link.handle.client, pointer))
            }
        }
    }

    /// Reads these partitions from these offsets on, and no others: the answer to `assigned`.
    ///
    /// Paused ones deliver no record before `resume`.
    package func assign(_ positions: [Position], paused: Bool = false) throws(KafkaError) {
        if let bad = positions.first(where: { $0.offset < Position.beginning }) {
            throw .invalid("\(bad) is no position to read from")
        }
        try withLink { link, partitions throws(KafkaError) in
            try partitions.reset(link)
            try partitions.assign(positions, paused: paused, link)
        }
    }

    /// Gives all partitions up: the answer to `revoked` and `lost`, once the owner has drained.
    package func unassign() throws(KafkaError) {
        try withLink { link, partitions throws(KafkaError) in
            try partitions.reset(link)
            try link.handle.replaceAssignment(nil)
        }
    }

    /// Stops delivering these partitions' records at once; pausing twice, or pausing what is not
    /// assigned, changes nothing.
    package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        try withLink { link, tracked throws(KafkaError) in try tracked.pause(partitions, link) }
    }

    /// Whether a partition is paused.
    package func isPaused(_ partition: TopicPartition) -> Bool {
        state.withLock { $0.partitions.isPaused(partition) }
    }

    /// Goes on where the records stopped; resuming what is not paused changes nothing.
    package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let wake = try withLink { link, tracked throws(KafkaError) in
            try tracked.resume(partitions, link) ? link.handle.callbacks : nil
        }
        wake?.onReady()
        wakeFetchers()
    }

    /// Takes what is waiting, at most `max` records and other events together, replies to commits
    /// first; never blocks.
    ///
    /// Without records, they go on waiting, and once enough of them wait no more are fetched.
    package func drain(max: Int, records: Bool = true) -> [ConsumerEvent] {
        state.withLock { state in
            guard let link = state.link else { return [] }
            return state.partitions.drain(
                max: min(max, Self.drainLimit),
                records: records,
                link
            )
        }
    }

    /// Whether the group has taken the assignment away, perhaps before `lost` was drained.
    package var assignmentLost: Bool {
        state.withLock { state in
            guard let link = state.link else { return true }
            return rd_kafka_assignment_lost(link.handle.client) != 0
        }
    }

    /// Asks the broker to store these offsets; the reply is the event `committed` with this id.
    ///
    /// librdkafka may hold a commit back until it knows the coordinator; the caller keeps a
    /// deadline of its own.
    package func commit(_ offsets: [CommitOffset], id: UInt64) throws(KafkaError) {
        if let bad = offsets.first(where: { $0.offset < 0 }) {
            throw .invalid("offset \(bad.offset) of \(bad.topicPartition) cannot be committed")
        }
        let list = PartitionList(offsets)
        try withLink { link, _ throws(KafkaError) in
            try list.lend { pointer throws(KafkaError) in
                try KafkaError.check(
                    rd_kafka_commit_queue(
                        link.handle.client,
                        pointer,
                        link.replies.pointer,
                        nil,
                        UnsafeMutableRawPointer(bitPattern: UInt(id))
                    )
                )
            }
        }
    }

    /// Leaves the group and stops; false when that did not finish in time.
    ///
    /// Then the client stays behind on a thread of its own, on purpose: waiting for it could take
    /// for ever. Records that were delivered stay valid.
    package func close(timeout: Duration) async -> Bool {
        let link = state.withLock { state in
            defer { state = State() }
            return state.link
        }
        guard let link else { return true }
        link.events.disableWakeUp()
        link.replies.disableWakeUp()
        link.records.disableWakeUp()
        let closed: Void? = await Blocking.run(timeout: timeout) {
            // An unanswered revocation would make the close wait for ever.
            try? link.handle.replaceAssignment(nil)
            rd_kafka_consumer_close(link.handle.client)
        }
        return closed != nil
    }

    /// Calls the body with the client, under the lock, or throws when it is closed.
    func withLink<R: Sendable>(
        _ body: (Link, inout Partitions) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        try state.withLock { state throws(KafkaError) in
            guard let link = state.link else { throw .closed }
            return try body(link, &state.partitions)
        }
    }
}

import CKafkaShim
import Synchronization

/// A record as it was fetched; key and value stay in librdkafka's buffer and are not copied.
///
/// The buffer lives until the last record of the same drain is let go.
package struct Record: Sendable {
    // Safe to share: what it points to never changes (headers are parsed under the batch's lock),
    // and lives as long as the batch.
    nonisolated(unsafe) private let message: UnsafePointer<rd_kafka_message_t>
    private let batch: RecordBatch

    init(message: UnsafePointer<rd_kafka_message_t>, batch: RecordBatch) {
        self.message = message
        self.batch = batch
    }

    /// The topic's name.
    package var topic: String { batch.name(of: message.pointee.rkt) }

    /// The partition's number.
    package var partition: Int32 { withExtendedLifetime(batch) { message.pointee.partition } }

    /// The place in the partition.
    package var offset: Int64 { withExtendedLifetime(batch) { message.pointee.offset } }

    /// The partition with its topic.
    package var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// Milliseconds since 1970, by the producer or the broker; −1 when the record has none.
    package var timestamp: Int64 {
        withExtendedLifetime(batch) { rd_kafka_message_timestamp(message, nil) }
    }

    /// Gives access to the key, which is nil when the record has none.
    package func withKey<R, Failure>(
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> R
    ) throws(Failure) -> R {
        defer { withExtendedLifetime(batch) {} }
        let key = message.pointee.key
        return try body(
            key.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len) }
        )
    }

    /// Gives access to the value, which is nil for a tombstone.
    package func withValue<R, Failure>(
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> R
    ) throws(Failure) -> R {
        defer { withExtendedLifetime(batch) {} }
        let value = message.pointee.payload
        return try body(value.map { UnsafeRawBufferPointer(start: $0, count: message.pointee.len) })
    }

    /// Gives access to the last header of a name, which is nil when it is absent or null.
    ///
    /// Nothing is copied; of what the record carries, only the headers are looked at.
    package func withHeader<R: Sendable, Failure>(
        _ name: String,
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> R
    ) throws(Failure) -> R {
        try batch.parsing.withLock { _ throws(Failure) in
            var list: OpaquePointer?
            var value: UnsafeRawPointer?
            var size = 0
            guard rd_kafka_message_headers(message, &list).rawValue == 0, let list,
                rd_kafka_header_get_last(list, name, &value, &size).rawValue == 0
            else { return try body(nil) }
            return try body(value.map { UnsafeRawBufferPointer(start: $0, count: size) })
        }
    }

    /// The headers in their order; a name that is not UTF-8 is repaired.
    package var headers: [Header] {
        batch.parsing.withLock { _ in
            var list: OpaquePointer?
            guard rd_kafka_message_headers(message, &list).rawValue == 0, let list else {
                return []
            }
            var headers: [Header] = []
            headers.reserveCapacity(rd_kafka_header_cnt(list))
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while rd_kafka_header_get_all(list, headers.count, &name, &value, &size).rawValue == 0,
                let name
            {
                let bytes = value.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: size)) }
                headers.append(Header(name: String(cString: name), value: bytes))
            }
            return headers
        }
    }
}

/// The messages of one drain: one object for all records, destroyed with the last of them.
final class RecordBatch: Sendable {
    /// Held while headers are parsed, which librdkafka does in place at the first look.
    let parsing = Mutex(())
    // Safe to share: written in init alone, destroyed in deinit alone.
    nonisolated(unsafe) private let events: [OpaquePointer]
    // Safe to share: they are compared, never followed; the messages keep the topics alive.
    nonisolated(unsafe) private let topics: [(pointer: OpaquePointer, name: String)]
    // Messages must not outlive their client.
    private let handle: Handle

    /// Takes over the events that bring a message; the others are left to the caller.
    init(_ drained: UnsafeBufferPointer<shim_event_t>, of handle: Handle) {
        var events: [OpaquePointer] = []
        var topics: [(pointer: OpaquePointer, name: String)] = []
        events.reserveCapacity(drained.count)
        for item in drained {
            guard let message = item.message, let event = item.event else { continue }
            events.append(event)
            // Nearly always one topic; its name is made once.
            guard let topic = message.pointee.rkt, topic != topics.last?.pointer,
                !topics.contains(where: { $0.pointer == topic })
            else { continue }
            topics.append((topic, String(cString: rd_kafka_topic_name(topic))))
        }
        self.events = events
        self.topics = topics
        self.handle = handle
    }

    deinit {
        for event in events { rd_kafka_event_destroy(event) }
    }

    func name(of topic: OpaquePointer?) -> String {
        topics.first { $0.pointer == topic }?.name ?? ""
    }
}

/// One partition of a topic.
package struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    package let topic: String
    package let partition: Int32

    /// Stands for the topic as a whole.
    static let any: Int32 = -1

    /// Names a partition.
    package init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// The form `topic/partition`.
    package var description: String { partition < 0 ? topic : "\(topic)/\(partition)" }
}

/// A place in a partition: the offset of the next record to read.
package struct Position: Hashable, Sendable, CustomStringConvertible {
    /// Stands for the oldest record that the broker has.
    package static let beginning: Int64 = -2
    /// Stands for what is written from now on.
    package static let end: Int64 = -1

    package let topicPartition: TopicPartition
    package let offset: Int64

    /// Names a place; the offset may be `beginning` or `end`.
    package init(topicPartition: TopicPartition, offset: Int64) {
        self.topicPartition = topicPartition
        self.offset = offset
    }

    /// The form `topic/partition/offset`.
    package var description: String { "\(topicPartition)/\(offset)" }
}

/// An offset to commit: the next record to read, and a note kept beside it.
package struct CommitOffset: Hashable, Sendable {
    package let topicPartition: TopicPartition
    package let offset: Int64
    package let metadata: String?

    /// Names the offset of the next record to read.
    package init(topicPartition: TopicPartition, offset: Int64, metadata: String? = nil) {
        self.topicPartition = topicPartition
        self.offset = offset
        self.metadata = metadata
    }
}

/// What a group has committed for a partition.
package struct CommittedOffset: Hashable, Sendable {
    package let offset: Int64
    package let metadata: String?
}

/// A header of a record; names may repeat, and a value may be null.
package struct Header: Hashable, Sendable {
    package let name: String
    package let value: [UInt8]?

    /// Makes a header.
    package init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}

/// What a consumer tells its owner, in order.
package enum ConsumerEvent: Sendable {
    /// Records, in order within each partition.
    case records([Record])
    /// The group gave these partitions; nothing is read until `assign` answers.
    case assigned([TopicPartition])
    /// The group wants these back; it waits, and they stay ours, until `unassign` answers. No more
    /// of their records arrive.
    case revoked([TopicPartition])
    /// These were taken away already; answered by `unassign` too.
    case lost([TopicPartition])
    /// The answer to a commit.
    case committed(CommitReply)
    /// The partition was read up to its end (with `enable.partition.eof`).
    case endOfPartition(Position)
    /// Something went wrong; the client goes on by itself unless the error is fatal, but a
    /// partition named in it with `_AUTO_OFFSET_RESET` has stopped.
    case error(KafkaError)
}

/// The broker's answer to one commit.
package struct CommitReply: Sendable {
    /// The number that the commit was given.
    package let id: UInt64
    /// What went wrong with the commit as a whole; it counts only if every partition failed.
    package let error: KafkaError?
    /// Each partition with its own error; this is what counts.
    package let partitions: [(topicPartition: TopicPartition, error: KafkaError?)]
}

import CKafkaShim

/// Creates topics and tells what they are like.
package struct Admin: Sendable {
    /// A topic to create.
    package struct NewTopic: Sendable, Hashable {
        package let name: String
        package let partitions: Int32
        package let replicationFactor: Int32
        package let settings: [String: String]

        /// Describes a topic to create.
        package init(
            name: String,
            partitions: Int32,
            replicationFactor: Int32,
            settings: [String: String] = [:]
        ) {
            self.name = name
            self.partitions = partitions
            self.replicationFactor = replicationFactor
            self.settings = settings
        }
    }

    /// What became of creating a topic.
    package enum Creation: Sendable, Hashable {
        case created
        case alreadyExists
        case failed(KafkaError)
    }

    /// A topic as the cluster has it.
    package struct Topic: Sendable, Hashable {
        package let name: String
        package let partitions: Int
        /// The smallest number of replicas that a partition has.
        package let replicationFactor: Int
        /// Every setting in force; nil when the broker does not tell.
        package let settings: [String: String]?
    }

    private let handle: Handle

    /// Makes a client; it connects when it is first used.
    package init(_ configuration: KafkaConfiguration) throws(KafkaError) {
        // A consumer, because a producer's question about a topic may create it.
        handle = try Handle(
            RD_KAFKA_CONSUMER,
            configuration,
            defaults: ["socket.nagle.disable": "true"],
            forced: ["allow.auto.create.topics": "false"],
            callbacks: Callbacks(configuration)
        )
    }

    /// Creates topics; every name gets its own result.
    ///
    /// The time is for each of the three requests that this takes; `describe` takes two.
    package func createTopics(
        _ topics: [NewTopic],
        timeout: Duration = .seconds(30)
    ) async -> [String: Creation] {
        guard !topics.isEmpty else { return [:] }
        let results = await Blocking.run(timeout: timeout * 3) { [handle] in
            handle.create(topics, timeout: timeout)
        }
        let late = Creation.failed(handle.explain(KafkaError(code: KafkaError.Code.timedOut)))
        let answered = results ?? [:]
        return Dictionary(topics.map { ($0.name, answered[$0.name] ?? late) }) { first, _ in first }
    }

    /// Describes topics; those that do not exist are absent.
    ///
    /// Their settings are a second question, which takes a right of its own (DescribeConfigs).
    package func describe(
        _ topics: [String],
        withSettings: Bool = true,
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [String: Topic] {
        let result = await Blocking.run(timeout: timeout * 2, untilCancelled: true) { [handle] in
            Result { () throws(KafkaError) in
                try handle.explained { () throws(KafkaError) in
                    try handle.describe(topics, withSettings: withSettings, timeout: timeout)
                }
            }
        }
        guard let result else {
            throw handle.explain(KafkaError(code: KafkaError.Code.timedOut))
        }
        return try result.get()
    }
}

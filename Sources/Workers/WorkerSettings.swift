package import Contract
package import Engine
package import Kafka

/// What a worker of one domain is told.
package struct WorkerSettings: Sendable {
    /// Payments or payouts.
    package var domain: Domain
    /// The names of the topics.
    package var topics: Topics
    /// The consumer group.
    package var group: String
    /// This process among the members of the group, for the ledger.
    package var owner: String
    /// Properties for every Kafka client.
    package var kafka: KafkaConfiguration
    /// The limits of the engine; the number of partitions is asked of the cluster.
    package var engine: EngineSettings
    /// The domain's part of a rate that an operator orders for everything.
    package var rateShare: Double
    /// Makes the address for callbacks of commands that name none; nil where we serve none.
    package var callback: CallbackAddress?

    /// Settings for one domain.
    package init(
        domain: Domain,
        topics: Topics,
        group: String,
        owner: String,
        kafka: KafkaConfiguration,
        engine: EngineSettings,
        rateShare: Double = 1,
        callback: CallbackAddress? = nil
    ) {
        self.domain = domain
        self.topics = topics
        self.group = group
        self.owner = owner
        self.kafka = kafka
        self.engine = engine
        self.rateShare = rateShare
        self.callback = callback
    }
}

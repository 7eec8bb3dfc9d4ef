package import Contract
package import Engine
package import Kafka

/// Whether a worker sends orders.
package enum Sending: String, CaseIterable, Sendable {
    case on
    /// Commands wait in Kafka.
    case off
    /// Commands are judged and answered with what would be sent; nothing is sent or written to the
    /// ledger.
    case dryRun = "dry-run"
}

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
    /// Whether orders are sent.
    package var sending: Sending
    /// What may be sent without a person.
    package var guardrails: Guardrails
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
        sending: Sending = .on,
        guardrails: Guardrails = Guardrails(),
        callback: CallbackAddress? = nil
    ) {
        self.domain = domain
        self.topics = topics
        self.group = group
        self.owner = owner
        self.kafka = kafka
        self.engine = engine
        self.rateShare = rateShare
        self.sending = sending
        self.guardrails = guardrails
        self.callback = callback
    }
}

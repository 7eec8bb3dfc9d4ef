import Contract
import Kafka

extension Overview.Terms {
    /// Asks Kafka how many partitions the commands have; where it does not say, nobody knows.
    init(_ settings: Settings) async throws(Failure) {
        let topics = Topics(prefix: settings.topicPrefix)
        let names = Domain.allCases.map { topics.commands(of: $0) }
        let found = try await KafkaAccess.describe(names, settings)
        var partitions: [Domain: Int] = [:]
        for domain in Domain.allCases {
            partitions[domain] = found[topics.commands(of: domain)]?.partitions
        }
        self.init(
            partitions: partitions,
            heartbeat: settings.heartbeat.wholeMilliseconds
        )
    }
}

import Contract
import Foundation
import Kafka

/// What the commands that talk to Kafka share.
enum KafkaAccess {
    /// How long a broker may take to answer a question.
    static let answerTimeout: Duration = .seconds(10)

    /// How long to wait where it is known what is in the way, such as a wrong password.
    static let hopelessTimeout: Duration = .seconds(2)

    /// The configuration of a client; `defaults` give way to what the user sets.
    static func configuration(
        _ settings: Settings,
        defaults: [String: String] = [:]
    ) -> KafkaConfiguration {
        KafkaConfiguration(properties: defaults.merging(settings.kafka.properties) { $1 })
    }

    /// A producer for a command with a person waiting: it says after half a minute that the broker
    /// takes nothing.
    static func producer(_ settings: Settings) throws(Failure) -> Producer {
        do {
            let configuration = configuration(settings, defaults: ["message.timeout.ms": "30000"])
            return try Producer(configuration) { Terminal.complain("error: \($0)") }
        } catch { throw failure(error, settings) }
    }

    /// What librdkafka has against properties; it connects to nothing for that.
    static func judge(_ properties: [String: String]) -> String? {
        do {
            _ = try Admin(KafkaConfiguration(properties: properties))
            return nil
        } catch { return error.message }
    }

    /// Completes an error with the brokers that it is about.
    static func failure(_ error: KafkaError, _ settings: Settings) -> Failure {
        let brokers = settings.kafka.properties["bootstrap.servers"] ?? "-"
        return Failure("Kafka at \(printable(brokers)): \(printable("\(error)"))")
    }

    /// How many partitions a topic has that must be there.
    static func partitionCount(
        of topic: String,
        _ settings: Settings
    ) async throws(Failure) -> Int {
        guard let found = try await describe([topic], settings)[topic] else {
            throw Failure("the topic \(topic) does not exist; see `aspayds-worker topics apply`")
        }
        return found.partitions
    }

    /// What the cluster tells of topics; a topic that does not exist is absent.
    static func describe(
        _ topics: [String],
        withSettings: Bool = false,
        _ settings: Settings
    ) async throws(Failure) -> [String: Admin.Topic] {
        do {
            let admin = try Admin(configuration(settings))
            return try await admin.describe(topics, withSettings: withSettings)
        } catch { throw failure(error, settings) }
    }

    /// Every partition of the topics that exist; the others are named, and one at least must be there.
    static func partitions(
        _ topics: [String],
        _ settings: Settings
    ) async throws(Failure) -> [TopicPartition] {
        let found = try await describe(topics, settings)
        for topic in topics where found[topic] == nil {
            Terminal.complain("warning: the topic \(topic) does not exist")
        }
        guard !found.isEmpty else {
            throw Failure("there is no topic to read; see `aspayds-worker topics apply`")
        }
        return found.values.flatMap { topic in
            (0..<topic.partitions).map {
                TopicPartition(topic: topic.name, partition: Int32($0))
            }
        }
    }
}

extension Admin {
    /// Describes topics for a person who waits.
    fileprivate func describe(
        _ topics: [String],
        withSettings: Bool
    ) async throws(KafkaError) -> [String: Topic] {
        do throws(KafkaError) {
            return try await describe(
                topics,
                withSettings: withSettings,
                timeout: KafkaAccess.hopelessTimeout
            )
        } catch {
            guard error.isRetriable, error.explanation == nil else { throw error }
        }
        return try await describe(
            topics,
            withSettings: withSettings,
            timeout: KafkaAccess.answerTimeout
        )
    }
}

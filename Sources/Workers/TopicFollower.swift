import Kafka
import Logging
import Telemetry

/// Follows a topic outside any group, until the task is cancelled.
///
/// What cannot be read is tried again, after a pause that grows to half a minute.
struct TopicFollower: Sendable {
    let topic: String
    let kafka: KafkaConfiguration
    let logger: Logger
    /// What is said of it when the topic cannot be read.
    let complaint: Logger.Message

    private let throttle = LogThrottle(interval: .seconds(3600))

    init(_ topic: String, _ kafka: KafkaConfiguration, _ logger: Logger, complaint: Logger.Message)
    {
        self.topic = topic
        self.kafka = kafka
        self.logger = logger
        self.complaint = complaint
    }

    /// Reads from where `start` says, and hands over whatever comes; `failed` hears why it ends.
    func run(
        from start: (Reader) async throws -> [Position],
        failed: (KafkaError) async -> Void = { _ in },
        take: (ConsumerEvent) async -> Void
    ) async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            do {
                try await follow(from: start, take: take) { pause = .seconds(1) }
            } catch let error as KafkaError {
                await failed(error)
                if !Task.isCancelled {
                    throttle.warn(logger, complaint, error, ["topic": "\(topic)"])
                }
            } catch {
                // Only Kafka fails here.
            }
            // A back-off between attempts to reach the topic.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }

    private func follow(
        from start: (Reader) async throws -> [Position],
        take: (ConsumerEvent) async -> Void,
        onStart: () -> Void
    ) async throws {
        let reader = try Reader(kafka)
        do {
            try reader.assign(try await start(reader))
            onStart()
            while !Task.isCancelled {
                for event in await reader.next() {
                    if case .error(let error) = event, error.isFatal || error.topicPartition != nil
                    {
                        throw error
                    }
                    await take(event)
                }
            }
        } catch {
            await reader.close(timeout: .seconds(2))
            throw error
        }
        await reader.close(timeout: .seconds(2))
    }
}

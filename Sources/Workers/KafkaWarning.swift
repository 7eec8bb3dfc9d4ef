package import Kafka
package import Logging
package import Telemetry

extension LogThrottle {
    /// What is in the way of Kafka is met by every client of the process, and said by one of them.
    private static let kafka = LogThrottle(interval: .seconds(300))

    /// Warns of an error of Kafka: once in a while, and with a known cause once in five minutes,
    /// whoever meets it; the cause names the setting to look at.
    package func warn(
        _ logger: Logger,
        _ message: Logger.Message,
        _ error: KafkaError,
        kind: String? = nil,
        _ metadata: Logger.Metadata = [:]
    ) {
        let cause = error.explanation
        var metadata = metadata
        metadata["error"] = "\(error.name): \(error.message)"
        metadata["reason"] = cause.map { "\($0)" }
        logger.throttled(
            cause == nil ? self : Self.kafka,
            as: cause ?? kind ?? error.name,
            .warning,
            message,
            metadata: metadata
        )
    }
}

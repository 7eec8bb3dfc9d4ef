import Kafka
import Logging
import Telemetry
import Workers

/// Librdkafka's own lines, each kind at most every 30 s.
struct KafkaLog: Sendable {
    let logger: Logger
    let throttle = LogThrottle()
    /// OpenSSL's verdict on a certificate is part of the error that follows.
    private static let silent: Set = ["CONFWARN", "SSLCERTVRFY"]

    func write(_ line: KafkaLogLine) {
        // One set of properties serves all clients; that some do not concern each of them is no news.
        // What a line about a connection means is said by whoever misses an answer.
        if line.explanation != nil || Self.silent.contains(line.facility) { return }
        logger.throttled(
            throttle,
            as: line.facility,
            line.level <= 3 ? .warning : line.level <= 5 ? .info : .debug,
            "librdkafka says",
            metadata: ["facility": "\(line.facility)", "text": "\(line.message)"]
        )
    }

    func note(_ error: KafkaError) { throttle.warn(logger, "Kafka failed", error) }
}

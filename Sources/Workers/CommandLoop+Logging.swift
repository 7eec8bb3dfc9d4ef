import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// Log lines about commands; what is repeated comes once in a while.
extension CommandLoop {
    /// What a request to the provider was for.
    enum Purpose: String {
        /// To send an order.
        case create
        /// To find out what became of a doubt.
        case lookUp = "look_up"
        /// To find out how far something is.
        case poll
        /// To answer a command.
        case check
        /// To find out whether the provider is there.
        case probe
    }

    /// What a line says of a command: its place, and what is known of it.
    func metadata(of id: RecordID) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "partition": .number(id.partition), "offset": .number(id.offset),
        ]
        guard let job = jobs[id] else { return metadata }
        metadata["reference"] = job.reference.map { "\($0)" }
        metadata["attempt"] = job.attempt.map { .number($0) }
        metadata["trace_id"] = job.trace.map { "\($0.traceID)" }
        return metadata
    }

    /// What a line says of a request about commands: which one, or how many they are.
    func metadata(of ids: some Collection<RecordID>) -> Logger.Metadata {
        if ids.count == 1, let id = ids.first { return metadata(of: id) }
        return ids.isEmpty ? [:] : ["count": .number(ids.count)]
    }

    /// A line for each event; those that say that something went wrong are seen without asking.
    func log(_ event: Event, of id: RecordID) {
        let level: Logger.Level =
            switch event.kind {
            case .needsReview: .warning
            case .inDoubt: .notice
            default: .debug
            }
        guard level >= logger.logLevel else { return }
        var metadata = metadata(of: id)
        metadata["type"] = "\(event.type)"
        metadata["reference"] = event.reference.map { "\($0)" }
        metadata["attempt"] = event.attempt.map { .number($0) }
        metadata["reason"] = event.reason.map { "\($0.code)" }
        // Whoever asks for all of them gets all of them.
        if logger.logLevel <= .debug {
            return logger.log(level: level, "event", metadata: metadata)
        }
        logger.throttled(throttle, as: event.type, level, "event", metadata: metadata)
    }

    /// Says what went wrong with a request; refusals are events and need no line.
    func tell(
        _ error: AspaydsError,
        _ purpose: Purpose,
        about ids: some Collection<RecordID>
    ) {
        guard error.code != .validation, error.code != .notPermitted else { return }
        requestError = error
        lastError = ("provider: \(error)", Clock.now.wallClock)
        logger.throttled(
            throttle,
            as: "\(purpose) \(error.code)",
            .warning,
            "a request failed",
            metadata: metadata(of: ids).merging(
                ["purpose": "\(purpose.rawValue)", "error": "\(error)"]
            ) { $1 }
        )
    }
}

extension Job {
    /// The reference, where one is known.
    fileprivate var reference: String? {
        if let order { return order.reference }
        return switch content {
        case .command(let command): command.reference
        case .rejected(_, let rejection): rejection.reference
        case .stray, .restored: nil
        }
    }
}

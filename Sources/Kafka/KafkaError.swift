import CKafkaShim

/// What librdkafka or a broker said went wrong.
package struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The number: positive from a broker, negative from librdkafka itself.
    package let code: Int32
    /// The name of the number, such as `ILLEGAL_GENERATION` or `_TRANSPORT`.
    package let name: String
    /// The sentence that came with it.
    package let message: String
    /// Whether the client can never recover and must be replaced.
    package let isFatal: Bool
    /// The partition that it concerns, when it concerns one alone.
    package let topicPartition: TopicPartition?
    /// What it means for an operator, with the setting to look at, where that is known.
    package private(set) var explanation: String?

    /// Makes the error for a code, with librdkafka's own sentence unless one is given.
    package init(
        code: Int32,
        message: String? = nil,
        isFatal: Bool = false,
        topicPartition: TopicPartition? = nil
    ) {
        let error = rd_kafka_resp_err_t(rawValue: code)
        self.code = code
        self.name = String(cString: rd_kafka_err2name(error))
        self.message = message ?? String(cString: rd_kafka_err2str(error))
        self.isFatal = isFatal
        self.topicPartition = topicPartition
    }

    /// Whether the same call may succeed later without anything being changed.
    package var isRetriable: Bool {
        !isFatal && Code.retriable.contains(code)
    }

    /// Whether no broker can be reached, or none lets us in or to the topics.
    package var isOutage: Bool {
        [Code.allBrokersDown, Code.authentication, Code.topicAuthorizationFailed].contains(code)
    }

    /// Whether the topic, or the partition of it, does not exist.
    package var isMissingTopic: Bool {
        code == Code.unknownTopic || code == Code.unknownPartition
    }

    /// What it means, or else the name, the sentence and the partition, in one line.
    package var description: String {
        if let explanation { return explanation }
        let place = topicPartition.map { " (\($0))" } ?? ""
        return "\(name): \(message)\(place)"
    }

    func explained(_ explanation: String?) -> KafkaError {
        var error = self
        error.explanation = explanation
        return error
    }
}

extension KafkaError {
    /// The codes that this package speaks of.
    package enum Code {
        package static let transport: Int32 = -195
        package static let invalidArgument: Int32 = -186
        package static let timedOut: Int32 = -185
        package static let allBrokersDown: Int32 = -187
        package static let partitionEOF: Int32 = -191
        package static let unknownPartition: Int32 = -190
        package static let messageTimedOut: Int32 = -192
        package static let queueFull: Int32 = -184
        package static let revokePartitions: Int32 = -174
        package static let assignPartitions: Int32 = -175
        package static let waitForCoordinator: Int32 = -180
        package static let tls: Int32 = -181
        package static let noAddress: Int32 = -193
        package static let timedOutInQueue: Int32 = -166
        package static let authentication: Int32 = -169
        package static let noOffset: Int32 = -168
        package static let unsupportedFeature: Int32 = -165
        package static let fatal: Int32 = -150
        package static let maxPollExceeded: Int32 = -147
        package static let autoOffsetReset: Int32 = -140
        package static let destroyed: Int32 = -197
        package static let offsetOutOfRange: Int32 = 1
        package static let messageTooLarge: Int32 = 10
        package static let notLeader: Int32 = 6
        package static let requestTimedOut: Int32 = 7
        package static let unknownTopic: Int32 = 3
        package static let topicAuthorization: Int32 = 29
        package static let illegalGeneration: Int32 = 22
        package static let unknownMember: Int32 = 25
        package static let rebalanceInProgress: Int32 = 27
        package static let topicAuthorizationFailed: Int32 = 29
        package static let groupAuthorizationFailed: Int32 = 30
        package static let clusterAuthorizationFailed: Int32 = 31
        package static let topicAlreadyExists: Int32 = 36

        /// Transport faults and broker states that pass.
        ///
        /// Elections, coordinators on the move, too few replicas: 5 is LEADER_NOT_AVAILABLE, 13 NETWORK_EXCEPTION, 14–16 the
        /// coordinator's, 19–20 NOT_ENOUGH_REPLICAS, 41 NOT_CONTROLLER, 72–76 stale metadata.
        fileprivate static let retriable: Set<Int32> = [
            transport, timedOut, allBrokersDown, messageTimedOut, queueFull, waitForCoordinator,
            notLeader, requestTimedOut, rebalanceInProgress, 5, 9, 13, 14, 15, 16, 19, 20, 41, 56,
            72, 74, 75, 76,
        ]
    }

    static let closed = KafkaError(code: Code.destroyed, message: "the client is closed")

    static func invalid(_ message: String) -> KafkaError {
        KafkaError(code: Code.invalidArgument, message: message)
    }

    /// The error for a code, or nil for success.
    static func from(
        _ error: rd_kafka_resp_err_t,
        topicPartition: TopicPartition? = nil
    ) -> KafkaError? {
        error.rawValue == 0
            ? nil : KafkaError(code: error.rawValue, topicPartition: topicPartition)
    }

    /// Throws the error for a code, unless it is success.
    static func check(_ error: rd_kafka_resp_err_t) throws(KafkaError) {
        if let error = from(error) { throw error }
    }
}

import Synchronization

/// What one client has learned of why it cannot use its brokers.
///
/// Librdkafka says it in a log line, while the call that waits for an answer ends in "time-out" or
/// "transport failure". So the lines are listened to, and what they mean completes such errors.
final class Diagnosis: Sendable {
    private struct State {
        /// OpenSSL's verdict on a broker's certificate, by the broker's address.
        var verdicts: [String: Int32] = [:]
        var latest: (explanation: String, at: ContinuousClock.Instant)?
    }

    private let access: Access
    private let state = Mutex(State())

    /// Librdkafka may be silent about the same failure for 30 s.
    private static let validity = Duration.seconds(60)
    /// Addresses come from the cluster; more than this are not told apart.
    private static let limit = 256

    /// Errors that say no more than that there was no answer, or whose own sentence may say nothing.
    private static let vague: Set<Int32> = [
        KafkaError.Code.transport, KafkaError.Code.timedOut, KafkaError.Code.allBrokersDown,
        KafkaError.Code.messageTimedOut, KafkaError.Code.waitForCoordinator,
        KafkaError.Code.timedOutInQueue, KafkaError.Code.authentication, KafkaError.Code.tls,
        KafkaError.Code.noAddress,
    ]

    init(_ properties: [String: String]) {
        access = Access(properties)
    }

    /// Notes what OpenSSL has against a broker's certificate.
    func note(verdict: Int32, on broker: String) {
        state.withLock { state in
            guard state.verdicts.count < Self.limit || state.verdicts[broker] != nil else { return }
            state.verdicts[broker] = verdict
        }
    }

    /// Notes a line of the log about a connection that failed; gives what it means, if that is known.
    func note(failure line: String) -> String? {
        let failure = ConnectionFailure(line)
        return state.withLock { state in
            let verdict = state.verdicts[failure.address]
            guard let explanation = access.explanation(of: failure, verdict: verdict) else {
                return nil
            }
            state.latest = (explanation, .now)
            return explanation
        }
    }

    /// Forgets what was in the way, because a broker has answered.
    func forget() {
        state.withLock { $0.latest = nil }
    }

    /// The error, completed with what it means.
    func explain(_ error: KafkaError) -> KafkaError {
        guard error.explanation == nil else { return error }
        if let explanation = access.explanation(of: error) { return error.explained(explanation) }
        guard Self.vague.contains(error.code) else { return error }
        return error.explained(note(failure: error.message) ?? inTheWay)
    }

    /// What is in the way of the brokers, as far as that is known.
    var inTheWay: String? {
        state.withLock { state in
            guard let latest = state.latest, latest.at + Self.validity > .now else { return nil }
            return latest.explanation
        }
    }
}

import Aspayds
import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// What operators are told: log lines, each kind at most every 30 s, and reasons for not being ready.
extension CommandLoop {
    func tell(_ alert: Alert) {
        switch alert {
        case .breakerOpened(let reason):
            let why = requestError.map { " (\($0))" } ?? ""
            let what =
                switch reason {
                case .credentials: "the provider refuses the API key or secret; intake stopped"
                case .failures: "the provider fails or cannot be reached\(why); intake stopped"
                }
            readiness.set("provider for \(subject)", what)
            logger.error("the intake is stopped", metadata: ["reason": "\(what)"])
            report(reason == .credentials ? .credentialsRefused : .breakerOpened, what)
        case .breakerClosed:
            readiness.set("provider for \(subject)", nil)
            logger.notice("the intake is resumed")
            report(.breakerClosed, "the provider answers again; intake resumed")
        case .drainTimedOut(let partitions):
            logger.warning(
                "the drain took too long; what is under way will be looked up by the next owner",
                metadata: ["partitions": .numbers(partitions)]
            )
        case .foreignGroup(let partition): refuseForeign(partition, at: Clock.now)
        case .ledgerGap(let partition, let start, let end):
            logger.throttled(
                throttle,
                as: "gap \(partition)",
                .warning,
                "somebody else has written to the ledger of a partition of ours",
                metadata: [
                    "topic": "\(ledgerTopic)", "partition": .number(partition),
                    "offset": .number(start), "count": .number(end - start),
                ]
            )
            instruments.foundGap()
            report(.ledgerGap, "records \(start) to \(end - 1) are somebody else's", partition)
        case .decisionTooEarly(let number): refuseDecision(number)
        }
    }

    /// Tells the topic `worker.status`.
    func report(_ kind: WorkerStatus.Kind, _ message: String, _ partition: Int32? = nil) {
        reporter?.tell(kind, of: settings.domain, message: message, partition: partition)
    }

    func note(_ error: KafkaError) {
        lastError = ("Kafka: \(error)", Clock.now.wallClock)
        if error.isFatal {
            failure = error
            isStopped = true
        }
        if error.isOutage { readiness.set(kafkaSubject, error.description) }
        // Until there is an assignment after all.
        if error.code == KafkaError.Code.groupAuthorizationFailed {
            readiness.set(subject, error.description)
        }
        throttle.warn(logger, "Kafka failed", error, kind: "kafka \(error.name)")
    }

    /// Ends this worker: what is under way is drained, then `run` throws the reason.
    func refuse(_ reason: UntrustedLedger, at now: Moment) {
        guard failure == nil else { return }
        failure = reason
        readiness.set(subject, reason.description)
        report(.partitionStopped, reason.description)
        logger.warning("draining, to end", metadata: ["reason": "\(reason)"])
        engine.handle(.stop, at: now)
    }

    /// Finds out whether Kafka is back, once a second at most.
    func askKafka() {
        guard !isAsking else { return }
        isAsking = true
        Task { [consumer, mailbox, place = commandPartitions([0])[0]] in
            while !Task.isCancelled {
                if (try? await consumer.watermarks(place, timeout: .seconds(2))) != nil { break }
                // A back-off between attempts to reach a broker.
                try? await Task.sleep(for: .seconds(1))
            }
            mailbox.post(.reachable)
        }
    }

    func reachable() {
        isAsking = false
        // Where a right is missing, Kafka answers some questions and denies others.
        if readiness.set(kafkaSubject, nil), throttle.pass("reachable") != nil {
            logger.notice("Kafka answers again")
        }
    }
}

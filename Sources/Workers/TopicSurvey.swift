import Contract
package import Kafka
import Logging
import Telemetry

/// Finds out how many partitions there are and where to begin in them, and that the ledger is the
/// one that its commands were worked with.
struct TopicSurvey: Sendable {
    let domain: Domain
    let check: LedgerCheck
    let consumer: Consumer
    let admin: Admin
    /// Reads its ledgers.
    let restorer: LedgerRestorer
    /// Each question may take this long.
    private static let timeout = Duration.seconds(10)
    /// And the first one this long, so that it is soon said what is wrong.
    private static let firstTimeout = Duration.seconds(2)

    /// A survey through clients that others use too; the consumer's group is the one asked about.
    init(_ settings: WorkerSettings, consumer: Consumer, admin: Admin) {
        domain = settings.domain
        check = LedgerCheck(
            commands: settings.topics.commands(of: settings.domain),
            ledger: settings.topics.ledger(of: settings.domain),
            group: settings.group
        )
        self.consumer = consumer
        self.admin = admin
        restorer = LedgerRestorer(
            topic: check.ledger,
            of: check.commands,
            group: settings.group,
            kafka: settings.kafka
        )
    }

    /// The partitions of the command topic; nil when cancelled before the cluster could be asked.
    ///
    /// A cluster that cannot be reached, or has no topics yet, is asked again for as long as it
    /// takes. Throws ``UntrustedLedger``.
    func partitionCount(readiness: Readiness, logger: Logger) async throws -> Int? {
        let subject = "kafka for \(domain.plural)"
        let throttle = LogThrottle()
        var (pause, timeout) = (Duration.milliseconds(200), Self.firstTimeout)
        readiness.set(subject, "asking for the topics")
        func note(_ error: KafkaError) {
            readiness.set(subject, error.description)
            throttle.warn(logger, "cannot ask Kafka about the topics, trying again", error)
        }
        while !Task.isCancelled {
            do {
                let count = try await askForAll(within: timeout, onFault: note)
                readiness.set(subject, nil)
                return count
            } catch let error as KafkaError {
                if Task.isCancelled { return nil }
                note(whatIsInTheWay ?? error)
            } catch is CancellationError {
                return nil
            }
            // A back-off between attempts to reach a broker, not a poll of anything that signals.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
            timeout = Self.timeout
        }
        return nil
    }

    /// What the client has been told meanwhile: that the group is denied is an event, while who asks
    /// for its offsets waits for a coordinator.
    ///
    /// Nothing but errors can be among the events before anything is subscribed to.
    private var whatIsInTheWay: KafkaError? {
        consumer.drain(max: 100, records: false).reduce(nil) { latest, event in
            guard case .error(let error) = event, error.explanation != nil else { return latest }
            return error
        }
    }

    private func askForAll(
        within timeout: Duration,
        onFault: (KafkaError) -> Void
    ) async throws -> Int {
        let (count, committed) = try await counts(before: nil, within: timeout)
        let all = (0..<Int32(count)).map { TopicPartition(topic: check.commands, partition: $0) }
        let worked = all.filter { committed[$0] != nil }
        _ = try await logs(of: worked, committed)
        // A group's offsets expire while it has no members, and may be set anew: then only the
        // ledgers know. All of them are asked, before anything is sent from any partition.
        if !committed.values.contains(where: { CommitMetadata($0.metadata) != nil }) {
            try await checkClaims(of: count, onFault: onFault)
        }
        return count
    }

    private func checkClaims(of count: Int, onFault: (KafkaError) -> Void) async throws {
        let ledgers = (0..<Int32(count)).map { TopicPartition(topic: check.ledger, partition: $0) }
        var logs: [Int32: LedgerCheck.Log] = [:]
        for (place, log) in try await consumer.watermarks(ledgers, timeout: Self.timeout) {
            logs[place.partition] = log
        }
        do {
            let search = ClaimSearch(restorer: restorer)
            let claims = try await search.claims(in: logs, onFault: onFault)
            for (partition, claim) in claims.sorted(by: { $0.key < $1.key }) {
                try check.claim(claim, of: partition, commands: count)
            }
        } catch let short as ShortLedger {
            throw check.lost(short)
        }
    }

    /// What is known of partitions that were assigned: their logs, and what the group has committed.
    ///
    /// `count` is the number of partitions that the topic had at the start. Throws
    /// ``UntrustedLedger`` and `KafkaError`.
    func ground(
        _ partitions: [TopicPartition],
        of count: Int
    ) async throws -> [TopicPartition: (committed: Int64?, log: LedgerCheck.Log)] {
        let (_, committed) = try await counts(before: count, within: Self.timeout)
        return try await logs(of: partitions, committed).reduce(into: [:]) { ground, found in
            ground[found.key] = (committed[found.key]?.offset, found.value)
        }
    }

    /// The number of partitions, and what the group has committed in all of them.
    private func counts(
        before: Int?,
        within timeout: Duration
    ) async throws -> (Int, [TopicPartition: CommittedOffset]) {
        let names = [check.commands, check.ledger]
        let found = try await admin.describe(names, withSettings: false, timeout: timeout)
        guard let commands = found[check.commands] else {
            throw KafkaError.missing(names.filter { found[$0] == nil })
        }
        let committed = try await consumer.committed(
            (0..<Int32(commands.partitions)).map {
                TopicPartition(topic: check.commands, partition: $0)
            },
            timeout: timeout
        )
        guard let ledger = found[check.ledger] else {
            try check.missing(committed: committed)
            throw KafkaError.missing([check.ledger])
        }
        try check.counts(
            commands: commands.partitions,
            ledger: ledger.partitions,
            before: before,
            committed: committed
        )
        return (commands.partitions, committed)
    }

    /// The logs of commands, once the ledgers beside them have been checked.
    private func logs(
        of partitions: [TopicPartition],
        _ committed: [TopicPartition: CommittedOffset]
    ) async throws -> [TopicPartition: LedgerCheck.Log] {
        let ledgers = partitions.map {
            TopicPartition(topic: check.ledger, partition: $0.partition)
        }
        let logs = try await consumer.watermarks(partitions + ledgers, timeout: Self.timeout)
        for (place, ledger) in zip(partitions, ledgers) {
            guard let ledger = logs[ledger] else { continue }
            try check.partition(place, committed: committed[place], ledger: ledger)
        }
        return logs.filter { $0.key.topic == check.commands }
    }
}

extension KafkaError {
    /// Topics that a cluster does not show.
    package static func missing(_ topics: [String]) -> KafkaError {
        KafkaError(
            code: KafkaError.Code.unknownTopic,
            message: "no such topic: \(topics.joined(separator: ", ")); "
                + "aspayds-worker topics apply creates it, unless it is there and must not be seen"
        )
    }
}

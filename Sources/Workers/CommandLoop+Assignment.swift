import Contract
import Engine
import Kafka
import Logging

/// Partitions come and go: positions, ledgers, leases.
extension CommandLoop {
    /// Finds out where to begin; nothing is read before that.
    func prepare(_ partitions: [Int32]) {
        assignment += 1
        preparation?.cancel()
        logger.info("assigned", metadata: ["partitions": "\(partitions)"])
        readiness.set(subject, partitions.isEmpty ? nil : "reading the ledger")
        readiness.set(kafkaSubject, nil)
        let finder = StartFinder(
            consumer: consumer,
            partitions: commandPartitions(partitions),
            logger: logger,
            throttle: throttle,
            onStopped: { [readiness, subject] place, reason in
                readiness.set("\(subject) partition \(place.partition)", reason)
            }
        )
        preparation = Task { [assignment, mailbox] in
            guard let starts = await finder.starts() else { return }
            mailbox.post(.positions(assignment: assignment, starts))
        }
    }

    /// Assigns the partitions, paused, then reads their ledgers.
    func begin(_ number: UInt64, _ positions: [Int32: Int64], at now: Moment) {
        guard number == assignment else { return }
        do throws(KafkaError) {
            let list = positions.sorted { $0.key < $1.key }.map { partition, offset in
                Position(
                    topicPartition: TopicPartition(topic: commandTopic, partition: partition),
                    offset: offset
                )
            }
            try consumer.assign(list, paused: true)
        } catch {
            note(error)
            return beginLater(number, positions)
        }
        unread = Set(positions.keys)
        for (partition, start) in positions.sorted(by: { $0.key < $1.key }) {
            leases.updateValue(Lease(), forKey: partition)?.end()
            engine.handle(.assigned(partition: partition, start: start), at: now)
        }
        readLedgers(positions.keys.sorted())
    }

    private func beginLater(_ number: UInt64, _ positions: [Int32: Int64]) {
        preparation = Task { [mailbox] in
            // A back-off after a call that librdkafka has refused.
            try? await Task.sleep(for: .seconds(1))
            mailbox.post(.positions(assignment: number, positions))
        }
    }

    private func readLedgers(_ partitions: [Int32]) {
        let restorer = LedgerRestorer(topic: ledgerTopic, kafka: settings.kafka)
        preparation = Task { [assignment, mailbox, logger, throttle] in
            var unread = partitions
            while !Task.isCancelled, !unread.isEmpty {
                do {
                    let done = Gathered<Int32>()
                    defer { unread.removeAll { done.contains($0) } }
                    try await restorer.restore(unread) { partition, contents in
                        done.insert(partition)
                        mailbox.post(.restored(assignment: assignment, partition, contents))
                    }
                } catch {
                    if throttle.pass("ledger") != nil {
                        logger.warning(
                            "cannot read the ledger, trying again",
                            metadata: ["error": "\(error)"]
                        )
                    }
                    // A back-off between attempts to reach a broker.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    func restored(
        _ number: UInt64,
        _ partition: Int32,
        _ contents: LedgerRestorer.Contents,
        at now: Moment
    ) {
        guard number == assignment else { return }
        for (offset, what) in contents.unreadable {
            // Somebody else wrote here: what it meant is not known, so nothing is begun.
            let reason = "\(ledgerTopic)/\(partition)/\(offset) cannot be read: \(what)"
            logger.critical("ledger unreadable", metadata: ["reason": "\(reason)"])
            readiness.set(partitionSubject(partition), reason)
        }
        guard contents.unreadable.isEmpty else { return }
        for (id, intent) in contents.open where jobs[id] == nil {
            jobs[id] = Job(content: .restored(intent))
        }
        for entry in contents.entries {
            engine.handle(.ledger(partition: partition, entry), at: now)
        }
        engine.handle(.restored(partition: partition), at: now)
        unread.remove(partition)
        if unread.isEmpty { readiness.set(subject, nil) }
        logger.debug(
            "ledger read",
            metadata: ["partition": "\(partition)", "records": "\(contents.entries.count)"]
        )
    }

    /// Lets the engine drain; what it does not have yet is given back at once.
    func revoke(_ partitions: [Int32], at now: Moment) {
        logger.info("revoking", metadata: ["partitions": "\(partitions)"])
        endPreparation()
        engine.handle(.revoking(partitions), at: now)
        if engine.summary.partitions.isEmpty { unassign() }
    }

    /// Somebody else may own them already: nothing is sent any more.
    func lose(_ partitions: [Int32], at now: Moment) {
        logger.warning("partitions lost", metadata: ["partitions": "\(partitions)"])
        endPreparation()
        endLeases(partitions)
        engine.handle(.lost(partitions), at: now)
        unassign()
    }

    /// The engine has drained: the leases end before librdkafka hears of it.
    func relinquish(_ partitions: [Int32]) {
        endLeases(partitions)
        unassign()
    }

    private func endPreparation() {
        assignment += 1
        preparation?.cancel()
        readiness.set(subject, "waiting for an assignment")
        readiness.clear(prefix: partitionSubject(nil))
    }

    /// What a partition is called among the reasons for not being ready; nil for all of them.
    func partitionSubject(_ partition: Int32?) -> String {
        "\(subject) partition \(partition.map(String.init) ?? "")"
    }

    private func endLeases(_ partitions: [Int32]) {
        for partition in partitions { leases.removeValue(forKey: partition)?.end() }
    }

    private func unassign() {
        do throws(KafkaError) {
            try consumer.unassign()
        } catch {
            note(error)
        }
    }

    func committed(_ reply: CommitReply, at now: Moment) {
        let isLost = consumer.assignmentLost
        var accepted: [Int32: Bool] = [:]
        for (place, error) in reply.partitions {
            accepted[place.partition] = error == nil && reply.error == nil && !isLost
            if let error, let heldBack = throttle.pass("commit \(error.name)") {
                logger.warning(
                    "an offset was not accepted",
                    metadata: ["error": "\(error)", "repeated": "\(heldBack)"]
                )
            }
        }
        engine.handle(.committed(reply.id, accepted: accepted), at: now)
    }
}

/// Finds where to begin in partitions: explicit offsets, never the library's reset (DESIGN.md §7).
struct StartFinder: Sendable {
    let consumer: Consumer
    let partitions: [TopicPartition]
    let logger: Logger
    let throttle: LogThrottle
    let onStopped: @Sendable (TopicPartition, String) -> Void

    /// The offset to begin at, for each partition that may be read; nil when cancelled.
    ///
    /// A partition whose committed offset is not in the log any more is left out: commands were
    /// deleted unread, or the topic is another one. That is for a person.
    func starts() async -> [Int32: Int64]? {
        while !Task.isCancelled {
            do throws(KafkaError) {
                return try await find()
            } catch {
                if let heldBack = throttle.pass("positions \(error.name)") {
                    logger.warning(
                        "cannot find where to begin, trying again",
                        metadata: ["error": "\(error)", "repeated": "\(heldBack)"]
                    )
                }
            }
            // A back-off between attempts to reach a broker.
            try? await Task.sleep(for: .milliseconds(500))
        }
        return nil
    }

    private func find() async throws(KafkaError) -> [Int32: Int64] {
        let committed = try await consumer.committed(partitions, timeout: .seconds(10))
        var starts: [Int32: Int64] = [:]
        for (place, log) in try await consumer.watermarks(partitions, timeout: .seconds(10)) {
            let offset = committed[place]?.offset ?? log.low
            if offset >= log.low && offset <= log.high {
                starts[place.partition] = offset
            } else {
                let reason =
                    "the committed offset \(offset) is not in the log (\(log.low)…\(log.high)): "
                    + "commands were deleted unread"
                logger.critical(
                    "stopped",
                    metadata: ["partition": "\(place)", "reason": "\(reason)"]
                )
                onStopped(place, reason)
            }
        }
        return starts
    }
}

import Contract
import Engine
import Kafka
import Logging
import Telemetry

/// Partitions come and go: positions, ledgers, leases.
extension CommandLoop {
    /// Finds out where to begin; nothing is read before that.
    func prepare(_ partitions: [Int32]) {
        endReading()
        assigned = partitions
        logger.info("assigned", metadata: ["partitions": .numbers(partitions)])
        readiness.set(subject, partitions.isEmpty ? nil : "reading the ledger")
        readiness.set(kafkaSubject, nil)
        for (partition, reason) in stopped where partitions.contains(partition) {
            readiness.set(partitionSubject(partition), reason)
        }
        let finder = StartFinder(
            survey: survey,
            count: engine.settings.partitionCount,
            partitions: commandPartitions(partitions.filter { stopped[$0] == nil }),
            logger: logger,
            throttle: throttle,
            onStopped: { [readiness, subject] place, reason in
                readiness.set("\(subject) partition \(place.partition)", reason)
            }
        )
        preparation = Task { [assignment, mailbox] in
            do throws(UntrustedLedger) {
                guard let starts = try await finder.starts() else { return }
                mailbox.post(.positions(assignment: assignment, starts))
            } catch {
                mailbox.post(.untrusted(error))
            }
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
        isExpelled = false
        earlierCommit = lastCommit
        unread = Set(positions.keys)
        if unread.isEmpty { readiness.set(subject, nil) }
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

    /// Somebody else has claimed a ledger of ours: everything is found out anew, where to begin as
    /// well.
    func reassign() {
        endGaps()
        endLeases(assigned)
        prepare(assigned)
    }

    /// Lets the engine drain; what it does not have yet is given back at once.
    func revoke(_ partitions: [Int32], at now: Moment) {
        logger.info("revoked", metadata: ["partitions": .numbers(partitions)])
        endPreparation()
        engine.handle(.revoking(partitions), at: now)
        if engine.summary.partitions.isEmpty { unassign() }
    }

    /// Somebody else may own them already: nothing is sent any more.
    func lose(_ partitions: [Int32], at now: Moment) {
        logger.warning("lost", metadata: ["partitions": .numbers(partitions)])
        endPreparation()
        endGaps()
        endLeases(partitions)
        engine.handle(.lost(partitions), at: now)
        unassign()
    }

    /// The engine has drained: the leases end before librdkafka hears of it.
    func relinquish(_ partitions: [Int32]) {
        endGaps()
        endLeases(partitions)
        unassign()
    }

    private func endPreparation() {
        endReading()
        assigned = []
        readiness.set(subject, "waiting for an assignment")
        readiness.clear(prefix: partitionSubject(nil))
    }

    /// What is being found out counts for nothing any more.
    private func endReading() {
        assignment += 1
        preparation?.cancel()
        unread = []
    }

    /// A drain may need what stands in a gap; nobody does after it.
    private func endGaps() {
        for gap in gaps.values { gap.cancel() }
        gaps = [:]
    }

    /// What a partition is called among the reasons for not being ready; nil for all of them.
    func partitionSubject(_ partition: Int32?) -> String {
        "\(subject) partition \(partition.map(String.init) ?? "")"
    }

    /// Stops a partition where going on could pay twice or lose a command, and no other: nothing of
    /// it is read, sent or committed before a person has acted and started this process anew.
    ///
    /// What is in flight is for the next owner to look up.
    func stop(_ partition: Int32, _ reason: String, at now: Moment) {
        stopped[partition] = reason
        logger.critical(
            "a partition is stopped",
            metadata: [
                "topic": "\(commandTopic)", "partition": .number(partition), "reason": "\(reason)",
            ]
        )
        if assigned.contains(partition) { readiness.set(partitionSubject(partition), reason) }
        report(.partitionStopped, reason, partition)
        gaps.removeValue(forKey: partition)?.cancel()
        endLeases([partition])
        engine.handle(.lost([partition]), at: now)
        flow { () throws(KafkaError) in try consumer.pause(commandPartitions([partition])) }
        if unread.remove(partition) != nil && unread.isEmpty { readiness.set(subject, nil) }
        // The end of a drain, if it was the last one.
        if assigned.isEmpty && engine.summary.partitions.isEmpty { unassign() }
    }

    private func endLeases(_ partitions: [Int32]) {
        followed = followed.filter { !partitions.contains($0.key.partition) }
        // Whoever has the first partition meanwhile may tell of other methods.
        if partitions.contains(0) { toldMethods = nil }
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
        // Who is not known to the group any more gets generation −1 from librdkafka, which a broker
        // takes for a commit without a group once it is empty: it fences nothing until the next
        // assignment.
        let answers = reply.partitions.map(\.1) + [reply.error]
        let isExpulsion = answers.contains { $0?.isExpulsion == true }
        if isExpulsion && reply.id > earlierCommit { isExpelled = true }
        let isLost = consumer.assignmentLost || isExpelled
        var accepted: [Int32: Bool] = [:]
        for (place, error) in reply.partitions {
            accepted[place.partition] = error == nil && reply.error == nil && !isLost
            guard let error else { continue }
            throttle.warn(
                logger,
                "an offset was not accepted",
                error,
                kind: "commit \(error.name)",
                ["partition": .number(place.partition)]
            )
        }
        engine.handle(.committed(reply.id, accepted: accepted), at: now)
    }
}

/// Finds where to begin in partitions: explicit offsets, never the library's reset (DESIGN.md §7).
struct StartFinder: Sendable {
    let survey: TopicSurvey
    /// The partitions that the topic had at the start.
    let count: Int
    let partitions: [TopicPartition]
    let logger: Logger
    let throttle: LogThrottle
    let onStopped: @Sendable (TopicPartition, String) -> Void

    /// The offset to begin at, for each partition that may be read; nil when cancelled.
    ///
    /// A partition whose committed offset is not in the log any more is left out: commands were
    /// deleted unread, or the topic is another one. That is for a person, and so is a ledger that
    /// cannot be trusted.
    func starts() async throws(UntrustedLedger) -> [Int32: Int64]? {
        while !Task.isCancelled {
            do {
                return try await find()
            } catch let error as UntrustedLedger {
                throw error
            } catch let error as KafkaError {
                throttle.warn(
                    logger,
                    "cannot find where to begin, trying again",
                    error,
                    kind: "positions \(error.name)"
                )
            } catch {
                // Cancelled.
            }
            // A back-off between attempts to reach a broker.
            try? await Task.sleep(for: .seconds(1))
        }
        return nil
    }

    private func find() async throws -> [Int32: Int64] {
        var starts: [Int32: Int64] = [:]
        for (place, found) in try await survey.ground(partitions, of: count) {
            let offset = found.committed ?? found.log.low
            if offset >= found.log.low && offset <= found.log.high {
                starts[place.partition] = offset
            } else {
                stop(place, offset, found.log)
            }
        }
        return starts
    }

    private func stop(_ place: TopicPartition, _ offset: Int64, _ log: LedgerCheck.Log) {
        let reason =
            "the committed offset \(offset) is not in the log (\(log.low)…\(log.high)): "
            + "commands were deleted unread"
        logger.throttled(
            throttle,
            as: "stopped \(place.partition)",
            .critical,
            "a partition is stopped",
            metadata: [
                "topic": "\(place.topic)", "partition": .number(place.partition),
                "offset": .number(offset), "reason": "\(reason)",
            ]
        )
        onStopped(place, reason)
    }
}

extension KafkaError {
    /// Whether the coordinator has said that this member is none any more.
    fileprivate var isExpulsion: Bool {
        code == Code.illegalGeneration || code == Code.unknownMember
    }
}

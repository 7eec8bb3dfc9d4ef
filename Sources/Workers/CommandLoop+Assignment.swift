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
            throttle: throttle
        )
        preparation = Task { [assignment, mailbox] in
            do throws(UntrustedLedger) {
                guard let starts = try await finder.starts() else { return }
                mailbox.post(.starts(assignment: assignment, starts))
            } catch {
                mailbox.post(.untrusted(error))
            }
        }
    }

    /// Assigns the partitions, paused, then reads their ledgers.
    func begin(_ number: UInt64, _ starts: Starts, at now: Moment) {
        guard number == assignment else { return }
        let offsets = starts.offsets.sorted { $0.key < $1.key }
        do throws(KafkaError) {
            let list = offsets.map { partition, offset in
                Position(
                    topicPartition: TopicPartition(topic: commandTopic, partition: partition),
                    offset: offset
                )
            }
            try consumer.assign(list, paused: true)
        } catch {
            note(error)
            return beginLater(number, starts)
        }
        isExpelled = false
        earlierCommit = lastCommit
        unread = Set(starts.offsets.keys)
        if unread.isEmpty { readiness.set(subject, nil) }
        for (partition, start) in offsets {
            readiness.set(partitionSubject(partition), nil)
            leases.updateValue(Lease(), forKey: partition)?.end()
            engine.handle(.assigned(partition: partition, start: start), at: now)
        }
        readLedgers(offsets.map(\.key))
        for (partition, reason) in starts.stopped {
            stop(partition, reason, isLasting: false, at: now)
        }
    }

    private func beginLater(_ number: UInt64, _ starts: Starts) {
        preparation = Task { [mailbox] in
            // A back-off after a call that librdkafka has refused.
            try? await Task.sleep(for: .seconds(1))
            mailbox.post(.starts(assignment: number, starts))
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
    /// it is read, sent or committed before this process is started anew or, where that does not
    /// last, before the next assignment finds nothing wrong.
    ///
    /// What is in flight is for the next owner to look up.
    func stop(_ partition: Int32, _ reason: String, isLasting: Bool = true, at now: Moment) {
        if isLasting { stopped[partition] = reason }
        logger.critical(
            "a partition is stopped",
            metadata: [
                "topic": "\(commandTopic)", "partition": .number(partition), "reason": "\(reason)",
            ]
        )
        if assigned.contains(partition) { readiness.set(partitionSubject(partition), reason) }
        report(.partitionStopped, reason, partition)
        gaps.removeValue(forKey: partition)?.cancel()
        if leases[partition] != nil {
            flow { () throws(KafkaError) in try consumer.pause(commandPartitions([partition])) }
        }
        endLeases([partition])
        engine.handle(.lost([partition]), at: now)
        if unread.remove(partition) != nil && unread.isEmpty { readiness.set(subject, nil) }
        // The end of a drain, if it was the last one.
        if assigned.isEmpty && engine.summary.partitions.isEmpty { unassign() }
    }

    /// The consumer tells of an error.
    func heard(_ error: KafkaError, at now: Moment) {
        note(error)
        guard error.code == KafkaError.Code.autoOffsetReset,
            let partition = error.topicPartition?.partition, assigned.contains(partition)
        else { return }
        let reason = "what is next to be read is not in the log: \(error)"
        stop(partition, reason, isLasting: false, at: now)
    }

    /// Lets go of partitions: what was read of them, perhaps in part, is not what is read next time.
    private func endLeases(_ partitions: [Int32]) {
        jobs = jobs.filter { !partitions.contains($0.key.partition) }
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
        if reply.id == lastCommit { instruments.committed(after: now.uptime - lastCommitAt) }
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

/// Where to begin in the partitions of an assignment.
struct Starts: Sendable {
    /// The offsets of those that may be read.
    var offsets: [Int32: Int64] = [:]
    /// Why others may not.
    var stopped: [Int32: String] = [:]
}

/// Finds where to begin in partitions: explicit offsets, never the library's reset (DESIGN.md §7).
struct StartFinder: Sendable {
    let survey: TopicSurvey
    /// The partitions that the topic had at the start.
    let count: Int
    let partitions: [TopicPartition]
    let logger: Logger
    let throttle: LogThrottle

    /// Where to begin; nil when cancelled.
    ///
    /// A partition whose committed offset is not in the log any more is stopped: commands were
    /// deleted unread, or the topic is another one. That is for a person, and so is a ledger that
    /// cannot be trusted.
    func starts() async throws(UntrustedLedger) -> Starts? {
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

    private func find() async throws -> Starts {
        var starts = Starts()
        for (place, found) in try await survey.ground(partitions, of: count) {
            let (log, offset) = (found.log, found.committed ?? found.log.low)
            if offset >= log.low && offset <= log.high {
                starts.offsets[place.partition] = offset
            } else {
                starts.stopped[place.partition] =
                    "the committed offset \(offset) is not in the log (\(log.low)…\(log.high)): "
                    + "commands were deleted unread"
            }
        }
        return starts
    }
}

extension KafkaError {
    /// Whether the coordinator has said that this member is none any more.
    fileprivate var isExpulsion: Bool {
        code == Code.illegalGeneration || code == Code.unknownMember
    }
}

import Contract
import Engine
import Kafka
import Logging
import Synchronization

/// Reads ledgers for the loop of one assignment.
///
/// The loop handles each chunk before the next one is decoded.
struct LedgerSource: Sendable {
    let assignment: UInt64
    let topic: String
    let group: String
    let restorer: LedgerRestorer
    let fetcher: RecordFetcher
    let mailbox: Mailbox<CommandLoop.Message>
    let logger: Logger
    let throttle: LogThrottle

    /// Reads parts of partitions.
    func read(_ spans: [LedgerSpan]) async {
        let progress = Progress()
        do {
            try await restorer.read(
                spans,
                onProgress: { spans in
                    let (read, total) = progress.note(spans)
                    mailbox.post(.progress(assignment: assignment, read: read, of: total))
                },
                onFault: { note($0) },
                take: { await pass($0) }
            )
        } catch let short as ShortLedger {
            mailbox.post(.untrusted(lost(short)))
        } catch let error as KafkaError {
            mailbox.post(.failed(error))
        } catch {
            // Cancelled: the assignment is over.
        }
    }

    private func note(_ fault: KafkaError) {
        throttle.warn(
            logger,
            "cannot read the ledger, trying again",
            fault,
            kind: "ledger \(fault.name)"
        )
    }

    private func pass(_ chunk: LedgerChunk) async {
        for case .claim(let claim) in chunk.items where claim.isForeign {
            let name = await groupName(chunk.partition, claim.offset)
            mailbox.post(.foreignGroup(chunk.partition, name))
        }
        await mailbox.deliver(.ledger(assignment: assignment, chunk))
    }

    /// The group that a claim names; nil if it cannot be read now.
    private func groupName(_ partition: Int32, _ offset: Int64) async -> String? {
        let place = TopicPartition(topic: topic, partition: partition)
        let position = Position(topicPartition: place, offset: offset)
        let record = try? await fetcher.record(at: position)
        return record?.withValue { value in
            guard let value, case .claim(let claim)? = try? LedgerRecord(value: value) else {
                return nil
            }
            return claim.group
        }
    }

    private func lost(_ short: ShortLedger) -> UntrustedLedger {
        UntrustedLedger(
            description:
                "\(topic)/\(short.partition) ends at offset \(short.end), but it was written "
                + "up to \(short.known): the ledger was lost, and orders could be sent twice. "
                + "Restore it from a copy before the group \(group) works again"
        )
    }
}

/// Adds up how far partitions are.
private final class Progress: Sendable {
    private let spans = Mutex<[Int32: LedgerProgress]>([:])

    /// All that is read and all there is to read, of the partitions heard of so far; one that is not
    /// told of any more is read to its end.
    func note(_ list: [LedgerProgress]) -> (read: Int64, total: Int64) {
        spans.withLock { spans in
            for (partition, span) in spans {
                spans[partition] = LedgerProgress(
                    partition: partition,
                    read: span.total,
                    total: span.total
                )
            }
            for span in list { spans[span.partition] = span }
            return spans.values.reduce((0, 0)) { ($0.0 + $1.read, $0.1 + $1.total) }
        }
    }
}

import Contract
import Engine
import Kafka
import Logging
import Synchronization
import Telemetry

/// Reads ledgers for the loop of one assignment.
///
/// The loop handles each chunk before the next one is decoded.
struct LedgerSource: Sendable {
    let assignment: UInt64
    let check: LedgerCheck
    let restorer: LedgerRestorer
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
                take: { await mailbox.deliver(.ledger(assignment: assignment, $0)) }
            )
        } catch let short as ShortLedger {
            mailbox.post(.untrusted(check.lost(short)))
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
            kind: "ledger \(fault.name)",
            ["topic": "\(check.ledger)"]
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

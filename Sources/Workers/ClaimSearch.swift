import Contract
import Kafka

/// Finds the latest claim of each ledger, from its end backwards: claims are few, and a ledger may be
/// long.
struct ClaimSearch: Sendable {
    let restorer: LedgerRestorer
    /// How many records are read of each ledger before more of those without a claim are.
    var firstSize: Int64 = 1000

    private static let growth: Int64 = 10

    /// The latest claim of each ledger that holds one.
    func claims(
        in logs: [Int32: LedgerCheck.Log],
        onFault: (KafkaError) -> Void = { _ in }
    ) async throws -> [Int32: LedgerRecord.Claim] {
        var found: [Int32: LedgerRecord.Claim] = [:]
        var unread = logs.filter { $0.value.low < $0.value.high }
        var size = firstSize
        while !unread.isEmpty {
            let spans = unread.map { partition, log in
                LedgerSpan(partition: partition, from: max(log.low, log.high - size), to: log.high)
            }
            try await restorer.read(spans, onFault: onFault) { chunk in
                if let claim = chunk.claim { found[chunk.partition] = claim }
            }
            for span in spans {
                let low = unread[span.partition]?.low ?? 0
                let start = span.from ?? low
                let isOver = found[span.partition] != nil || start <= low
                unread[span.partition] = isOver ? nil : (low, start)
            }
            size *= Self.growth
        }
        return found
    }
}

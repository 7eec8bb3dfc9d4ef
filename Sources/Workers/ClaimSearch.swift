import Kafka

/// Finds the latest claim of each ledger, from its end backwards: claims are few, and a ledger may be
/// long.
struct ClaimSearch: Sendable {
    let restorer: LedgerRestorer
    /// How many records are read of each ledger before more of those without a claim are.
    var firstSize: Int64 = 1000

    private static let growth: Int64 = 10

    /// How many partitions the commands had when each ledger was claimed last; those are absent that
    /// hold no claim.
    func partitionCounts(
        in logs: [Int32: LedgerCheck.Log],
        onFault: (KafkaError) -> Void = { _ in }
    ) async throws -> [Int32: Int] {
        var found: [Int32: Int] = [:]
        var unread = logs.filter { $0.value.low < $0.value.high }
        var size = firstSize
        while !unread.isEmpty {
            let spans = unread.map { partition, log in
                LedgerSpan(partition: partition, from: max(log.low, log.high - size), to: log.high)
            }
            try await restorer.read(spans, onFault: onFault) { chunk in
                if let count = chunk.partitionCount { found[chunk.partition] = count }
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

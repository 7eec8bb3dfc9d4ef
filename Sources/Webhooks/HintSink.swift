package import Contract

/// What one request leaves behind, to be appended together.
package struct Hint: Sendable {
    /// Payments or payouts.
    package var domain: Domain
    /// The merchant's reference, as it was written.
    package var reference: String
    /// What was made of the request.
    package var verdict: WebhookRecord.Verdict
    /// The request as it arrived, for the topic `webhooks`.
    package var audit: EncodedRecord
    /// A command for the home partition of the reference.
    package var check: EncodedRecord?
    /// An event about the reference.
    package var event: EncodedRecord?

    /// About what it takes in memory, in bytes.
    var size: Int {
        [audit, check, event].reduce(0) { sum, record in
            let headers = record?.headers.reduce(0) {
                $0 + $1.name.utf8.count + ($1.value?.count ?? 0)
            }
            return sum + (record?.value?.count ?? 0) + (headers ?? 0) + 256
        }
    }
}

/// Where hints go: Kafka, or what stands for it in tests.
package protocol HintSink: Sendable {
    /// Appends all records of a hint; true once every one of them is acknowledged.
    func append(_ hint: Hint) async -> Bool
}

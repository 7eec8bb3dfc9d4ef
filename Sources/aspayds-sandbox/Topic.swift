/// A topic of CONTRACT.md's table, as the embedded Kafka needs it.
struct Topic: Equatable {
    let name: String
    let partitions: Int32

    /// All of them; a ledger has as many partitions as its commands, `worker.control` has one.
    static func all(prefix: String, partitions: Int32) -> [Topic] {
        let names = [
            "payment.commands", "payout.commands", "payment.events", "payout.events",
            "notifications", "webhooks", "dead-letters", "payment.ledger", "payout.ledger",
            "worker.status",
        ]
        return names.map { Topic(name: prefix + $0, partitions: partitions) }
            + [Topic(name: prefix + "worker.control", partitions: 1)]
    }
}

import ArgumentParser
import Foundation
import Kafka
import Samples

/// Fills a partition of the ledger of payouts in any Kafka, to be restored by a worker.
struct Fill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill a partition of a worker's ledger, as if it had worked so many commands.",
        discussion: """
            The broker is the one of KAFKA_…, as for a worker, and the topic one that no worker has used \
            yet. The commands that the ledger tells of are not written: a third as many must be in the \
            partition of the commands, passed by the group.
            """
    )

    @Option(help: "The topic of the ledger.")
    var topic = "aspayds.payout.ledger"

    @Option(help: "The consumer group whose ledger it is.")
    var group = SamplePayout.group

    @Option(help: "The partition.")
    var partition: Int32 = 0

    @Option(help: "The partitions that the topic has.")
    var partitions = 12

    @Option(help: "How many records to write, a claim among them.")
    var records = 1_000_000

    func run() async throws {
        let kafka = KafkaConfiguration(
            properties: Self.environment.merging([
                "linger.ms": "50", "compression.type": "lz4", "batch.num.messages": "10000",
            ]) { $1 }
        )
        let producer = try Producer(kafka) { print("the producer died of \($0)") }
        let page = LedgerPage(
            topic: topic,
            group: group,
            partition: partition,
            partitions: partitions,
            hasDoubts: false
        )
        var messages = page.messages.prefix(records).makeIterator()
        var left = records
        // The last one is sent alone: some brokers take the end of a batch for one record.
        while left > 0 {
            let size = max(1, min(10_000, left - 1))
            let batch = (0..<size).compactMap { _ in messages.next() }
            for report in await producer.send(batch) { _ = try report.get() }
            left -= size
        }
        await producer.close(timeout: .seconds(5))
    }

    /// The properties of librdkafka that the environment names.
    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.reduce(into: [:]) { properties, variable in
            guard variable.key.hasPrefix("KAFKA_") else { return }
            let name = variable.key.dropFirst("KAFKA_".count).lowercased().replacing("_", with: ".")
            properties[name] = variable.value
        }
    }
}

import ArgumentParser
import Contract
import Kafka
import Samples

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Holds a ledger in an embedded Kafka, as a worker would have written it.
struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold a ledger in an embedded Kafka until standard input ends."
    )

    @Option(help: "The partitions; each holds about 4 MiB, the most that the embedded Kafka keeps.")
    var partitions: Int32 = 32

    func run() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic(ledgerTopic, partitions: partitions)
        let producer = try Producer(
            KafkaConfiguration(properties: ["bootstrap.servers": cluster.bootstrapServers])
        ) { print("the producer died of \($0)") }
        for partition in 0..<partitions {
            let messages = LedgerPage(partition: partition).messages
            for report in await producer.send(messages) { _ = try report.get() }
        }
        print(cluster.bootstrapServers)
        fflush(nil)
        while readLine() != nil {}
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }
}

/// What one partition holds: intents, each with its outcome; one in a hundred is still in doubt.
struct LedgerPage {
    let partition: Int32
    private static let limit = 4 << 20

    var messages: [Message] {
        var messages = [message(.claim(claim))]
        var bytes = 0
        var number: Int64 = 0
        while bytes < Self.limit {
            for record in records(of: number) {
                let message = message(record)
                bytes += (message.value?.count ?? 0) + (message.key?.count ?? 0) + 160
                messages.append(message)
            }
            number += 1
        }
        return messages
    }

    private func records(of number: Int64) -> [LedgerRecord] {
        let payout = SamplePayout(partition: partition, number: number)
        let isInDoubt = number % 100 == 99
        let outcome = payout.outcome(
            isInDoubt ? .inDoubt : .accepted,
            announcing: isInDoubt ? .inDoubt : .requested
        )
        return [.intent(payout.intent), .outcome(outcome)]
    }

    private func message(_ record: LedgerRecord) -> Message {
        let encoded = record.encoded()
        return Message(
            topic: ledgerTopic,
            partition: partition,
            key: encoded.key,
            value: encoded.value,
            headers: encoded.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }

    private var claim: LedgerRecord.Claim {
        LedgerRecord.Claim(
            domain: .payout,
            group: SamplePayout.group,
            owner: SamplePayout.owner,
            number: 1,
            partitions: 32,
            at: SamplePayout.start
        )
    }
}

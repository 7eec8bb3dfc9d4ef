import ArgumentParser
import Kafka

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
            var bytes = 0
            let page = LedgerPage(partition: partition, hasDoubts: true)
            let messages = page.messages.prefix { message in
                bytes += (message.value?.count ?? 0) + (message.key?.count ?? 0) + 160
                return bytes < 4 << 20
            }
            for report in await producer.send(Array(messages)) { _ = try report.get() }
        }
        print(cluster.bootstrapServers)
        fflush(nil)
        while readLine() != nil {}
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }
}

import ArgumentParser
import Kafka
import Samples
import Workers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Restores the ledger over and over, as a worker does at an assignment.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Restore a ledger that is held.")

    @Argument(help: "The address that the holder has printed.")
    var servers: String

    @Option(help: "How many records are to be read at least.")
    var records = 2_000_000

    func run() async throws {
        let kafka = KafkaConfiguration(properties: [
            // The embedded Kafka sleeps this long over an empty fetch.
            "bootstrap.servers": servers, "fetch.wait.max.ms": "5",
        ])
        let found = try await Admin(kafka).describe([ledgerTopic], withSettings: false)
        let partitions = Int32(found[ledgerTopic]?.partitions ?? 0)
        let restorer = LedgerRestorer(topic: ledgerTopic, group: SamplePayout.group, kafka: kafka)
        let spans = (0..<partitions).map { LedgerSpan(partition: $0) }
        var counts = Counts()
        let start = ContinuousClock.now
        let startOfCPU = Self.processorTime()
        while counts.records < records, partitions > 0 {
            counts.passes += 1
            try await restorer.read(spans, onFault: { print("\($0)") }, take: { counts.add($0) })
        }
        print(counts.text(ContinuousClock.now - start, Self.processorTime() - startOfCPU))
        if counts.unreadable > 0 || partitions == 0 { throw ExitCode.failure }
    }

    /// What all threads of this process have used.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Sums over chunks.
private struct Counts {
    var passes = 0
    var records = 0
    var open = 0
    var unreadable = 0

    mutating func add(_ chunk: LedgerChunk) {
        records += chunk.items.count
        open += chunk.open.count
        unreadable += chunk.unreadable.count
    }

    func text(_ time: Duration, _ processor: Duration) -> String {
        """
        records \(records) in \(passes) passes, open \(open), unreadable \(unreadable)
        time \(time), \(Int(Double(records) / time.inSeconds)) records a second
        processor \(processor), \(Int(Double(records) / processor.inSeconds)) records a second of it
        """
    }
}

extension Duration {
    fileprivate var inSeconds: Double { self / .seconds(1) }
}

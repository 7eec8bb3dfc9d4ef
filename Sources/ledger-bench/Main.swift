import ArgumentParser

/// Measures how fast a ledger is restored: one process holds it, the other one reads it.
///
///     ledger-bench hold &          # prints the address of an embedded Kafka
///     taskset -c 0 ledger-bench restore 127.0.0.1:PORT
@main
struct LedgerBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger-bench",
        abstract: "Measures how fast a ledger is restored.",
        subcommands: [Hold.self, Restore.self, Fill.self]
    )
}

/// The topic of both.
let ledgerTopic = "ledger"

import Contract
import Engine
import Kafka

/// Reads the command of an order again, which is known from the ledger alone.
struct Recall: Sendable {
    let topic: String
    let decoder: CommandDecoder
    let fetcher: RecordFetcher
    let order: OrderSummary
    /// Where it was read in its home partition.
    let home: RecordID

    /// The command, from its home partition or from where it was read first; nil when it is in
    /// neither place any more, or another order is.
    ///
    /// Throws what Kafka fails at.
    func command() async throws -> Command? {
        let first = order.command.source
        for (partition, offset) in [(home.partition, home.offset), (first.partition, first.offset)]
        {
            let place = TopicPartition(topic: topic, partition: partition)
            let position = Position(topicPartition: place, offset: offset)
            if let command = try await command(at: position) { return command }
        }
        return nil
    }

    private func command(at position: Position) async throws -> Command? {
        guard let found = try await fetcher.record(at: position),
            var command = try? decoder.decode(found).get(),
            OrderSummary(command)?.fingerprint == order.fingerprint
        else { return nil }
        command.trace = order.trace ?? command.trace
        return command
    }
}

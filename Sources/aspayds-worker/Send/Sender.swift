import Contract
import JSON
import Kafka
import Synchronization
import Workers

/// Produces to one command topic and prints where each command went.
struct Sender {
    let settings: Settings
    let topic: String
    let json: Bool
    var print: @Sendable (String) -> Void = { Terminal.print($0) }

    /// Sends commands to the home partitions of their references.
    func send(_ items: [SendPlan.Item]) async throws(Failure) {
        let partitions = try await KafkaAccess.partitionCount(of: topic, settings)
        let messages = items.map { item in
            Message(
                topic: topic,
                partition: item.reference.map { HomePartition.of($0, partitions: partitions) },
                item.record
            )
        }
        try await produce(messages, names: items.map { $0.reference ?? "-" })
    }

    /// Sends bytes as they are.
    func send(raw value: [UInt8], key: String?) async throws(Failure) {
        let partitions = try await KafkaAccess.partitionCount(of: topic, settings)
        let message = Message(
            topic: topic,
            partition: key.map { HomePartition.of($0, partitions: partitions) },
            key: key.map { Array($0.utf8) },
            value: value
        )
        try await produce([message], names: [key ?? "-"])
    }

    private func produce(_ messages: [Message], names: [String]) async throws(Failure) {
        let producer = try KafkaAccess.producer(settings)
        var failures = 0
        // In pieces, so that a long file holds little memory and shows its progress.
        for start in stride(from: 0, to: messages.count, by: 1000) {
            let piece = start..<min(start + 1000, messages.count)
            let reports = await producer.send(Array(messages[piece]))
            for (name, report) in zip(names[piece], reports) {
                if !show(report, name) { failures += 1 }
            }
            if failures > 0 { break }
        }
        await producer.close(timeout: .seconds(5))
        guard failures == 0 else { throw Failure("\(failures) commands may not have been sent") }
    }

    private func show(_ report: DeliveryReport, _ name: String) -> Bool {
        switch report {
        case .success(let place):
            print(json ? line(place, name) : text(place, name))
            return true
        case .failure(let error):
            Terminal.complain("error: \(printable(name)): \(error)")
            return false
        }
    }

    private func text(_ place: (partition: Int32, offset: Int64), _ name: String) -> String {
        let padded = name.padding(20)
        return
            "\(printable(padded))  \(topic)  partition \(place.partition)  offset \(place.offset)"
    }

    private func line(_ place: (partition: Int32, offset: Int64), _ name: String) -> String {
        CompactJSON.line { w in
            w.field("transaction_reference", name == "-" ? nil : name)
            w.field("topic", topic)
            w.field("partition", place.partition)
            w.field("offset", place.offset)
        }
    }
}

import Contract
import Kafka
import Workers

/// Puts dead letters back onto their command topics, at a limited rate.
struct Replayer {
    /// Where one lies now, or why that is not known.
    typealias Report = Result<CommandSource, KafkaError>

    let settings: Settings
    /// Records a second.
    let rate: Double

    /// Sends to the home partitions of the references, and tells of each when Kafka has it.
    ///
    /// - Throws: A `Failure` after the first that Kafka may not have; the rest is not sent.
    func replay(
        _ drafts: [ReplayDraft],
        tell: (ReplayDraft, Report) -> Void
    ) async throws(Failure) {
        let messages = try await messages(drafts)
        let producer = try KafkaAccess.producer(settings)
        let start = ContinuousClock.now
        var (sent, failures) = (0, 0)
        while sent < drafts.count && failures == 0 {
            // Nobody waits any more where this is interrupted.
            do { try await Task.sleep(until: start + .seconds(Double(sent) / rate)) } catch {
                break
            }
            let piece = sent..<min(sent + pieceSize, drafts.count)
            let reports = await producer.send(Array(messages[piece]))
            for (draft, report) in zip(drafts[piece], reports) {
                if case .failure = report { failures += 1 }
                tell(draft, report.map { place(of: draft, $0.partition, $0.offset) })
            }
            sent = piece.upperBound
        }
        await producer.close(timeout: .seconds(5))
        guard failures == 0, sent == drafts.count else {
            throw Failure(
                "\(failures) dead letters may not have been replayed, and \(drafts.count - sent) "
                    + "were not; replay them again: nothing is done twice"
            )
        }
    }

    /// A few go at a time, where one by one would wait too often.
    private var pieceSize: Int { max(1, Int(rate / 10)) }

    private func messages(_ drafts: [ReplayDraft]) async throws(Failure) -> [Message] {
        var partitions: [String: Int] = [:]
        for topic in Set(drafts.map(\.source.topic)) {
            partitions[topic] = try await KafkaAccess.partitionCount(of: topic, settings)
        }
        return drafts.map { draft in
            let topic = draft.source.topic
            let home = draft.command.reference.flatMap { reference in
                partitions[topic].map { HomePartition.of(reference, partitions: $0) }
            }
            return Message(topic: topic, partition: home, draft.record)
        }
    }

    private func place(
        of draft: ReplayDraft,
        _ partition: Int32,
        _ offset: Int64
    ) -> CommandSource {
        CommandSource(topic: draft.source.topic, partition: partition, offset: offset)
    }
}

import Contract
import Kafka

/// The topic `dead-letters`, read outside any group.
struct LetterBox {
    private let settings: Settings
    private let topic: String

    init(_ settings: Settings) {
        self.settings = settings
        topic = Topics(prefix: settings.topicPrefix).deadLetters
    }

    /// Shows every dead letter that is there, each partition in its order.
    func read(_ see: (Letter) -> Void) async throws(Failure) {
        let count = try await partitionCount()
        var scan = try TopicScan((0..<count).map { partition(Int32($0)) }, settings)
        do throws(Failure) {
            try await scan.readToEnd { see(Letter($0)) }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
    }

    /// The dead letters of these places.
    ///
    /// - Throws: A `Failure` that names the first that is not there.
    func letters(at places: [LetterPlace]) async throws(Failure) -> [Letter] {
        let count = try await partitionCount()
        if let place = places.first(where: { $0.partition >= count }) {
            throw Failure("there is no dead letter \(place): \(topic) has \(count) partitions")
        }
        let first = Dictionary(places.map { ($0.partition, $0.offset) }, uniquingKeysWith: min)
        var scan = try TopicScan(
            first.map { Position(topicPartition: partition($0), offset: $1) },
            settings
        )
        var missing = Set(places)
        var letters: [Letter] = []
        do throws(Failure) {
            let marks = try await scan.watermarks()
            for place in places {
                let (low, high) = marks[partition(place.partition)] ?? (0, 0)
                guard (low..<high).contains(place.offset) else {
                    throw Failure("there is no dead letter \(place): \(Self.range(low, high))")
                }
            }
            try await scan.read(while: { record in
                let place = LetterPlace(partition: record.partition, offset: record.offset)
                if missing.remove(place) != nil { letters.append(Letter(record)) }
                return !missing.isEmpty
            })
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
        if let place = missing.min() { throw Failure("there is no dead letter \(place)") }
        return letters
    }

    private static func range(_ low: Int64, _ high: Int64) -> String {
        low < high ? "the partition has \(low) to \(high - 1)" : "the partition is empty"
    }

    private func partition(_ number: Int32) -> TopicPartition {
        TopicPartition(topic: topic, partition: number)
    }

    private func partitionCount() async throws(Failure) -> Int {
        try await KafkaAccess.partitionCount(of: topic, settings)
    }
}

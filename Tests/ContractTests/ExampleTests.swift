import Contract
import Foundation
import JSON
import Testing

/// The records of topics/examples/records.json are what the code reads and writes.
@Suite struct ExampleTests {
    private struct Example {
        let topic: String
        let key: String
        let headers: [(name: String, value: [UInt8]?)]
        let value: [UInt8]

        init(_ object: JSONObject) throws {
            topic = try #require(object["topic"]?.text)
            key = try #require(object["key"]?.text)
            headers = try #require(object["headers"]?.object).members.map {
                ($0.name, Array(($0.value.text ?? "").utf8))
            }
            var writer = JSONWriter()
            writer.value(try #require(object["value"]))
            value = writer.bytes
        }
    }

    private func examples(of topic: String) throws -> [Example] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../topics/examples/records.json")
        let text = [UInt8](try Data(contentsOf: file))
        let array = try #require(try JSONValue.parse(text, duplicates: .refuse).array)
        return try array.map { try Example(try #require($0.object)) }.filter { $0.topic == topic }
    }

    @Test func ordersAreWrittenLikeThis() throws {
        let examples = try examples(of: Topics().workerControl)
        #expect(examples.count == 2)
        for example in examples {
            let order = try example.value.withUnsafeBytes { try ControlOrder(value: $0) }
            let record = order.encoded()
            #expect(record.key == Array(example.key.utf8))
            #expect(record.value == example.value)
            #expect(record.headers.map(\.name) == example.headers.map(\.name))
        }
    }

    @Test func forwardedCommandsAreReadLikeThis() throws {
        let example = try #require(try examples(of: Topics().payoutCommands).first)
        let home = HomePartition.of(example.key, partitions: 12)
        let place = CommandSource(topic: example.topic, partition: home, offset: 7)
        let decoder = CommandDecoder(domain: .payout)
        let command = try Array(example.key.utf8).withUnsafeBytes { key in
            try example.value.withUnsafeBytes { value in
                try decoder.decode(key: key, value: value, headers: example.headers, source: place)
                    .get()
            }
        }
        let origin = CommandSource(topic: example.topic, partition: 11, offset: 42)
        #expect(command.source == origin)
        #expect(home != origin.partition)
        let first = example.headers.filter { $0.name != Forward.header }
        let forward = Forward.encoded(key: nil, value: nil, headers: first, source: origin)
        #expect(forward.headers.map(\.name) == example.headers.map(\.name))
        #expect(forward.headers.last?.value == example.headers.last?.value)
    }

    @Test func deadLettersAreReplayedLikeThis() throws {
        let example = try #require(try examples(of: Topics().payoutCommands).last)
        let place = try #require(Replay.deadLetter(example.headers))
        #expect(place.description == "aspayds.dead-letters/3/17")
        let origin = Forward.origin(
            example.headers,
            readAt: CommandSource(topic: example.topic, partition: 0, offset: 0)
        )
        let own = example.headers.filter { $0.name != Forward.header && $0.name != Replay.header }
        let replay = Replay.encoded(
            key: nil,
            value: nil,
            headers: own,
            source: origin,
            deadLetter: place
        )
        #expect(replay.headers.map(\.name) == example.headers.map(\.name))
        #expect(replay.headers.map(\.value) == example.headers.map(\.value))
    }
}

/// A command on its way to its home partition: byte for byte, with the place where it was read.
///
/// A command is forwarded once. One that has the header and is still not at home, because somebody
/// else wrote it or the topic has got more partitions since, is dead-lettered (`misplaced`).
package enum Forward {
    /// The header with the command's original coordinates, `TOPIC/PARTITION/OFFSET`.
    package static let header = "aspayds_origin"

    /// The record for the home partition, read at `source` so far.
    package static func encoded(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)],
        source: CommandSource
    ) -> EncodedRecord {
        let origin = (name: header, value: Optional(Array(source.description.utf8)))
        return EncodedRecord(key: key, value: value, headers: headers + [origin])
    }

    /// Whether a record has been forwarded already, or says so.
    package static func isForwarded(_ headers: [(name: String, value: [UInt8]?)]) -> Bool {
        headers.contains { $0.name == header }
    }

    /// The coordinates under which a command is known: those of its header, or else `source`.
    ///
    /// A header that is there twice, not well-formed, or about another topic counts for nothing.
    package static func origin(
        _ headers: [(name: String, value: [UInt8]?)],
        readAt source: CommandSource
    ) -> CommandSource {
        let values = headers.lazy.filter { $0.name == header }.prefix(2).map(\.value)
        guard values.count == 1, let bytes = values.first ?? nil,
            let origin = CommandSource(bytes), origin.topic == source.topic
        else { return source }
        return origin
    }
}

extension CommandSource {
    /// The longest name of a topic and the largest numbers.
    private static let longest = 249 + 1 + 10 + 1 + 19

    /// Reads `TOPIC/PARTITION/OFFSET`, exactly as `description` writes it.
    init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.longest else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2]),
            partition >= 0, offset >= 0
        else { return nil }
        self.init(topic: String(parts[0]), partition: partition, offset: offset)
        // One text for one place: neither `+1` nor `01`.
        guard description.utf8.elementsEqual(bytes) else { return nil }
    }
}

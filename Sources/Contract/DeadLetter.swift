/// A record that cannot be processed, byte for byte, with the reason in its headers.
package enum DeadLetter {
    /// What the headers that we add begin with.
    package static let prefix = "dead_letter_"

    /// The record for the topic `dead-letters`.
    ///
    /// Headers of an earlier dead letter (a replayed one) are replaced, never piled up. Its trace is
    /// added where its headers name none.
    package static func encoded(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)],
        source: CommandSource,
        rejection: Rejection,
        now milliseconds: Int64
    ) -> EncodedRecord {
        var headers = headers.filter { !$0.name.hasPrefix(prefix) }
        func header(_ name: String, _ text: String?) {
            guard let text else { return }
            headers.append((prefix + name, Array(text.utf8)))
        }
        header("reason", rejection.code.rawValue)
        header("message", rejection.message)
        header("field", rejection.field)
        header("topic", source.topic)
        header("partition", String(source.partition))
        header("offset", String(source.offset))
        header("time", RFC3339.format(milliseconds))
        if let trace = rejection.trace,
            !headers.contains(where: { $0.name == TraceContext.parentHeader })
        {
            headers += trace.headers
        }
        return EncodedRecord(key: key, value: value, headers: headers)
    }
}

extension DeadLetter {
    /// What the headers of a dead letter say of its record, and of what is wrong with it.
    ///
    /// Anybody may have written it: what is absent, there twice or not well-formed is nil.
    package struct Note: Sendable, Equatable {
        /// The reason's code.
        package let reason: String?
        /// The reason for people.
        package let message: String?
        /// The field or header that is the reason.
        package let field: String?
        /// Where the record was read.
        package let source: CommandSource?
        /// When it was set aside, in milliseconds since 1970.
        package let time: Int64?

        /// No header that a worker writes is longer.
        private static let longest = 4096

        /// Reads the headers of a dead letter.
        package init(_ headers: [(name: String, value: [UInt8]?)]) {
            func text(_ name: String) -> String? {
                let values = headers.filter { $0.name == prefix + name }.map(\.value)
                guard values.count == 1, let bytes = values[0], bytes.count <= Self.longest else {
                    return nil
                }
                return String(validating: bytes, as: UTF8.self)
            }
            reason = text("reason")
            message = text("message")
            field = text("field")
            time = text("time").flatMap(RFC3339.parse)
            let parts = ["topic", "partition", "offset"].compactMap(text)
            source =
                parts.count == 3 ? CommandSource(Array(parts.joined(separator: "/").utf8)) : nil
        }
    }
}

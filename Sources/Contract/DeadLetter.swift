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

/// The trace that a message belongs to: W3C Trace Context.
///
/// A later version is read as version 00, as its authors ask. Something that is not valid counts for
/// nothing: no command is refused because of it.
package struct TraceContext: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let parent: UInt64
    private let flags: UInt64
    /// What tracing systems say beside it, as it came.
    package let tracestate: String?

    package static let parentHeader = "traceparent"
    package static let stateHeader = "tracestate"
    /// What is longer is not passed on.
    private static let longestState = 512

    /// Reads the two headers; nil where the first is none.
    package init?(_ traceparent: some Collection<UInt8>, state: (some Collection<UInt8>)?) {
        var reader = HexReader(traceparent)
        guard let version = reader.number(digits: 2), version != 0xFF, reader.dash(),
            let high = reader.number(), let low = reader.number(), high | low != 0, reader.dash(),
            let parent = reader.number(), parent != 0, reader.dash(),
            let flags = reader.number(digits: 2),
            reader.isAtEnd || (version > 0 && reader.dash())
        else { return nil }
        (self.high, self.low, self.parent) = (high, low, parent)
        // Of what a later version may say there, only "sampled" is known.
        self.flags = version == 0 ? flags : flags & 1
        tracestate = if let state { Self.text(state) } else { nil }
    }

    /// Reads the two headers; nil where the first is none.
    package init?(traceparent: String, tracestate: String? = nil) {
        self.init(traceparent.utf8, state: tracestate?.utf8)
    }

    /// Printable ASCII that is not too long: it goes into headers as it is.
    private static func text(_ bytes: some Collection<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.count <= longestState,
            bytes.allSatisfy({ 0x20...0x7E ~= $0 })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The header `traceparent`.
    package var traceparent: String {
        DigitWriter.text(of: 55) { w in
            w.number(0, digits: 2)
            w.dash()
            w.number(high)
            w.number(low)
            w.dash()
            w.number(parent)
            w.dash()
            w.number(flags, digits: 2)
        }
    }

    /// The name of the trace.
    package var traceID: String {
        DigitWriter.text(of: 32) { w in
            w.number(high)
            w.number(low)
        }
    }
}

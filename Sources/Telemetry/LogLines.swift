package import Logging

extension Logger {
    /// Writes a line, unless one of its kind was written a moment ago.
    ///
    /// The next one that is written says how many were held back before it (`repeated`).
    package func throttled(
        _ throttle: LogThrottle,
        as kind: @autoclosure () -> String,
        _ level: Level,
        _ message: @autoclosure () -> Message,
        metadata: @autoclosure () -> Metadata = [:],
        file: String = #fileID,
        function: String = #function,
        line: UInt = #line
    ) {
        guard level >= logLevel, let heldBack = throttle.pass(kind()) else { return }
        var metadata = metadata()
        if heldBack > 0 { metadata["repeated"] = .number(heldBack) }
        log(
            level: level,
            message(),
            metadata: metadata,
            file: file,
            function: function,
            line: line
        )
    }
}

extension Logger.MetadataValue {
    /// A number, which stays one in JSON.
    package static func number(_ number: some BinaryInteger & Sendable) -> Self {
        .stringConvertible(Int(clamping: number))
    }

    /// Numbers, likewise.
    package static func numbers(_ numbers: some Sequence<some BinaryInteger & Sendable>) -> Self {
        .array(numbers.map { .number($0) })
    }
}

import Contract
import Engine
import Foundation
import JSON
import Logging
import Workers

/// Log lines on standard error: one JSON object a line, or text for people.
struct LogOutput: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: Settings.LogFormat

    /// Makes every logger of this process write so.
    static func bootstrap(_ settings: Settings) {
        let level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        let format = settings.logFormat
        LoggingSystem.bootstrap { _ in LogOutput(logLevel: level, format: format) }
    }

    init(logLevel: Logger.Level, format: Settings.LogFormat) {
        self.logLevel = logLevel
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // Where nobody can be told, there is nobody to be told of it either.
        let line = line(event, at: Clock.now.wallClock)
        try? FileHandle.standardError.write(contentsOf: Data(line))
    }

    /// The line of an event, with its end.
    func line(_ event: LogEvent, at now: Int64) -> [UInt8] {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { fields["error"] = "\(error)" }
        let time = RFC3339.format(now)
        let sorted = fields.sorted { $0.key < $1.key }
        return switch format {
        case .json: json(event.level, "\(event.message)", time, sorted)
        case .text: text(event.level, "\(event.message)", time, sorted)
        }
    }

    private func json(
        _ level: Logger.Level,
        _ message: String,
        _ time: String,
        _ fields: [(key: String, value: Logger.MetadataValue)]
    ) -> [UInt8] {
        JSONWriter.object(reserving: 256) { w in
            w.field("time", time)
            w.field("level", level.rawValue)
            w.field("message", message)
            for field in fields { w.field(field.key, JSONValue(field.value)) }
        } + [UInt8(ascii: "\n")]
    }

    private func text(
        _ level: Logger.Level,
        _ message: String,
        _ time: String,
        _ fields: [(key: String, value: Logger.MetadataValue)]
    ) -> [UInt8] {
        let list = fields.map { " \($0.key)=\($0.value)" }.joined()
        let word = level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        // A line stays a line, whatever is in it.
        let line = "\(time.dropFirst(11)) \(word) \(message)\(list)"
            .map { $0.isNewline ? " " : $0 }
        return Array((String(line) + "\n").utf8)
    }
}

extension JSONValue {
    /// Metadata as they are: numbers, lists and objects are not made texts.
    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .stringConvertible(let number as any FixedWidthInteger): self = .number("\(number)")
        case .stringConvertible(let other): self = .string("\(other)")
        case .array(let elements): self = .array(elements.map(JSONValue.init))
        case .dictionary(let fields):
            let members = fields.sorted { $0.key < $1.key }
            self = .object(JSONObject(members.map { ($0.key, JSONValue($0.value)) }))
        }
    }
}

import JSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The headers of a command that are read; all others are ignored, CloudEvents extensions included.
struct CommandHeaders {
    private(set) var id: String?
    private(set) var type: String?
    private(set) var specversion: String?
    private(set) var contentType: String?
    private(set) var trace: TraceContext?
    /// What led to the command; `command` unless the header names a hint.
    private(set) var trigger = Event.Trigger.command
    /// The first thing that is wrong with them; the command's id is read nevertheless.
    private(set) var problem: Problem?

    init(_ headers: [(name: String, value: [UInt8]?)]) {
        for (name, bytes) in headers {
            guard let bytes else { continue }
            switch name {
            case "ce_id": read(name, bytes, into: \.id)
            case "ce_type": read(name, bytes, into: \.type)
            case "ce_specversion": read(name, bytes, into: \.specversion)
            case Command.triggerHeader: trigger = Self.trigger(bytes)
            case "content-type", "Content-Type": read(name, bytes, into: \.contentType)
            default: continue
            }
        }
        trace = TraceContext(headers)
        if let id, !Envelope.isID(id) {
            self.id = nil
            note(Problem(.invalidHeader, "ce_id", "ce_id: 1 to 255 printable characters"))
        }
    }

    /// Whether the value is the whole event (CloudEvents, Kafka binding, 3.3).
    var isStructured: Bool {
        contentType?.lowercased().hasPrefix("application/cloudevents") ?? false
    }

    private mutating func read(
        _ name: String,
        _ bytes: [UInt8],
        into path: WritableKeyPath<CommandHeaders, String?>
    ) {
        guard bytes.count <= 1024, let text = String(validating: bytes, as: UTF8.self) else {
            return note(Problem(.invalidHeader, name, "\(name): not UTF-8, or too long"))
        }
        if let first = self[keyPath: path], first != text {
            return note(Problem(.invalidHeader, name, "\(name): twice, with different values"))
        }
        self[keyPath: path] = text
    }

    /// Only a hint can be told apart from a command; every other word means nothing here.
    private static func trigger(_ bytes: [UInt8]) -> Event.Trigger {
        let hints: [Event.Trigger] = [.webhook, .return]
        return hints.first { $0.rawValue.utf8.elementsEqual(bytes) } ?? .command
    }

    private mutating func note(_ problem: Problem) {
        self.problem = self.problem ?? problem
    }
}

/// A command out of its envelope: binary, structured, or bare JSON.
struct Envelope {
    var id: String?
    /// The `ce_type`; nil in bare JSON, which means the topic's first command.
    var type: String?
    var trace: TraceContext?
    /// The fields; nil where there is no value at all.
    var data: JSONObject?

    /// Reads the envelope; whatever is read before a problem stays in `self`.
    mutating func read(
        _ value: UnsafeRawBufferPointer?,
        _ headers: CommandHeaders,
        duplicates: JSONValue.Duplicates = .refuse
    ) throws(Problem) {
        id = headers.id
        type = headers.type
        trace = headers.trace
        guard let value, !value.isEmpty else { return }
        let parsed = try Self.parse(value, duplicates)
        guard let object = parsed.object else {
            throw Problem(.notAnObject, nil, "the value is \(parsed.kind), not an object")
        }
        if headers.isStructured {
            try readStructured(object, duplicates)
        } else {
            data = object
            if let version = headers.specversion { try Self.check(version, "ce_specversion") }
            if headers.specversion != nil, headers.type == nil {
                throw Problem(.invalidEnvelope, "ce_type", "ce_type is missing")
            }
        }
    }

    private mutating func readStructured(
        _ event: JSONObject,
        _ duplicates: JSONValue.Duplicates
    ) throws(Problem) {
        type = nil
        trace = trace ?? TraceContext(event)
        // The data first: a reference in it makes of a dead letter a refusal.
        switch (event["data"], event["data_base64"]) {
        case (let data?, nil): self.data = data.object
        case (nil, .string(let text)?):
            guard let bytes = Data(base64Encoded: text) else {
                throw Problem(.invalidEnvelope, "data_base64", "data_base64: not base64")
            }
            data = try Self.parse([UInt8](bytes), duplicates).object
        case (nil, nil): data = JSONObject([])
        default:
            throw Problem(.invalidEnvelope, "data_base64", "data_base64: a string, without data")
        }
        guard let id = event["id"]?.text, Self.isID(id) else {
            throw Problem(.invalidEnvelope, "id", "id: a string of 1 to 255 printable characters")
        }
        self.id = id
        try Self.check(event["specversion"]?.text, "specversion")
        guard let type = event["type"]?.text, !type.isEmpty else {
            throw Problem(.invalidEnvelope, "type", "type is missing")
        }
        self.type = type
        guard let source = event["source"]?.text, !source.isEmpty else {
            throw Problem(.invalidEnvelope, "source", "source is missing")
        }
        if data == nil { throw Problem(.notAnObject, "data", "data is not an object") }
    }

    static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.count <= 255 && !text.hasControlCharacters
    }

    private static func check(_ version: String?, _ field: String) throws(Problem) {
        guard version == "1.0" else {
            let shown = version.map { " \"\(Problem.shown($0))\"" } ?? ""
            throw Problem(.invalidEnvelope, field, "\(field)\(shown): only 1.0 is known")
        }
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer,
        _ duplicates: JSONValue.Duplicates
    ) throws(Problem) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(bytes, duplicates: duplicates)
        } catch { throw problem(error) }
    }

    private static func parse(
        _ bytes: [UInt8],
        _ duplicates: JSONValue.Duplicates
    ) throws(Problem) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(bytes, duplicates: duplicates)
        } catch { throw problem(error) }
    }

    private static func problem(_ error: JSONError) -> Problem {
        switch error.problem {
        case .duplicateKey(let name):
            Problem(.duplicateKey, name, "\(Problem.shown(name)): there twice")
        case .invalidUTF8: Problem(.invalidUTF8, nil, "\(error)")
        case .syntax, .tooDeep: Problem(.notJSON, nil, "not JSON: \(error)")
        }
    }
}

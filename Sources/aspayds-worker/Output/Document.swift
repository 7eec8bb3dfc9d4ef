import Foundation
import JSON

/// Writes results for programs.
enum Document {
    static func text(_ value: some Encodable) throws(Failure) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw Failure("the result cannot be written as JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

/// One JSON object on one line.
enum CompactJSON {
    static func line(_ body: (inout JSONWriter) -> Void) -> String {
        String(decoding: JSONWriter.object(body), as: UTF8.self)
    }
}

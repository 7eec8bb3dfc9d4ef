import Foundation

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

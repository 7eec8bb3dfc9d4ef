import JSON

/// One command of a file, or what is wrong with its place there.
struct CommandRow: Sendable {
    /// The line where it begins, from 1; nil for the command of the flags.
    let line: Int?

    let content: Result<JSONObject, RowProblem>
}

/// Why a row cannot be read, without its values: one of them may be an account.
struct RowProblem: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Reads the commands of a file: JSON, JSON lines or CSV.
enum CommandFile {
    /// The rows of a file; its name tells the format.
    static func rows(_ bytes: [UInt8], name: String) throws(RowProblem) -> [CommandRow] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RowProblem("is not UTF-8")
        }
        let rows: [CommandRow]
        switch name.lowercased().split(separator: ".").last {
        case "json"?: rows = try json(bytes)
        case "jsonl"?, "ndjson"?: rows = lines(text)
        case "csv"?: rows = try CSVFile.rows(text)
        default: throw RowProblem("must be named .json, .jsonl or .csv")
        }
        guard !rows.isEmpty else { throw RowProblem("holds no command") }
        return rows
    }

    /// One object, or an array of them.
    private static func json(_ bytes: [UInt8]) throws(RowProblem) -> [CommandRow] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(bytes, duplicates: .refuse)
        } catch {
            throw RowProblem("line \(line(of: error.offset, in: bytes)): \(error)")
        }
        guard let elements = value.array else {
            return [
                CommandRow(line: line(of: firstObject(bytes), in: bytes), content: object(value))
            ]
        }
        let starts = elementStarts(bytes)
        return elements.enumerated().map { index, element in
            let start = index < starts.count ? starts[index] : 0
            return CommandRow(line: line(of: start, in: bytes), content: object(element))
        }
    }

    private static func lines(_ text: String) -> [CommandRow] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.enumerated().compactMap { index, line in
            guard line.contains(where: { !$0.isWhitespace }) else { return nil }
            let content = Result { () throws(JSONError) in
                try JSONValue.parse(String(line), duplicates: .refuse)
            }
            switch content {
            case .success(let value): return CommandRow(line: index + 1, content: object(value))
            case .failure(let error):
                let problem = RowProblem("is not JSON: \(error)")
                return CommandRow(line: index + 1, content: .failure(problem))
            }
        }
    }

    private static func object(_ value: JSONValue) -> Result<JSONObject, RowProblem> {
        value.object.map { .success($0) } ?? .failure(RowProblem("is \(value.kind), not an object"))
    }

    /// The offsets where the elements of a valid array begin.
    private static func elementStarts(_ bytes: [UInt8]) -> [Int] {
        var (starts, depth, isInString, isEscaped, expects) = ([Int](), 0, false, false, false)
        for (offset, byte) in bytes.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) { continue }
            if expects, byte != UInt8(ascii: "]") {
                starts.append(offset)
            }
            expects = false
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                expects = depth == 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","): expects = depth == 1
            default: break
            }
        }
        return starts
    }

    private static func firstObject(_ bytes: [UInt8]) -> Int {
        bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0
    }

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        bytes.prefix(offset).count { $0 == 0x0A } + 1
    }
}

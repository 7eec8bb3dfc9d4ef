import JSON

/// Commands as a table (RFC 4180): the first line names the fields, an empty cell leaves one out.
enum CSVFile {
    static func rows(_ text: String) throws(RowProblem) -> [CommandRow] {
        let records = try records(text)
        guard let header = records.first else { return [] }
        let names = try names(header.cells)
        return records.dropFirst().map { record in
            CommandRow(line: record.line, content: object(record.cells, names))
        }
    }

    private static func names(_ cells: [String]) throws(RowProblem) -> [String] {
        for (index, cell) in cells.enumerated() {
            // Without a header this is a command's own line: repeat no cell of it.
            let isName =
                !cell.isEmpty && cell.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
            guard isName else {
                throw RowProblem(
                    "line 1: column \(index + 1) does not name a field; the first line must"
                )
            }
            guard !cells.prefix(index).contains(cell) else {
                throw RowProblem("line 1: the field \(cell) is named twice")
            }
        }
        return cells
    }

    private static func object(
        _ cells: [String],
        _ names: [String]
    ) -> Result<JSONObject, RowProblem> {
        guard cells.count == names.count else {
            return .failure(RowProblem("has \(cells.count) cells, but line 1 names \(names.count)"))
        }
        let members = zip(names, cells).filter { !$1.isEmpty }.map { name, cell in
            (name: name, value: FieldText.value(cell, of: name))
        }
        return .success(JSONObject(members))
    }

    private struct Record {
        let line: Int
        var cells: [String]
    }

    private static func records(_ text: String) throws(RowProblem) -> [Record] {
        var records: [Record] = []
        var record = Record(line: 1, cells: [])
        var (cell, line, wasQuoted) = ("", 1, false)
        func endCell() {
            record.cells.append(cell)
            (cell, wasQuoted) = ("", false)
        }
        func endRecord() {
            let isBlank = record.cells.isEmpty && cell.isEmpty && !wasQuoted
            endCell()
            if !isBlank { records.append(record) }
            record = Record(line: line, cells: [])
        }
        var rest = text[...]
        if rest.first == "\u{FEFF}" { rest.removeFirst() }
        while let character = rest.popFirst() {
            switch character {
            case "\"" where cell.isEmpty && !wasQuoted:
                let start = line
                guard let quoted = quotedText(&rest, &line) else {
                    throw RowProblem("line \(start): a quote is not closed")
                }
                (cell, wasQuoted) = (quoted, true)
            case ",": endCell()
            case _ where character.isNewline:
                line += 1
                endRecord()
            default:
                guard !wasQuoted, character != "\"" else {
                    throw RowProblem("line \(line): a quote within a cell must be doubled")
                }
                cell.append(character)
            }
        }
        endRecord()
        return records
    }

    /// The text up to the closing quote, two quotes being one of the text.
    private static func quotedText(_ rest: inout Substring, _ line: inout Int) -> String? {
        var text = ""
        while let character = rest.popFirst() {
            if character == "\"" {
                guard rest.first == "\"" else { return text }
                rest.removeFirst()
            } else if character.isNewline {
                line += 1
            }
            text.append(character)
        }
        return nil
    }
}

/// The fields of a command as people write them.
enum FieldText {
    /// A method's id is a number; everything else may be a text, amounts too.
    static func value(_ text: String, of name: String) -> JSONValue {
        let isNumber = name == "payout_method_id" && Int64(text).map(String.init) == text
        return isNumber ? .number(text) : .string(text)
    }
}

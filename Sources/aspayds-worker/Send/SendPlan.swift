import Contract
import Foundation
import JSON

/// The commands that are to be sent, each valid, and those that are refused before they are.
struct SendPlan {
    /// A valid command as a record.
    struct Item: Sendable {
        let reference: String?
        let record: EncodedRecord
    }

    /// A command that is not sent, and why.
    struct Refusal: Equatable, CustomStringConvertible {
        let line: Int?
        let reason: String

        var description: String { line.map { "line \($0): \(reason)" } ?? reason }
    }

    private(set) var items: [Item] = []
    private(set) var refusals: [Refusal] = []

    private let domain: Domain
    private let type: String
    private let callback: CallbackAddress?
    private var seen: [String: Int?] = [:]

    /// Judges every row by the worker's own rules.
    ///
    /// - Parameters:
    ///   - rows: The commands as they were read.
    ///   - domain: Whose commands they are.
    ///   - command: The last part of `ce_type`.
    ///   - callback: Makes the worker's own callback addresses, where it serves any.
    init(
        _ rows: [CommandRow],
        domain: Domain,
        command: String,
        callback: CallbackAddress? = nil
    ) {
        self.domain = domain
        self.callback = callback
        type = domain.typePrefix + command
        for row in rows { judge(row) }
    }

    private mutating func judge(_ row: CommandRow) {
        switch row.content {
        case .failure(let problem):
            refusals.append(Refusal(line: row.line, reason: problem.description))
        case .success(let object):
            let reference = object[Reference.field]?.text
            let record = record(object, reference: reference)
            if let reason = rejection(of: record) ?? repetition(of: reference, line: row.line) {
                refusals.append(Refusal(line: row.line, reason: reason))
            } else {
                items.append(Item(reference: reference, record: record))
            }
        }
    }

    private func record(_ object: JSONObject, reference: String?) -> EncodedRecord {
        var writer = JSONWriter()
        writer.value(.object(object))
        var headers = [
            ("ce_specversion", "1.0"), ("ce_id", UUID().uuidString.lowercased()),
            ("ce_source", "/aspayds-worker/send"), ("ce_type", type),
            ("ce_time", RFC3339.format(Moment.now)),
            ("content-type", "application/json"),
        ]
        if let reference { headers.append(("ce_subject", reference)) }
        return EncodedRecord(
            key: reference.map { Array($0.utf8) },
            value: writer.bytes,
            headers: headers.map { (name: $0.0, value: Array($0.1.utf8)) }
        )
    }

    private func rejection(of record: EncodedRecord) -> String? {
        let source = CommandSource(topic: "", partition: 0, offset: 0)
        let result = CommandDecoder(domain: domain, callback: callback)
            .decode(record, source: source)
        if case .failure(let rejection) = result { return masked(rejection.message) }
        return nil
    }

    /// The message with long runs of digits cut to their end: in a table with its columns mixed up,
    /// what should be an amount may be somebody's account.
    private func masked(_ message: String) -> String {
        message.replacing(/[0-9]{6,}/) { "****" + $0.output.suffix(4) }
    }

    /// Two commands about one reference in one file are a slip: the second would be a conflict.
    private mutating func repetition(of reference: String?, line: Int?) -> String? {
        guard let reference else { return nil }
        let key = Reference.uppercased(reference)
        if let first = seen[key] {
            let place = first.map { "line \($0)" } ?? "another"
            return "the reference \(reference) is that of \(place) already"
        }
        seen[key] = line
        return nil
    }
}

extension CommandDecoder {
    /// The command in a record that is yet to be sent, or why there is none.
    func decode(_ record: EncodedRecord, source: CommandSource) -> Result<Command, Rejection> {
        (record.key ?? []).withUnsafeBytes { key in
            (record.value ?? []).withUnsafeBytes { value in
                decode(key: key, value: value, headers: record.headers, source: source)
            }
        }
    }
}

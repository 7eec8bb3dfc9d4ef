import Contract
import JSON

/// What the books say in the end.
struct AuditReport {
    let asOf: Int64
    /// Records read, by topic.
    let records: [String: Int]
    /// All that came in, and how it ended.
    let intake: [Tally.Key: Tally.Row]
    let commands: [Tally.Key: Tally.Row]
    /// How the references stand.
    let references: [Tally.Key: Tally.Row]
    var findings: Findings
    /// How many references the provider was asked about; nil where it was not asked.
    var asked: Int?

    init(_ books: AuditBooks, intake: Tally, commands: Tally, references: Tally) {
        asOf = books.extents.asOf
        records = books.records
        self.intake = intake.rows
        self.commands = commands.rows
        self.references = references.rows
        findings = books.findings
    }

    var isRight: Bool { findings.count == 0 }

    /// Whether there was nothing to be judged.
    var isEmpty: Bool { isRight && commands.isEmpty && references.isEmpty }

    // MARK: For people

    func lines(colour: Bool) -> [String] {
        var lines = table("COMMANDS", intake, commands) + [""]
        lines += table("REFERENCES", [:], references) + [""]
        for what in Unjudged.allCases {
            guard let count = findings.unjudged[what] else { continue }
            lines.append("not judged: \(count) \(what.rawValue)")
        }
        for breach in findings.breaches { lines.append(Style.bad.paint(breach.line, when: colour)) }
        let more = findings.count - findings.breaches.count
        if more > 0 { lines.append("and \(more) breaches more") }
        let style: Style = isRight ? .good : .bad
        return lines + [style.paint(verdict, when: colour)]
    }

    private var verdict: String {
        let count = records.values.reduce(0, +)
        let provider = asked.map { ", and \($0) references at the provider" } ?? ""
        let read = "\(count) records up to \(Moment.text(asOf))\(provider)"
        guard !isRight else { return "the books are right: \(read)" }
        return "\(findings.count) \(findings.count == 1 ? "breach" : "breaches") in \(read)"
    }

    private func table(
        _ name: String,
        _ intake: [Tally.Key: Tally.Row],
        _ rows: [Tally.Key: Tally.Row]
    ) -> [String] {
        var table = Table(["DOMAIN", name, "COUNT", "AMOUNT", "CURRENCY"])
        for (key, row) in sorted(intake) + sorted(rows) {
            table.add([
                key.domain.rawValue, key.word, "\(row.count)", row.sum?.description ?? "-",
                key.currency ?? "-",
            ])
        }
        return table.lines()
    }

    private func sorted(_ rows: [Tally.Key: Tally.Row]) -> [(key: Tally.Key, value: Tally.Row)] {
        rows.sorted { left, right in
            (left.key.domain.rawValue, left.key.word, left.key.currency ?? "")
                < (right.key.domain.rawValue, right.key.word, right.key.currency ?? "")
        }
    }

    // MARK: For programs

    func json() -> String {
        CompactJSON.line { w in
            w.field("as_of", RFC3339.format(asOf))
            w.field("right", isRight)
            w.field("breach_count", findings.count)
            w.array("breaches") { w in
                for breach in findings.breaches { w.object { breach.write(to: &$0) } }
            }
            w.object("records") { w in
                for (topic, count) in records.sorted(by: { $0.key < $1.key }) {
                    w.field(topic, count)
                }
            }
            write("commands_in", intake, to: &w)
            write("commands", commands, to: &w)
            write("references", references, to: &w)
            w.array("not_judged") { w in
                for what in Unjudged.allCases {
                    guard let count = findings.unjudged[what] else { continue }
                    w.object { w in
                        w.field("what", what.rawValue)
                        w.field("count", count)
                    }
                }
            }
            w.field("asked_provider", asked)
        }
    }

    private func write(
        _ name: String,
        _ rows: [Tally.Key: Tally.Row],
        to w: inout JSONWriter
    ) {
        w.array(name) { w in
            for (key, row) in sorted(rows) {
                w.object { w in
                    w.field("domain", key.domain.rawValue)
                    if name != "commands_in" { w.field("state", key.word) }
                    w.field("currency", key.currency)
                    w.field("count", row.count)
                    w.field("amount", raw: row.sum?.description)
                }
            }
        }
    }
}

extension Breach {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("topic", place.topic)
        w.field("partition", place.partition)
        w.field("offset", place.offset)
        w.field("rule", rule.rawValue)
        w.field(Reference.field, reference)
        w.field("message", what)
    }
}

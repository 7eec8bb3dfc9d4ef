import Aspayds
import Contract
import Foundation
import JSON

/// What is kept of a dead letter in a list of many.
struct LetterHead {
    let place: LetterPlace
    /// When it was set aside, in milliseconds since 1970.
    let time: Int64
    let key: String?
    let note: DeadLetter.Note
    /// The place by which its command is known.
    let origin: CommandSource?
    /// The dead letter that it was replayed from.
    let replayOf: CommandSource?
    /// The number of bytes of its value; nil for none.
    let size: Int?

    init(_ letter: Letter) {
        place = letter.place
        time = letter.time
        key = letter.key.map(LetterText.key)
        note = letter.note
        origin = letter.note.source.map { Forward.origin(letter.headers, readAt: $0) }
        replayOf = Replay.deadLetter(letter.headers)
        size = letter.value?.count
    }
}

/// Dead letters for people and for programs.
struct LetterText {
    let topic: String
    /// Milliseconds since 1970.
    let now: Int64

    // MARK: Many

    /// One line each.
    func table(_ heads: [LetterHead]) -> [String] {
        var table = Table(["POSITION", "TIME", "FROM", "KEY", "REASON", "FIELD"])
        for head in heads {
            table.add([
                "\(head.place)", Moment.ago(head.time, now: now),
                head.note.source.map { printable("\($0)") } ?? "-", head.key ?? "-",
                printable(head.note.reason ?? "-"), printable(head.note.field ?? "-"),
            ])
        }
        return table.lines()
    }

    /// One object.
    func json(_ head: LetterHead) -> String {
        CompactJSON.line { write(head, to: &$0) }
    }

    private func write(_ head: LetterHead, to w: inout JSONWriter) {
        Self.write(head.place.source(in: topic), to: &w)
        w.field("time", RFC3339.format(head.time))
        if let source = head.note.source { w.object("from") { Self.write(source, to: &$0) } }
        if let source = head.replayOf { w.object("replay_of") { Self.write(source, to: &$0) } }
        w.field("key", head.key)
        w.field("reason", head.note.reason)
        w.field("field", head.note.field)
        w.field("message", head.note.message)
        w.field("value_bytes", head.size)
    }

    static func write(_ source: CommandSource, to w: inout JSONWriter) {
        w.field("topic", source.topic)
        w.field("partition", source.partition)
        w.field("offset", source.offset)
    }

    // MARK: One

    /// All that is known of it, its value masked, and what would become of it.
    func page(_ letter: Letter, _ outlook: Outlook, colour: Bool) -> [String] {
        let head = LetterHead(letter)
        let facts: [(name: String, value: String?)] = [
            ("set aside", Moment.ago(letter.time, now: now)),
            ("read at", letter.note.source.map { "\($0)" }), ("why", letter.note.reason),
            ("field", letter.note.field), ("message", letter.note.message),
            ("replay of", head.replayOf.map { "\($0)" }), ("key", head.key ?? "none"),
            ("value", letter.value.map { "\($0.count) bytes" } ?? "none"),
        ]
        var lines = ["dead letter \(letter.place) in \(topic)", ""]
        lines += facts.compactMap { name, value in
            value.map { "  \(name.padding(12))\(printable($0))" }
        }
        if let value = letter.value, !value.isEmpty { lines += ["", MaskedValue.text(value)] }
        let headers = Self.ownHeaders(letter)
        if !headers.isEmpty { lines += ["", "headers"] }
        lines += headers.map { "  \(Self.name($0.name).padding(18))\(Self.header($0) ?? "none")" }
        lines += ["", outlook.style.paint("On replay \(printable(outlook.text))", when: colour)]
        return lines + outlook.advice(letter.place)
    }

    /// The same as one object; unmasked with the bytes in base64.
    func document(_ letter: Letter, _ outlook: Outlook, isRaw: Bool) -> String {
        CompactJSON.line { w in
            write(LetterHead(letter), to: &w)
            w.array("headers") { w in
                for header in Self.ownHeaders(letter) {
                    w.object { w in
                        w.field("name", Self.name(header.name))
                        w.field(
                            "value",
                            isRaw ? header.value.map { escaped($0) } : Self.header(header)
                        )
                    }
                }
            }
            if isRaw {
                w.field("value_base64", letter.value.map { Data($0).base64EncodedString() })
            } else {
                w.field("value_masked", letter.value.map { MaskedValue.text($0) })
            }
            w.object("on_replay") { w in
                w.field("result", outlook.word)
                w.field("what", outlook.text)
            }
        }
    }

    /// The headers that the record had.
    private static func ownHeaders(_ letter: Letter) -> [(name: String, value: [UInt8]?)] {
        letter.headers.filter { !$0.name.hasPrefix(DeadLetter.prefix) }
    }

    private static func name(_ name: String) -> String { escaped(name.utf8) }

    /// A header that the contract knows is about nobody; any other may hold anything.
    private static func header(_ header: (name: String, value: [UInt8]?)) -> String? {
        let isKnown =
            ["ce_", "aspayds_"].contains { header.name.hasPrefix($0) }
            || ["content-type", "traceparent"].contains(header.name.lowercased())
        return header.value.map { isKnown ? escaped($0.prefix(1024)) : MaskedValue.shape($0) }
    }

    /// The key, which is a reference unless something is wrong.
    static func key(_ bytes: [UInt8]) -> String {
        let text = escaped(bytes.prefix(64)) + (bytes.count > 64 ? "…" : "")
        return Reference.isValid(text, .payout) ? text : maskingDigits(text)
    }
}

import Contract

@testable import aspayds_worker

/// Dead letters as a worker would write them.
enum LetterScript {
    static let topics = Topics(prefix: "t.")
    static let start: Int64 = 1_770_672_600_000

    /// Where the command of an offset was read.
    static func source(_ domain: Domain = .payout, _ offset: Int64 = 7) -> CommandSource {
        CommandSource(topic: topics.commands(of: domain), partition: 1, offset: offset)
    }

    /// A payout command; the fields given are put in place of its own, or taken out where nil.
    static func payout(_ reference: String? = "WD-1", amount: String = "500") -> [UInt8] {
        let name = reference.map { "\"transaction_reference\":\"\($0)\"," } ?? ""
        return Array(
            """
            {\(name)"payout_method_id":1,"amount":\(amount),"recipient_name":"Karim",\
            "recipient_account":"01712345678"}
            """.utf8
        )
    }

    /// The record of a dead letter.
    static func record(
        key: String? = nil,
        value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)] = [],
        _ code: Rejection.Code = .notJSON,
        from source: CommandSource = source(),
        at time: Int64 = start
    ) -> EncodedRecord {
        DeadLetter.encoded(
            key: key.map { Array($0.utf8) },
            value: value,
            headers: headers,
            source: source,
            rejection: Rejection(code: code, message: "m", commandID: "c", source: source),
            now: time
        )
    }

    /// A dead letter at partition 0 and an offset.
    static func letter(_ record: EncodedRecord, at offset: Int64 = 0) -> Letter {
        let note = DeadLetter.Note(record.headers)
        return Letter(
            place: LetterPlace(partition: 0, offset: offset),
            time: note.time ?? 0,
            key: record.key,
            value: record.value,
            headers: record.headers,
            note: note
        )
    }
}

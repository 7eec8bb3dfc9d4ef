import Contract
import JSON
import Testing

@testable import aspayds_worker

/// What is shown of dead letters, and what is not.
@Suite struct DeadLetterTextTests {
    @Test(arguments: [
        (
            #"{"transaction_reference":"WD-1234567","amount":150000,"recipient_account":"01712345678"}"#,
            #"{"transaction_reference":"WD-1234567","amount":150000,"recipient_account":"****5678"}"#
        ),
        // In the wrong place: a name, and an account as a number.
        (
            #"{"amount":"Karim 01712345678","currency":"BDT","recipient_name":["Karim"],"x":1}"#,
            #"{"amount":"Karim ****5678","currency":"BDT","recipient_name":["****"],"x":"****"}"#
        ),
        (#"{"amount":01712345678}"#, #"{"xxxxxx":99999999999}"#),
        (#"{"amount":1712345678}"#, #"{"amount":"****5678"}"#),
        (
            #"{"transaction_reference":"Karim 0171234567"}"#,
            #"{"transaction_reference":"Karim ****4567"}"#
        ),
        (#"{"01712345678":null,"a":true}"#, #"{"****5678":null,"a":true}"#),
        (
            #"{"type":"aspayds.payout.request","data":{"amount":5,"recipient_name":"K"}}"#,
            #"{"type":"aspayds.payout.request","data":{"amount":5,"recipient_name":"****"}}"#
        ),
        (#"["Karim",12]"#, #"["****","****"]"#), ("Karim;01712345678\n", #"xxxxx;99999999999\n"#),
        ("রহিম ০১৭", "xxxx 999"), (#"{"a":1,"a":2}"#, #"{"a":"****","a":"****"}"#), ("", ""),
    ])
    func aValueIsMasked(value: String, shown: String) {
        #expect(MaskedValue.text(Array(value.utf8)) == shown)
    }

    @Test func aLongValueIsCut() {
        #expect(MaskedValue.text(Array(repeating: 97, count: 3000)).count == 2001)
    }

    @Test(
        arguments: [
            ([0x61, 0x0A, 0x09, 0x0D, 0x5C], #"a\n\t\r\\"#),
            ([0x00, 0x1B, 0x7F], #"\x00\x1b\x7f"#),
            ([0xFF, 0x61, 0xC3], #"\xffa\xc3"#), (Array("é€".utf8), "é€"),
            // A character that turns the writing round.
            (Array("\u{202E}x".utf8), #"\xe2\x80\xaex"#), ([], ""),
        ] as [([UInt8], String)]
    )
    func whatCannotBePrintedIsEscaped(bytes: [UInt8], text: String) {
        #expect(escaped(bytes) == text)
    }

    @Test func theFirstPageTellsAllButWhatIsPersonal() {
        let record = LetterScript.record(
            key: "WD-1",
            value: LetterScript.payout(amount: "\"x\""),
            headers: [
                ("ce_type", Array("aspayds.payout.request\u{1B}".utf8)),
                ("authorization", Array("Bearer abc123".utf8)), ("n", nil),
                (Replay.header, Array("t.dead-letters/2/3".utf8)),
            ],
            .invalidField
        )
        let text = LetterText(topic: "t.dead-letters", now: LetterScript.start + 5000)
        let refusal = ReplayRefusal(reason: "it would be refused", isCorrectable: true)
        let page = text.page(LetterScript.letter(record), .invalid(refusal), colour: false)
        #expect(
            page == [
                "dead letter 0/0 in t.dead-letters", "",
                "  set aside   2026-02-09T21:30:00Z (5s ago)",
                "  read at     t.payout.commands/1/7", "  why         invalid_field",
                "  message     m", "  replay of   t.dead-letters/2/3", "  key         WD-1",
                "  value       \(record.value?.count ?? 0) bytes", "",
                #"{"transaction_reference":"WD-1","payout_method_id":1,"amount":"x","#
                    + #""recipient_name":"****","recipient_account":"****5678"}"#,
                "", "headers", #"  ce_type           aspayds.payout.request\x1b"#,
                "  authorization     xxxxxx xxx999", "  n                 none",
                "  aspayds_replay_of t.dead-letters/2/3", "",
                "On replay it is refused: it would be refused",
                "Correct its value, keep its reference, and replay it:",
                "  aspayds-worker dead-letters show 0/0 --raw > value.json",
                "  aspayds-worker dead-letters replay 0/0 --value value.json",
            ]
        )
    }

    @Test func aProgramGetsTheValueOnlyWhenItAsks() throws {
        let value = LetterScript.payout()
        let letter = LetterScript.letter(LetterScript.record(key: "WD-1", value: value))
        let text = LetterText(topic: "t.dead-letters", now: 0)
        let masked = text.document(letter, .taken("done"), isRaw: false)
        #expect(!masked.contains("01712345678") && !masked.contains("Karim"))
        let raw = text.document(letter, .taken("done"), isRaw: true)
        let object = try JSONValue.parse(raw, duplicates: .refuse).object
        #expect(object?["value_base64"]?.text?.hasPrefix("eyJ0cmFuc2FjdGlvbl9y") == true)
        #expect(object?["on_replay"]?.object?["result"]?.text == "taken")
        #expect(object?["from"]?.object?["offset"] == .number("7"))
    }

    @Test func aListHasALineForEach() {
        let record = LetterScript.record(key: "01712345678 ", value: nil, .tooLarge)
        let unknown = EncodedRecord(key: nil, value: [], headers: [])
        let heads = [record, unknown].map { LetterHead(LetterScript.letter($0)) }
        let lines = LetterText(topic: "t", now: LetterScript.start).table(heads)
        #expect(
            lines[1]
                == "0/0       2026-02-09T21:30:00Z (0s ago)      t.payout.commands/1/7  ****5678   too_large  -"
        )
        #expect(lines[2].hasSuffix("-                      -          -          -"))
    }

    @Test(arguments: ["3", "3/", "/3", "3/17/1", "-3/1", "3/-1", "a/1", "3/9223372036854775808"])
    func whatIsNoPositionIsNone(text: String) {
        #expect(LetterPlace(text) == nil)
        #expect(LetterPlace("3/17") == LetterPlace(partition: 3, offset: 17))
    }

    @Test func onlyTheNewestAreKept() {
        var newest = Newest<Int>(3, by: <)
        for number in [5, 1, 9, 7, 3, 8, 2, 6, 4, 0] { newest.add(number) }
        #expect(newest.elements == [7, 8, 9])
        #expect(newest.count == 10)
    }

    @Test func aFilterAdmitsWhatIsLikeIt() {
        let letter = LetterScript.letter(LetterScript.record(value: nil, .misplaced))
        let source = LetterScript.source()
        func admits(_ filter: LetterFilter) -> Bool { filter.admits(letter) }
        let start = LetterScript.start
        #expect(admits(LetterFilter()))
        #expect(admits(LetterFilter(topic: source.topic, reason: "misplaced", since: start)))
        #expect(!admits(LetterFilter(topic: "t.payment.commands")))
        #expect(!admits(LetterFilter(reason: "not_json")))
        #expect(!admits(LetterFilter(since: start + 1)))
        #expect(!admits(LetterFilter(until: start)) && admits(LetterFilter(until: start + 1)))
    }
}

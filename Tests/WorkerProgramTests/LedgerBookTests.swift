import Contract
import JSON
import Kafka
import Testing

@testable import aspayds_worker

/// What the records of a ledger come to.
@Suite struct LedgerBookTests {
    private func book(
        _ interest: LedgerBook.Interest,
        _ records: [LedgerRecord]
    ) -> LedgerBook {
        var book = LedgerBook(interest)
        book.add(records)
        return book
    }

    @Test func theLatestClaimSaysWhoMayWrite() throws {
        typealias Script = LedgerScript
        let book = book(
            .reference("wd-1"),
            [
                // Retention has cut the claim of "z" away.
                try Script.record("intent", by: "z"), try Script.record("claim", by: "a"),
                try Script.record("in_doubt", by: "z"), try Script.record("in_doubt", by: "a"),
                try Script.record("claim", by: "b"), try Script.record("accepted", by: "a"),
                try Script.record("review", of: "wd-1", by: "b"),
                try Script.record("review", of: "WD-2", by: "b"),
                try Script.record("intent", attempt: 2, by: "a"),
            ]
        )
        #expect(
            book.words(.payout, "WD-1") == [
                "intent", "late in_doubt", "in_doubt", "late accepted", "review", "late intent",
            ]
        )
        let history = try #require(book.histories[LedgerBook.Key(.payout, "wd-1")])
        #expect(history.review?.attempt == 1)
        #expect(history.reference == "wd-1")
        #expect(history.lateAcceptances.map(\.place.offset) == [5])
        #expect(history.order?.maskedAccount == "****5678")
        #expect(book.histories.count == 1)
    }

    @Test func claimsAreThoseOfTheirPartition() throws {
        var book = LedgerBook(.open)
        func place(_ partition: Int32) -> CommandSource {
            CommandSource(topic: "l", partition: partition, offset: 0)
        }
        book.add(try LedgerScript.record("claim", by: "b"), at: place(1))
        book.add(try LedgerScript.review(by: "a"), at: place(0))
        book.add(try LedgerScript.review(of: "WD-2", by: "a"), at: place(1))
        #expect(book.words(.payout, "WD-1") == ["review"])
        #expect(book.words(.payout, "WD-2") == [])
    }

    @Test func whatIsSettledIsForgotten() throws {
        typealias Script = LedgerScript
        let book = book(
            .open,
            [
                try Script.record("claim", by: "a"), try Script.review(),
                try Script.review(of: "WD-2"), try Script.review(of: "WD-3"),
                try Script.record("accepted", of: "wd-2"),
                try Script.record("accepted", of: "WD-3", by: "late"),
                try Script.record("not_sent", of: "WD-4"), try Script.record("intent", of: "WD-5"),
                try Script.record("refused", of: "WD-6"),
                try Script.record("intent", of: "WD-6", attempt: 2),
                try Script.review(of: "WD-1", domain: .payment),
            ]
        )
        #expect(book.words(.payout, "WD-1") == ["review"])
        #expect(book.words(.payment, "WD-1") == ["review"])
        #expect(book.words(.payout, "WD-3") == ["review", "late accepted"])
        #expect(book.words(.payout, "WD-6") == ["intent"])
        #expect(book.histories.count == 5)
    }

    @Test func aConflictSaysNothingOfTheReference() throws {
        let records = [
            try LedgerScript.record("intent"), try LedgerScript.review(),
            try LedgerScript.record("conflict", [("order", #"{"amount":999}"#)]),
        ]
        for interest in [LedgerBook.Interest.open, .reference("WD-1")] {
            let history = book(interest, records).histories[LedgerBook.Key(.payout, "WD-1")]
            #expect(history?.review?.attempt == 1)
            #expect(history?.lines.map(\.record.word) == ["intent", "review", "conflict"])
            #expect(history.flatMap { HistoryText.amount($0.order) } == "400 BDT")
        }
        let alone = book(.open, [try LedgerScript.record("conflict")])
        #expect(alone.histories.isEmpty)
        let expired = book(.open, records + [try LedgerScript.record("expired")])
        #expect(expired.histories.isEmpty)
    }

    @Test func everyRecordIsShown() throws {
        let order = ReviewRulesTests.order(.release)
        let book = book(
            .reference("WD-1"),
            [
                try LedgerScript.record("intent"), try LedgerScript.record("claim", by: "b"),
                try LedgerScript.record("accepted"), try LedgerScript.review(by: "b"),
                try LedgerScript.taken(order, by: "b"),
                try LedgerScript.record("in_doubt", by: "b"),
            ]
        )
        let history = try #require(book.histories[LedgerBook.Key(.payout, "WD-1")])
        let lines = HistoryText.table(history, colour: false)
        #expect(lines.count == 6)
        #expect(
            lines[1]
                == "0/0     2026-02-09T21:30:00Z  a      1        intent    400 BDT  ****5678  t/1/7"
        )
        #expect(lines[2].hasSuffix("accepted  late, may be evidence"))
        #expect(lines[3].hasSuffix("absent it is not there  timeout, 14 lookups, the last: absent"))
        #expect(lines[4].hasSuffix("released by amina at 2026-02-09T21:45:05Z: the bank says no"))
        #expect(lines[5].hasSuffix("in_doubt"))
        #expect(HistoryText.table(history, colour: true)[2].hasPrefix("\u{1B}[2m"))

        let json = try JSONValue.parse(HistoryText.json(history.lines[1]), duplicates: .refuse)
        #expect(json.object?["late"] == .bool(true))
        #expect(json.object?["offset"] == .number("2"))
        #expect(json.object?["record"]?.object?["state"]?.text == "accepted")
    }
}

/// The words of a command line.
@Suite struct ArgumentWordsTests {
    @Test(arguments: [
        (["WD-1"], ["WD-1"], []), (["--a", "x", "WD-1"], ["WD-1"], ["--a", "x"]),
        (["WD-1", "--a", "x"], ["WD-1"], ["--a", "x"]),
        (["--a=x", "WD-1", "--b"], ["WD-1"], ["--a=x", "--b"]),
        (["--a", "x", "--", "--WD"], ["--WD"], ["--a", "x"]), (["-1"], ["-1"], []),
    ])
    func areNoSettings(arguments: [String], words: [String], flags: [String]) {
        let split = ArgumentWords(arguments)
        #expect(split.words == words)
        #expect(split.flags == flags)
    }

    @Test func nameOneReference() throws {
        #expect(try Subject(["WD-1"], domain: nil).domains == [.payment, .payout])
        #expect(try Subject(["WD-1"], domain: .payout).domains == [.payout])
        // Too long for a payment.
        #expect(try Subject(["WD-1234567890-1234567890"], domain: nil).domains == [.payout])
        for words in [[], ["a", "b"], ["a/b"], ["ATPAY1"], [""]] {
            #expect(throws: (any Error).self) { try Subject(words, domain: nil) }
        }
    }
}

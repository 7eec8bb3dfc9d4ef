import Contract
import JSON
import Testing

/// Operators' orders on `worker.control`.
@Suite struct ReviewOrderTests {
    static func order(_ change: (inout ReviewOrder) -> Void = { _ in }) -> ReviewOrder {
        var order = ReviewOrder(
            domain: .payout,
            reference: "wd-1",
            attempt: 2,
            verdict: .done,
            by: "amina",
            why: "seen at the bank",
            providerID: "ATPAY1",
            at: 1_770_672_600_007
        )
        change(&order)
        return order
    }

    private func review(_ order: ControlOrder) -> ReviewOrder? {
        if case .review(let order) = order { order } else { nil }
    }

    private func read(_ bytes: [UInt8]) throws -> ReviewOrder {
        let order = try bytes.withUnsafeBytes { try ControlOrder(value: $0) }
        return try #require(review(order))
    }

    @Test func isReadAsWritten() throws {
        for order in [
            Self.order(),
            Self.order {
                $0.verdict = .release
                $0.providerID = nil
            },
        ] {
            let record = order.encoded()
            #expect(record.key == Array("review/payout/WD-1/2".utf8))
            #expect(try read(try #require(record.value)) == order)
            #expect(order.problem == nil)
        }
    }

    @Test func isWrittenAsAgreed() throws {
        let value = try #require(Self.order().encoded().value)
        let text = """
            {"kind":"review","domain":"payout","transaction_reference":"wd-1","attempt":2,\
            "verdict":"done","by":"amina","why":"seen at the bank","provider_id":"ATPAY1",\
            "at":"2026-02-09T21:30:00.007Z"}
            """
        #expect(String(decoding: value, as: UTF8.self) == text)
    }

    @Test func isToldApart() throws {
        let order = Self.order()
        let copy = try read(try #require(order.encoded().value))
        #expect(copy.number == order.number)
        #expect(order.number != 0)
        let others = [
            Self.order { $0.at += 1 }, Self.order { $0.attempt = 1 },
            Self.order { $0.domain = .payment }, Self.order { $0.verdict = .notDone },
        ]
        #expect(!others.map(\.number).contains(order.number))
        let decision = order.decision
        #expect(decision.number == order.number && decision.by == "amina")
        #expect(decision.verdict == .done && decision.providerID == "ATPAY1")
    }

    @Test func masksWhatMayBeAnAccount() {
        let order = ReviewOrder(
            domain: .payout,
            reference: "wd-1",
            attempt: 1,
            verdict: .notDone,
            by: "amina 01712345678",
            why: "01712345678 is closed",
            at: 0
        )
        #expect(order.by == "amina ****5678")
        #expect(order.why == "****5678 is closed")
    }

    @Test(
        arguments: [
            ("kind", "\"pause\""), ("domain", "\"gift\""), ("domain", nil), ("attempt", "0"),
            ("attempt", "\"1\""), ("verdict", "\"maybe\""), ("verdict", nil), ("by", "\" \""),
            ("by", nil), ("why", "\"\""), ("why", "\"a\\u0007\""), ("at", "\"yesterday\""),
            ("provider_id", "\"a b\""), ("transaction_reference", "\"a b\""),
            ("why", "\"\(String(repeating: "w", count: 501))\""),
            ("by", "\"\(String(repeating: "b", count: 101))\""),
            // An id belongs to what was done.
            ("verdict", "\"release\""),
        ] as [(String, String?)]
    )
    func refusesWhatBreaksARule(_ field: String, _ json: String?) throws {
        let value = try #require(Self.order().encoded().value)
        let members = try #require(try JSONValue.parse(value, duplicates: .refuse).object).members
        let changed = JSONWriter.object { w in
            for member in members where member.name != field { w.field(member.name, member.value) }
            w.field(field, raw: json)
        }
        #expect(throws: UnreadableRecord.self) { try read(changed) }
    }

    @Test(arguments: ["", "null", "[]", "{}", "{\"kind\":\"review\"}"])
    func refusesOtherRecords(_ text: String) {
        #expect(throws: UnreadableRecord.self) { try read(Array(text.utf8)) }
    }
}

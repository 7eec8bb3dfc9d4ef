import Contract
import Testing

/// Operators' orders to all replicas on `worker.control`.
@Suite struct StandingOrderTests {
    private func order(_ kind: StandingOrder.Kind) -> StandingOrder {
        StandingOrder(kind, by: "amina", why: "the bank is closed", at: 1_770_672_600_007)
    }

    private func read(_ text: String) throws -> StandingOrder? {
        let order = try Array(text.utf8).withUnsafeBytes { try ControlOrder(value: $0) }
        if case .standing(let order) = order { return order }
        return nil
    }

    @Test(
        arguments: [
            (.flow(.payout, isPaused: true), "flow/payout"),
            (.flow(.payment, isPaused: false), "flow/payment"), (.rate(2.5), "rate"),
            (.rate(nil), "rate"),
        ] as [(StandingOrder.Kind, String)]
    )
    func isReadAsWritten(_ kind: StandingOrder.Kind, _ key: String) throws {
        let record = order(kind).encoded()
        #expect(record.key == Array(key.utf8))
        let value = try #require(record.value)
        #expect(try read(String(decoding: value, as: UTF8.self)) == order(kind))
        #expect(order(kind).problem == nil)
    }

    @Test func isWrittenAsAgreed() throws {
        let paused = try #require(order(.flow(.payout, isPaused: true)).encoded().value)
        #expect(
            String(decoding: paused, as: UTF8.self) == """
                {"kind":"flow","domain":"payout","paused":true,"by":"amina",\
                "why":"the bank is closed","at":"2026-02-09T21:30:00.007Z"}
                """
        )
        let rate = try #require(order(.rate(0.01)).encoded().value)
        #expect(
            String(decoding: rate, as: UTF8.self).hasPrefix("{\"kind\":\"rate\",\"limit\":0.01,")
        )
    }

    @Test func masksWhatMayBeAnAccount() {
        let order = StandingOrder(.rate(1), by: "amina", why: "01712345678 is closed", at: 0)
        #expect(order.why == "****5678 is closed")
    }

    @Test(
        arguments: [
            #"{"kind":"flow","domain":"gift","paused":true"#, #"{"kind":"flow","paused":true"#,
            #"{"kind":"flow","domain":"payout""#, #"{"kind":"flow","domain":"payout","paused":1"#,
            #"{"kind":"rate","limit":0"#, #"{"kind":"rate","limit":-1"#,
            #"{"kind":"rate","limit":1e300"#, #"{"kind":"rate","limit":"5""#, #"{"kind":"speed""#,
        ]
    )
    func refusesWhatBreaksARule(_ beginning: String) {
        let end = #","by":"amina","why":"closed","at":"2026-02-09T21:30:00Z"}"#
        #expect(throws: UnreadableRecord.self) { try read(beginning + end) }
    }

    @Test(arguments: ["by", "why"]) func refusesBlankWords(_ field: String) throws {
        let order = StandingOrder(
            .rate(1),
            by: field == "by" ? " " : "amina",
            why: field == "why" ? "" : "closed",
            at: 0
        )
        #expect(order.problem?.field == field)
        let value = try #require(order.encoded().value)
        #expect(throws: UnreadableRecord.self) { try read(String(decoding: value, as: UTF8.self)) }
    }
}

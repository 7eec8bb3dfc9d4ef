import Aspayds
import Contract
import Testing

@Suite struct EventTests {
    static let full: Event = {
        var event = Event(
            domain: .payment,
            kind: .paid,
            id: Event.stateID(.payment, "trx-1", .paid, attempt: 1),
            reference: "trx-1",
            occurredAt: 1_770_672_600_007
        )
        event.providerID = "ATINV1"
        event.status = "paid"
        event.certainty = .accepted
        event.provenance = .external
        event.amount = Amount(thousandths: 100_500)
        event.amountPaid = Amount(thousandths: 100_500)
        event.fee = .zero
        event.totalAmount = Amount(thousandths: 100_500)
        event.currency = "BDT"
        event.paymentURL = "https://aspayds.net/x"
        event.sequence = 3
        event.attempt = 1
        event.trigger = .return
        event.reason = Event.Reason(code: "c", message: "m", field: "f", httpStatus: 422)
        event.evidence = Evidence(
            inDoubtSince: 1_770_672_600_007,
            lookups: 4,
            lastLookupAt: 1_770_672_600_008,
            lastAnswer: .absent,
            transmission: "timeout"
        )
        event.command = Event.Origin(
            id: "c-1",
            source: CommandSource(topic: "t", partition: 0, offset: 42)
        )
        event.methods = [
            PayoutMethod(id: 1, name: "bKash", minAmount: Amount(thousandths: 100_000))
        ]
        event.trace = TraceContext(traceparent: traceparent, tracestate: "a=1")
        return event
    }()

    @Test func writesEveryFieldInOrder() {
        let record = Self.full.encoded()
        let value =
            #"{"transaction_reference":"trx-1","invoice_id":"ATINV1","status":"paid","certainty":"accepted","#
            + #""origin":"external","amount":100.5,"amount_paid":100.5,"fee":0,"total_amount":100.5,"#
            + #""currency":"BDT","payment_url":"https://aspayds.net/x","occurred_at":"2026-02-09T21:30:00.007Z","#
            + #""sequence":3,"attempt":1,"trigger":"return","#
            + #""reason":{"code":"c","message":"m","field":"f","http_status":422},"#
            + #""evidence":{"in_doubt_since":"2026-02-09T21:30:00.007Z","lookups":4,"#
            + #""last_lookup_at":"2026-02-09T21:30:00.008Z","last_answer":"absent","#
            + #""transmission":"timeout"},"#
            + #""command":{"id":"c-1","topic":"t","partition":0,"offset":42},"#
            + #""methods":[{"id":1,"name":"bKash","min_amount":100}]}"#
        #expect(String(decoding: record.value ?? [], as: UTF8.self) == value)
        #expect(String(decoding: record.key ?? [], as: UTF8.self) == "trx-1")
        let headers = record.headers.map {
            "\($0.name): \(String(decoding: $0.value ?? [], as: UTF8.self))"
        }
        #expect(
            headers == [
                "ce_specversion: 1.0", "ce_id: payment/TRX-1/paid/1",
                "ce_source: /aspayds-worker/payments", "ce_type: aspayds.payment.paid",
                "ce_time: 2026-02-09T21:30:00.007Z", "ce_subject: trx-1",
                "content-type: application/json",
                "traceparent: \(traceparent)", "tracestate: a=1",
            ]
        )
    }

    @Test func isReadAsWritten() throws {
        var events = [Self.full]
        for domain in Domain.allCases {
            for kind in Event.Kind.allCases {
                events.append(
                    Event(domain: domain, kind: kind, id: "i", reference: nil, occurredAt: -1)
                )
            }
        }
        for event in events {
            let record = event.encoded()
            let value = try #require(record.value)
            let read = try value.withUnsafeBytes { try Event(headers: record.headers, value: $0) }
            #expect(read == event)
        }
    }

    @Test func onlyWhatTheProviderHasSaidIsNotified() {
        #expect(Notification(Self.full)?.name == "payment.completed")
        var closed = Self.full
        closed.trigger = .operator
        #expect(Notification(closed) == nil)
    }

    @Test func aNotificationHasWhatIsKnownOfAWebhook() throws {
        let paid = try #require(Notification(Self.full, settledAt: "2026-02-09T21:30:00Z"))
        #expect(
            String(decoding: paid.encoded().value ?? [], as: UTF8.self)
                == #"{"event":"payment.completed","timestamp":"2026-02-09T21:30:00.007Z","data":{"#
                + #""invoice_id":"ATINV1","transaction_reference":"trx-1","status":"completed","#
                + #""amount":100.5,"amount_paid":100.5,"fee":0,"currency":"BDT","#
                + #""paid_at":"2026-02-09T21:30:00Z"}}"#
        )
        let event = Event(
            domain: .payout,
            kind: .rejected,
            id: "i",
            reference: "R",
            occurredAt: 0
        )
        for account in ["01712345678", "****5678"] {
            let rejected = try #require(Notification(event, recipientAccount: account))
            #expect(
                String(decoding: rejected.encoded().value ?? [], as: UTF8.self)
                    == #"{"event":"payout.rejected","timestamp":"1970-01-01T00:00:00.000Z","data":{"#
                    + #""transaction_reference":"R","status":"rejected","recipient_account":"****5678"}}"#
            )
        }
    }

    @Test func leavesOutWhatDoesNotApply() {
        let event = Event(domain: .payout, kind: .checked, id: "i", reference: "R", occurredAt: 0)
        #expect(
            String(decoding: event.encoded().value ?? [], as: UTF8.self)
                == #"{"transaction_reference":"R","occurred_at":"1970-01-01T00:00:00.000Z"}"#
        )
    }

    @Test func namesStatesAndAnswers() {
        let source = CommandSource(topic: "t", partition: 1, offset: 2)
        #expect(Event.stateID(.payout, "aB", .inDoubt, attempt: 2) == "payout/AB/in_doubt/2")
        #expect(
            Event.stateID(.payout, "a", .statusChanged, word: "held", attempt: 1)
                == "payout/A/status_changed:held/1"
        )
        #expect(Event.answerID(source, .refused) == "t/1/2/refused")
    }

    @Test(arguments: [[], [("ce_id", "x")], [("ce_id", "x"), ("ce_type", "aspayds.payment.nope")]])
    func refusesOtherRecords(_ headers: [(String, String)]) {
        let headers = headers.map { (name: $0.0, value: Optional(Array($0.1.utf8))) }
        let value = Array(#"{"occurred_at":"1970-01-01T00:00:00.000Z"}"#.utf8)
        #expect(throws: UnreadableRecord.self) {
            try value.withUnsafeBytes { try Event(headers: headers, value: $0) }
        }
    }

    @Test func deadLettersKeepEverything() {
        let rejection = Rejection(
            code: .unknownField,
            message: "m",
            field: "ammount",
            commandID: "c",
            source: CommandSource(topic: "t", partition: 1, offset: 2)
        )
        let record = DeadLetter.encoded(
            key: [1],
            value: [0xFF],
            headers: [("h", nil), ("dead_letter_reason", [1]), ("h", [2])],
            source: rejection.source,
            rejection: rejection,
            now: 0
        )
        #expect(record.key == [1])
        #expect(record.value == [0xFF])
        let headers = record.headers.map {
            "\($0.name)=\($0.value.map { String(decoding: $0, as: UTF8.self) } ?? "nil")"
        }
        #expect(
            headers == [
                "h=nil", "h=\u{2}", "dead_letter_reason=unknown_field", "dead_letter_message=m",
                "dead_letter_field=ammount", "dead_letter_topic=t", "dead_letter_partition=1",
                "dead_letter_offset=2", "dead_letter_time=1970-01-01T00:00:00.000Z",
            ]
        )
    }
}

@Suite struct TimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-02-09T21:30:00.000Z", 1_770_672_600_000),
            ("2024-02-29T23:59:59.9Z", 1_709_251_199_900),
            ("2000-02-29T00:00:00+23:59", 951_696_060_000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-02-09T21:30:00.123456789-00:30", 1_770_674_400_123),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)]
    )
    func reads(_ text: String, _ milliseconds: Int64) {
        #expect(RFC3339.parse(text) == milliseconds)
        #expect(RFC3339.parse(RFC3339.format(milliseconds)) == milliseconds)
    }

    @Test(arguments: [
        "", "2026-02-09", "2026-02-09T21:30Z", "2026-02-09T21:30:00", "2026-02-09 21:30:00Z",
        "2026-02-09t21:30:00z", "2026-2-9T21:30:00Z", "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0600",
        "2026-01-01T00:00:00+06", "2026-01-01T00:00:00Z ", "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00,5Z",
    ])
    func refuses(_ text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test func everyDayIsReadAsWritten() {
        for day in stride(from: Int64(-700_000), to: 2_900_000, by: 37) {
            let milliseconds = day * 86_400_000 + day * 997 % 86_400_000
            #expect(RFC3339.parse(RFC3339.format(milliseconds)) == milliseconds)
        }
    }
}

import Contract
import Testing

@testable import Webhooks

/// The examples of the provider's documentation, as they stand there.
private let documented: [(domain: Domain, event: String, reference: String, body: String)] = [
    (
        .payout, "payout.completed", "WD123456",
        """
        {
        "event": "payout.completed",
        "timestamp": "2026-02-09T21:30:00.000Z",
        "data": {
        "payout_id": "ATPAY17038392001234",
        "transaction_reference": "WD123456",
        "status": "completed",
        "amount": 500.00,
        "fee": 0.00,
        "recipient_name": "John Doe",
        "recipient_account": "01712345678",
        "processed_at": "2026-02-09T21:30:00.000Z"
        }
        }
        """
    ),
    (
        .payment, "payment.completed", "TRX123456",
        """
        {
          "event": "payment.completed",
          "timestamp": "2026-02-09T21:30:00.000Z",
          "data": {
            "invoice_id": "ATINV17038392001234",
            "transaction_reference": "TRX123456",
            "status": "completed",
            "amount": 100.00,
            "amount_paid": 100.00,
            "currency": "BDT",
            "customer_name": "John Doe",
            "paid_at": "2026-02-09T21:30:00.000Z"
          }
        }
        """
    ),
]

@Suite(.timeLimit(.minutes(1))) struct WebhookTests {
    @Test func everyDocumentedExampleAsksForACheck() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            for example in documented {
                let answer = try await stage.send(
                    "POST",
                    stage.path(example.domain, example.reference),
                    example.body,
                    headers: [
                        ("X-Webhook-Event", example.event), ("X-Webhook-Timestamp", "1770672600"),
                        ("Content-Type", "application/json"), ("X-Api-Key", "geheim"),
                    ]
                )
                #expect(answer == .init(status: 200, body: #"{"received":true}"#))
                let hint = try #require(sink.hints.last)
                #expect(hint.domain == example.domain && hint.reference == example.reference)
                #expect(hint.audit.text == example.body)
                #expect(
                    hint.audit.key.map { String(decoding: $0, as: UTF8.self) } == example.reference
                )
                #expect(hint.audit.header("x-webhook-event") == example.event)
                #expect(hint.audit.header("x-webhook-timestamp") == "1770672600")
                #expect(hint.audit.header("content-type") == "application/json")
                #expect(hint.audit.header("aspayds_method") == "POST")
                #expect(hint.audit.header("aspayds_remote_address") == "127.0.0.1")
                #expect(hint.audit.header("aspayds_verdict") == "checked")
                #expect(hint.audit.header("aspayds_skew_seconds").flatMap { Int($0) } ?? 0 > 0)
                #expect(!hint.audit.headers.contains { $0.name == "x-api-key" })
                #expect(hint.event == nil)
            }
        }
        #expect(sink.checks.count == 2)
    }

    @Test(arguments: [
        (Domain.payment, "payment.completed"), (.payout, "payout.completed"),
        (.payout, "payout.processing"), (.payout, "payout.rejected"), (.payout, "payout.cancelled"),
    ])
    func everyEventBecomesACommandThatTheDecoderReads(domain: Domain, event: String) async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(domain, "Ref-1")
            try await stage.expect(200, "POST", path, webhook(event, "REF-1"))
        }
        let check = try #require(sink.checks.first)
        let source = CommandSource(topic: "t", partition: 0, offset: 0)
        let command = try (check.key ?? []).withUnsafeBytes { key in
            try (check.value ?? []).withUnsafeBytes { value in
                try CommandDecoder(domain: domain)
                    .decode(key: key, value: value, headers: check.headers, source: source).get()
            }
        }
        #expect(command.trigger == .webhook)
        #expect(command.reference == "Ref-1")
        #expect(check.header("ce_subject") == "Ref-1")
    }

    @Test(arguments: [
        ("no JSON", "not_json"), ("[]", "not_json"), ("", "not_json"),
        (#"{"event":"payment.completed","event":"x"}"#, "not_json"),
        (String(repeating: "[", count: 30_000), "not_json"),
        (#"{"event":"payment.refunded"}"#, "unknown_event"),
        (webhook("payout.completed", "TRX1"), "unknown_event"),
        (#"{"event":"payment.completed","data":7}"#, "other_reference"),
        (webhook("payment.completed", "TRX2"), "other_reference"),
    ])
    func whatIsNoHintIsStoredAndLeftAtThat(body: String, verdict: String) async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            try await stage.expect(200, "POST", stage.path(.payment, "TRX1"), body)
        }
        #expect(sink.verdicts == [verdict])
        #expect(sink.hints.first?.audit.text == body)
        #expect(sink.checks.isEmpty && sink.events.isEmpty)
    }

    @Test func theTokenIsBlottedOut() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(.payment, "TRX1")
            _ = try await stage.send(
                "POST",
                path,
                #"{"callback_url":"https://pay.example\#(path)"}"#,
                headers: [("user-agent", path)]
            )
            let token = path.dropFirst(CallbackAddress.path.count)
            let audit = try #require(sink.hints.first?.audit)
            #expect(audit.text == #"{"callback_url":"https://pay.example/callback/****"}"#)
            #expect(audit.header("user-agent") == "/callback/****")
            #expect(!audit.headers.contains { audit.header($0.name)?.contains(token) ?? false })
        }
    }

    @Test func repeatedHintsCostOneCheck() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(.payout, "WD1")
            for _ in 0..<5 {
                let body = webhook("payout.processing", "WD1")
                try await stage.expect(200, "POST", path, body)
            }
            // Another event may tell of a newer state.
            _ = try await stage.send("POST", path, webhook("payout.completed", "WD1"))
        }
        #expect(sink.checks.count == 2)
        #expect(sink.verdicts.count { $0 == "repeated" } == 4)
    }

    @Test func whatIsNotOursIsNotFound() async throws {
        let sink = MemorySink()
        try await Stage.with(sink, base: "https://pay.example/in") { stage in
            let path = stage.path(.payment, "TRX1")
            for path in [
                "/", "/callback", "/callback/", "/callback/x", path + "A", path + "/", "/x" + path,
                String(path.dropLast()), "/callback/" + String(repeating: "A", count: 4000),
            ] {
                let answer = try await stage.send("POST", path, "{}")
                #expect(answer == .init(status: 404, body: "not found\n"))
            }
            try await stage.expect(200, "POST", path, "{}")
            try await stage.expect(200, "POST", "/in" + path, "{}")
        }
        #expect(sink.hints.count == 2)
    }

    @Test func otherMethodsAreNotAllowed() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
                let answer = try await stage.send(method, stage.path(.payment, "TRX1"))
                #expect(answer.status == 405)
            }
            try await stage.expect(405, "GET", stage.path(.payout, "WD1"))
        }
        #expect(sink.hints.isEmpty)
    }
}

@Suite struct RecentHintsTests {
    @Test func forgetsAfterTheWindowAndStaysBounded() {
        let recent = RecentHints(window: .seconds(1), limit: 10)
        let start = ContinuousClock.now
        func hint(_ number: Int) -> RecentHints.Identity {
            .init(CallbackToken(domain: .payout, reference: "wd\(number)"), "x")
        }
        #expect(!recent.isRepeated(hint(0), at: start))
        #expect(recent.isRepeated(hint(0), at: start + .milliseconds(999)))
        #expect(!recent.isRepeated(hint(0), at: start + .seconds(1)))
        recent.forget(hint(0))
        #expect(!recent.isRepeated(hint(0), at: start + .seconds(1)))
        for number in 0..<100 { _ = recent.isRepeated(hint(number), at: start + .seconds(1)) }
        #expect(recent.isRepeated(hint(99), at: start + .seconds(1)))
        #expect(!recent.isRepeated(hint(1), at: start + .seconds(1)))
    }
}

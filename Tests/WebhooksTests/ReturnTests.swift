import Contract
import Testing

@testable import Webhooks

@Suite(.timeLimit(.minutes(1))) struct ReturnTests {
    @Test(arguments: [
        ("status=success&invoice_id=ATINV1&transaction_reference=TRX1", ReturnStatus.success),
        ("status=cancel&invoice_id=ATINV1&transaction_reference=trx1", .cancel),
        ("status=paid", .unknown), ("", .unknown), ("status=%3Cscript%3E", .unknown),
    ])
    func theCustomerIsSentOnAndACheckFollows(query: String, status: ReturnStatus) async throws {
        let sink = MemorySink()
        try await Stage.with(sink, returnURL: "https://other.example") { stage in
            let path = stage.path(.payment, "TRX1", returnURL: "https://shop.example/end?a=1#b")
            let answer = try await stage.send("GET", "\(path)?\(query)")
            let word = status.rawValue
            #expect(answer.status == 303)
            #expect(
                answer.location
                    == "https://shop.example/end?a=1&transaction_reference=TRX1&status=\(word)#b"
            )
        }
        #expect(sink.checks.map { $0.header("aspayds_trigger") } == ["return"])
        let event = try #require(sink.events.first)
        #expect(event.header("ce_type") == "aspayds.payment.returned")
        #expect(event.header("ce_id") == "payment/TRX1/returned/\(status.rawValue)")
        #expect(event.text.contains(#""status":"\#(status.rawValue)""#))
        #expect(event.text.contains(#""trigger":"return""#))
        #expect(!event.text.contains("certainty") && !event.text.contains("sequence"))
        #expect(sink.hints.first?.audit.header("aspayds_query") ?? "" == query)
    }

    @Test func theSettingAndThenAPageStandIn() async throws {
        let sink = MemorySink()
        try await Stage.with(sink, returnURL: "https://shop.example") { stage in
            let answer = try await stage.send(
                "GET",
                stage.path(.payment, "T1") + "?status=success"
            )
            #expect(
                answer.location == "https://shop.example?transaction_reference=T1&status=success"
            )
        }
        try await Stage.with(sink) { stage in
            let answer = try await stage.send(
                "GET",
                stage.path(.payment, "T2") + "?status=%3Cb%3E"
            )
            #expect(answer.status == 200)
            #expect(answer.body.contains(#"<html lang="en">"#))
            #expect(answer.body.contains("<strong>T2</strong>"))
            #expect(answer.body.contains("Payment being checked"))
            #expect(!answer.body.contains("<b>"))
        }
    }

    @Test func openingThePageAgainIsHarmless() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(.payment, "TRX1") + "?status=success"
            let head = try await stage.send("HEAD", path)
            #expect(head == .init(status: 200, body: ""))
            #expect(sink.hints.isEmpty)
            for _ in 0..<5 { try await stage.expect(200, "GET", path) }
        }
        #expect(sink.checks.count == 1 && sink.events.count == 1)
        #expect(sink.hints.count == 5)
    }

    @Test func anotherReferenceInTheAddressMeansNothing() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(.payment, "TRX1")
            let answer = try await stage.send(
                "GET",
                path + "?status=success&transaction_reference=TRX2"
            )
            #expect(answer.body.contains("Payment being checked"))
        }
        #expect(sink.verdicts == ["other_reference"])
        #expect(sink.checks.isEmpty && sink.events.isEmpty)
    }

    @Test func theWayOnStaysOpenWhileKafkaIsDown() async throws {
        let sink = MemorySink()
        sink.manner = .refusing
        try await Stage.with(sink, returnURL: "https://shop.example/?a=1") { stage in
            let answer = try await stage.send(
                "GET",
                stage.path(.payment, "T1") + "?status=success"
            )
            #expect(answer.status == 503)
            let link = "https://shop.example/?a=1&amp;transaction_reference=T1&amp;status=success"
            #expect(answer.body.contains(#"<a href="\#(link)">"#))
        }
    }

    @Test(arguments: [
        ("https://a.example", "https://a.example?transaction_reference=T&status=cancel"),
        ("https://a.example/?", "https://a.example/?transaction_reference=T&status=cancel"),
        ("https://a.example/?x&", "https://a.example/?x&transaction_reference=T&status=cancel"),
        ("https://a.example/#?", "https://a.example/?transaction_reference=T&status=cancel#?"),
    ])
    func theQueryIsKept(page: String, expected: String) {
        #expect(ReturnPage.address(page, "T", .cancel) == expected)
    }
}

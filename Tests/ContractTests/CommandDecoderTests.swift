import Aspayds
import Contract
import Testing

@Suite struct CommandDecoderTests {
    // MARK: The three forms

    @Test func readsTheBareCommandOfTheContract() throws {
        let value =
            #"{"amount":100,"customer_name":"Rahim","transaction_reference":"TRX1001","callback_url":"https://shop.example/cb"}"#
        let command = try decode(.payment, value, key: "TRX1001").get()
        let order = PaymentOrder(
            transactionReference: "TRX1001",
            amount: try Amount("100"),
            customerName: "Rahim",
            callbackURL: "https://shop.example/cb"
        )
        #expect(
            command
                == Command(
                    id: "aspayds.payment.commands/3/42",
                    source: source,
                    body: .createPayment(PaymentCommand(order: order))
                )
        )
    }

    @Test func readsAPayoutWithEverything() throws {
        let value = """
            {"transaction_reference":"wd-1","payout_method_id":7,"amount":"500.50",
             "recipient_name":"John Doe","recipient_account":"01712345678","description":"thanks",
             "callback_url":"http://[::1]:8080/x","currency":"BDT",
             "not_after":"2026-02-09T21:30:00.25+06:00"}
            """
        let headers = [
            ("ce_specversion", "1.0"), ("ce_id", "c-1"), ("ce_type", "aspayds.payout.request"),
            ("ce_source", "/shop"), ("ce_anything", "ignored"), ("other", "x"),
            ("traceparent", traceparent), ("tracestate", "a=1,b@c=2"),
        ]
        let command = try decode(.payout, value, key: "WD-1", headers: headers).get()
        let order = PayoutOrder(
            transactionReference: "wd-1",
            payoutMethodID: 7,
            amount: try Amount("500.5"),
            recipientName: "John Doe",
            recipientAccount: "01712345678",
            description: "thanks",
            callbackURL: "http://[::1]:8080/x"
        )
        #expect(
            command
                == Command(
                    id: "c-1",
                    source: source,
                    body: .requestPayout(
                        PayoutCommand(order: order, currency: "BDT", notAfter: 1_770_651_000_250)
                    ),
                    trace: TraceContext(traceparent: traceparent, tracestate: "a=1,b@c=2")
                )
        )
    }

    @Test(arguments: [
        #""data":\#(command(.payment))"#,
        // base64 of {"transaction_reference":"TRX1001","amount":100,"customer_name":"Rahim",
        // "callback_url":"https://shop.example/cb"}
        #""data_base64":"eyJ0cmFuc2FjdGlvbl9yZWZlcmVuY2UiOiJUUlgxMDAxIiwiYW1vdW50IjoxMDAsImN1c3RvbWVyX25hbWUiOiJSYWhpbSIsImNhbGxiYWNrX3VybCI6Imh0dHBzOi8vc2hvcC5leGFtcGxlL2NiIn0=""#,
    ])
    func readsStructured(_ data: String) throws {
        let event =
            #"{"specversion":"1.0","id":"e1","source":"/s","type":"aspayds.payment.create","ext":5,\#(data)}"#
        let type = [("content-type", "application/cloudevents+json; charset=utf-8")]
        let read = try decode(.payment, event, headers: type).get()
        #expect(read.id == "e1")
        #expect(read.body == (try decode(.payment, command(.payment)).get().body))
    }

    @Test func readsChecksAndMethods() throws {
        func body(_ domain: Domain, _ type: String, _ value: String?) throws -> Command.Body {
            try decode(domain, value, headers: [("ce_type", type)]).get().body
        }
        #expect(
            try body(.payment, "aspayds.payment.check", #"{"transaction_reference":"a.b"}"#)
                == .checkPayment(.reference("a.b"))
        )
        #expect(
            try body(.payment, "aspayds.payment.check", #"{"invoice_id":"ATINV1"}"#)
                == .checkPayment(.id("ATINV1"))
        )
        #expect(
            try body(.payout, "aspayds.payout.check", #"{"payout_id":"ATPAY1"}"#)
                == .checkPayout(.id("ATPAY1"))
        )
        #expect(try body(.payout, "aspayds.payout.methods", "{}") == .payoutMethods)
        #expect(try body(.payout, "aspayds.payout.methods", nil) == .payoutMethods)
    }

    // MARK: Limits

    @Test(arguments: [
        ("transaction_reference", "\"A\""), ("transaction_reference", "\"aZ09._-aZ09._-aZ09._\""),
        ("transaction_reference", "\"ATIN\""), ("amount", "0.01"), ("amount", "\"100.00\""),
        ("amount", "999999999999999.99"), ("customer_name", "\"রহিম\""), ("currency", "\"BDT\""),
        ("currency", "null"), ("not_after", "\"2026-02-09T21:30:00Z\""),
        ("callback_url", "\"HTTPS://x.example:8443/a?b=c#d\""),
    ])
    func acceptsPayment(_ field: String, _ json: String) {
        #expect(decode(.payment, command(.payment, field, json)).failure == nil)
    }

    @Test(arguments: [
        ("transaction_reference", "\"aaaaaaaaaaaaaaaaaaaaa\""), ("transaction_reference", "\"\""),
        ("transaction_reference", "\"a b\""), ("transaction_reference", "\"é\""),
        ("transaction_reference", "\"a/b\""), ("transaction_reference", "\"\u{212A}\""),
        ("transaction_reference", "\"ATINV1\""), ("transaction_reference", "\"atPay1\""),
        ("transaction_reference", "1001"), ("amount", "0"), ("amount", "-1"), ("amount", "1.001"),
        ("amount", "1e2"), ("amount", "\"\""), ("amount", "\"1,000\""), ("amount", "true"),
        ("amount", "[1]"), ("amount", "1000000000000000"), ("customer_name", "\"\""),
        ("customer_name", "\" \""), ("customer_name", "\"a\\u0000b\""), ("customer_name", "5"),
        ("customer_name", "\"\(String(repeating: "n", count: 256))\""), ("currency", "\"bdt\""),
        ("currency", "\"BD\""), ("currency", "\"BDTT\""), ("currency", "\"ÉÉÉ\""),
        ("not_after", "\"2026-02-30T21:30:00Z\""), ("not_after", "\"2026-02-09\""),
        ("not_after", "1770672600"), ("callback_url", "\"ftp://x.example\""),
        ("callback_url", "\"https://\""), ("callback_url", "\"https:///x\""),
        ("callback_url", "\"https://a b\""), ("callback_url", "\"javascript:alert(1)\""),
        ("callback_url", "\"https://user:pw@x.example\""), ("callback_url", "\"//x.example\""),
        ("callback_url", "\"https://x.example:0/\""), ("callback_url", "\"https://x.example:x/\""),
        ("callback_url", "\"https://x.example/\(String(repeating: "p", count: 240))\""),
        ("return_url", "\"nowhere\""),
    ])
    func refusesPayment(_ field: String, _ json: String) {
        let rejection = decode(.payment, command(.payment, field, json)).failure
        #expect(rejection?.code == .invalidField)
        #expect(rejection?.field == field)
        #expect(rejection?.message.hasPrefix(field) == true)
        #expect(rejection?.reference == (field == "transaction_reference" ? nil : "TRX1001"))
    }

    @Test(arguments: [
        ("payout_method_id", "0"), ("payout_method_id", "1.0"), ("payout_method_id", "\"1\""),
        ("payout_method_id", "99999999999999999999"), ("recipient_account", "1712345678"),
        ("recipient_account", "\"\\n\""), ("recipient_name", "{}"), ("description", "\" \""),
        ("transaction_reference", "\"\(String(repeating: "r", count: 51))\""),
    ])
    func refusesPayout(_ field: String, _ json: String) {
        let rejection = decode(.payout, command(.payout, field, json)).failure
        #expect(rejection?.code == .invalidField)
        #expect(rejection?.field == field)
    }

    @Test(arguments: [
        (Domain.payment, "transaction_reference"), (.payment, "amount"),
        (.payment, "customer_name"),
        (.payment, "callback_url"), (.payout, "payout_method_id"), (.payout, "amount"),
        (.payout, "recipient_name"), (.payout, "recipient_account"),
    ])
    func refusesWhatIsMissing(_ domain: Domain, _ field: String) {
        for json in [nil, "null"] {
            let rejection = decode(domain, command(domain, field, json)).failure
            #expect(rejection?.code == .missingField)
            #expect(rejection?.field == field)
        }
    }

    @Test func knowsTheCurrencysDecimals() {
        func amount(_ amount: String, _ currency: String) -> Rejection? {
            decode(.payout, command(.payout, "amount", "\(amount),\"currency\":\"\(currency)\""))
                .failure
        }
        #expect(amount("1.001", "KWD") == nil)
        #expect(amount("1.1", "JPY")?.field == "amount")
        #expect(amount("1.001", "BDT")?.field == "amount")
    }

    @Test func neverRepeatsPersonalValues() {
        for field in ["recipient_account", "recipient_name"] {
            let rejection = decode(.payout, command(.payout, field, "\"017123\\u000045678\""))
                .failure
            #expect(rejection?.field == field)
            #expect(rejection?.message.contains("017123") == false)
        }
    }

    @Test func boundsItsMessages() {
        let name = String(repeating: "x", count: 5000)
        for value in [command(.payment, name, "1"), command(.payment, "amount", "\"\(name)\"")] {
            let rejection = decode(.payment, value).failure
            #expect((rejection?.message.utf8.count ?? .max) < 400)
            #expect((rejection?.field?.utf8.count ?? .max) < 80)
        }
    }
}

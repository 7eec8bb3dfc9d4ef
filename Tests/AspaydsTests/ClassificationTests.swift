import JSON
import Testing

@testable import Aspayds

/// The table "Outcomes of a transmission", without HTTP.
@Suite struct ClassificationTests {
    static let classification = Classification(now: 784_111_777)

    static func payment(
        _ status: Int,
        _ body: String,
        retryAfter: String? = nil
    ) -> Result<Invoice, AspaydsError> {
        classification.invoice(
            .init(status: status, retryAfter: retryAfter, body: Array(body.utf8)),
            for: invoiceOrder
        )
    }

    static func payout(_ status: Int, _ body: String) -> Result<PayoutReceipt, AspaydsError> {
        classification.receipt(
            .init(status: status, retryAfter: nil, body: Array(body.utf8)),
            for: payoutOrder
        )
    }

    @Test(arguments: [
        #"{"status":"success","invoice_id":"ATINV1"}"#,
        #"{"invoice_id":"ATINV1","status":"success","status":"pending","new":{"a":[1]}}"#,
        #"{"status":"success","invoice_id":"ATINV1","amount":"100.00","transaction_reference":"trx123456"}"#,
        #"{"status":"success","invoice_id":"ATINV1","payment_url":null,"amount":100.000,"customer_name":" John Doe"}"#,
    ])
    func acceptsPayment(_ body: String) throws {
        for status in [200, 201] {
            let invoice = try Self.payment(status, body).get()
            #expect(invoice.invoiceID == "ATINV1")
        }
    }

    @Test(arguments: [
        (200, "", AspaydsError.Code.malformedAnswer), (200, "<html>", .malformedAnswer),
        (200, "[]", .malformedAnswer), (200, #"{"status":"success""#, .malformedAnswer),
        (204, "", .malformedAnswer), (200, "{}", .contradiction),
        (200, #"{"status":"success"}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":""}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":null}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":"a b"}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":{}}"#, .malformedAnswer),
        (200, #"{"invoice_id":"ATINV1"}"#, .contradiction),
        (200, #"{"status":"error","invoice_id":"ATINV1"}"#, .contradiction),
        (200, #"{"status":"pending","status":"success","invoice_id":"ATINV1"}"#, .contradiction),
        (200, #"{"status":true,"invoice_id":"ATINV1"}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":"A","amount":100.01}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":"A","amount":"abc"}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":"A","amount":100,"amount":5}"#, .contradiction),
        (
            200, #"{"status":"success","invoice_id":"A","transaction_reference":"X"}"#,
            .contradiction
        ),
        (200, #"{"status":"success","invoice_id":"A","customer_name":"Jane"}"#, .contradiction),
        (200, #"{"status":"success","invoice_id":"A","callback_url":"https://x"}"#, .contradiction),
        (301, "", .redirected), (302, "", .redirected), (307, "", .redirected),
        (308, "", .redirected),
        (401, "", .unauthorized), (403, "", .forbidden), (404, "", .notFound),
        (408, "", .unexpectedStatus), (409, "{}", .referenceTaken), (410, "", .unexpectedStatus),
        (418, "", .unexpectedStatus), (429, "", .rateLimited), (500, "", .serverError),
        (502, "<html>", .serverError), (503, "", .serverError), (599, "", .serverError),
        (600, "", .unexpectedStatus), (199, "", .unexpectedStatus),
        // Only a 400 or a 422 can refuse.
        (413, #"{"message":"The amount is too large."}"#, .unexpectedStatus),
        (500, #"{"errors":{"amount":["no"]}}"#, .serverError),
    ])
    func classifies(_ status: Int, _ body: String, _ code: AspaydsError.Code) {
        let error = Self.payment(status, body).failure
        #expect(error?.code == code)
        #expect(error?.httpStatus == status)
    }

    @Test(
        arguments: [
            (
                #"{"errors":{"amount":["must be at least 10"]}}"#, AspaydsError.Code.validation,
                "amount"
            ),
            (
                #"{"message":"invalid","errors":{"customer_name":["x"],"amount":[]}}"#, .validation,
                "customer_name"
            ),
            (#"{"message":"The customer name field is required."}"#, .validation, "customer_name"),
            (#"{"message":"callback_url: not an address"}"#, .validation, "callback_url"),
            (#"{"error":"Amount too small"}"#, .validation, "amount"),
            (
                #"{"errors":{"transaction_reference":["too long"]}}"#, .referenceTaken,
                "transaction_reference"
            ),
            (
                #"{"errors":{"amount":["x"],"transaction_reference":["y"]}}"#, .referenceTaken,
                "transaction_reference"
            ),
            (
                #"{"errors":{"amount":["The reference has already been taken"]}}"#, .referenceTaken,
                nil
            ),
            (#"{"message":"Duplicate amount"}"#, .referenceTaken, nil),
            (#"{"message":"An order with this amount exists"}"#, .referenceTaken, nil),
            (#"{"message":"Transaction reference must be unique"}"#, .referenceTaken, nil),
            (#"{"errors":{"amount":["x"],"something":["y"]}}"#, .unexpectedStatus, nil),
            (#"{"errors":{"payout_method_id":["x"]}}"#, .unexpectedStatus, nil),
            (#"{"message":"The amounts differ"}"#, .unexpectedStatus, nil),
            (#"{"message":"Bad request"}"#, .unexpectedStatus, nil), ("{}", .unexpectedStatus, nil),
            ("amount", .unexpectedStatus, nil), ("", .unexpectedStatus, nil),
            (#"{"errors":{}}"#, .unexpectedStatus, nil),
        ] as [(String, AspaydsError.Code, String?)]
    )
    func attributesRefusals(_ body: String, _ code: AspaydsError.Code, _ field: String?) {
        for status in [400, 422] {
            let error = Self.payment(status, body).failure
            #expect(error?.code == code)
            #expect(error?.field == field)
        }
    }

    @Test func comparesPayouts() {
        let good = #""status":"success","payout_id":"P","fee":"1.5","total_amount":501.5"#
        #expect(
            Self.payout(201, "{\(good)}")
                == .success(
                    PayoutReceipt(
                        payoutID: "P",
                        fee: Amount(thousandths: 1500),
                        totalAmount: Amount(thousandths: 501_500)
                    )
                )
        )
        let wrong = [
            #""payout_method_id":2"#, #""amount":5"#, #""recipient_name":"Jane""#,
            #""recipient_account":"0""#, #""transaction_reference":"X""#, #""description":"other""#,
        ]
        for field in wrong {
            #expect(Self.payout(201, "{\(good),\(field)}").failure?.code == .contradiction)
        }
        let same = #""payout_method_id":"1","recipient_account":"01712345678","description":null"#
        #expect(Self.payout(201, "{\(good),\(same)}").failure == nil)
        #expect(
            Self.payout(201, #"{"status":"success","payout_id":"P","fee":-1}"#).failure?.code
                == .malformedAnswer
        )
    }

    @Test func everyCodeHasOneCertainty() {
        let codes = Dictionary(grouping: AspaydsError.Code.allCases, by: \.certainty)
        #expect(codes[.refused] == [.validation])
        #expect(
            codes[.notSent] == [
                .notPermitted, .connectionFailed, .tlsFailed, .noConnection, .invalidRequest,
                .rateLimited, .unauthorized,
            ]
        )
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), (" 7 ", 7), ("3600", 3600), ("99999999999999999999999", 3600),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 3600), ("-1", nil), ("1.5", nil), ("soon", nil),
            ("", nil),
            ("Sun, 31 Feb 1994 08:50:37 GMT", nil), ("Sun, 06 Nov 1994 08:50:37 CET", nil),
        ] as [(String, Int?)]
    )
    func readsRetryAfter(_ header: String, _ seconds: Int?) {
        let error = Self.payment(429, "{}", retryAfter: header).failure
        #expect(error?.retryAfter == seconds.map { .seconds($0) })
    }
}

/// What the provider says, fit to be published.
@Suite struct MessageTests {
    let cleaner = MessageCleaner(secrets: ["s3cr3t"], accounts: ["AC-77-XYZW"])

    @Test(
        arguments: [
            ("plain", "plain"), ("", nil), ("\u{0}\n\u{202E}\u{200B}", nil), ("a\nb\u{7F}c", "abc"),
            ("account 01712345678.", "account ****5678."), ("12345 is short", "12345 is short"),
            ("হিসাব ০১৭১২৩৪৫৬৭৮", "হিসাব ****৫৬৭৮"), ("key s3cr3t!", "key ****!"),
            ("s3\u{0}cr3t", "****"), ("to AC-77-XYZW", "to ****XYZW"),
        ] as [(String, String?)]
    )
    func cleans(_ text: String, _ expected: String?) {
        #expect(cleaner.clean(text) == expected)
    }

    @Test func cutsAt300() {
        #expect(cleaner.clean(String(repeating: "é", count: 5000))?.count == 300)
    }

    @Test func aSecretAtTheCutIsNotHalfShown() {
        let text = String(repeating: "a", count: 297) + "s3cr3t"
        #expect(cleaner.clean(text)?.contains("s3") == false)
    }

    @Test func masksTheRecipientsAccount() {
        let error = ClassificationTests.payout(
            422,
            #"{"message":"recipient account 01712345678 is closed"}"#
        ).failure
        #expect(error?.message == "recipient account ****5678 is closed")
        #expect(error?.code == .validation)
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

let invoiceOrder = PaymentOrder(
    transactionReference: "TRX123456",
    amount: Amount(thousandths: 100_000),
    customerName: "John Doe",
    callbackURL: "https://yoursite.com/callback"
)

let payoutOrder = PayoutOrder(
    transactionReference: "WD123456",
    payoutMethodID: 1,
    amount: Amount(thousandths: 500_000),
    recipientName: "John Doe",
    recipientAccount: "01712345678"
)

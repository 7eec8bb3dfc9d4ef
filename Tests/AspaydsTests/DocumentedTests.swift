import JSON
import Testing

@testable import Aspayds

/// Every request and every answer of the provider's documentation, as printed there.
@Suite struct DocumentedTests {
    /// Answers with what it was given, and keeps what it was asked.
    final class Recorder: Transport {
        let status: Int
        let answer: String
        let requests = AsyncStream<TransportRequest>.makeStream()

        init(_ status: Int, _ answer: String) {
            self.status = status
            self.answer = answer
        }

        func send(_ request: TransportRequest) async -> TransportResult {
            requests.continuation.yield(request)
            return .answered(status: status, retryAfter: nil, body: Array(answer.utf8))
        }

        func request() async -> TransportRequest? {
            requests.continuation.finish()
            return await requests.stream.first { _ in true }
        }

        var client: AspaydsClient {
            AspaydsClient(
                credentials: Credentials(key: "YOUR_KEY", secret: "YOUR_SECRET"),
                transport: self
            )
        }
    }

    /// The documented body differs from ours in white space only.
    private func expect(
        _ request: TransportRequest?,
        _ method: TransportRequest.Method,
        _ path: String,
        _ body: String?
    ) throws {
        let request = try #require(request)
        #expect(request.method == method)
        #expect(request.url == "https://payment.aspayds.net/api" + path)
        let headers = Dictionary(uniqueKeysWithValues: request.headers)
        #expect(headers["x-api-key"] == "YOUR_KEY")
        #expect(headers["x-api-secret"] == "YOUR_SECRET")
        #expect(headers["content-type"] == (body == nil ? nil : "application/json"))
        var expected = JSONWriter()
        if let body { expected.value(try JSONValue.parse(body, duplicates: .refuse)) }
        #expect(request.body ?? [] == expected.bytes)
    }

    @Test func createInvoice() async throws {
        let transport = Recorder(
            200,
            """
            {
              "status": "success",
              "invoice_id": "ATINV17038392001234",
              "payment_url": "https://aspayds.net/methods/eyJpdiI6..."
            }
            """
        )
        let invoice = try await transport.client.createPayment(invoiceOrder)
        #expect(
            invoice
                == Invoice(
                    invoiceID: "ATINV17038392001234",
                    paymentURL: "https://aspayds.net/methods/eyJpdiI6..."
                )
        )
        try expect(
            await transport.request(),
            .post,
            "/payment/create",
            """
            {
                "amount": 100,
                "customer_name": "John Doe",
                "transaction_reference": "TRX123456",
                "callback_url": "https://yoursite.com/callback"
              }
            """
        )
    }

    @Test func paymentStatus() async throws {
        let transport = Recorder(
            200,
            """
            {
              "invoice_id": "ATINV17038392001234",
              "status": "paid",
              "amount_paid": 100,
              "paid_at": "2023-12-29T14:30:00Z"
            }
            """
        )
        let status = try await transport.client.payment("ATINV1703839200")
        #expect(
            status
                == PaymentStatus(
                    invoiceID: "ATINV17038392001234",
                    transactionReference: nil,
                    status: "paid",
                    amountPaid: try Amount("100"),
                    paidAt: "2023-12-29T14:30:00Z"
                )
        )
        try expect(await transport.request(), .get, "/payment/ATINV1703839200", nil)
    }

    @Test func paymentBatch() async throws {
        let transport = Recorder(
            200,
            """
            {
              "status": "success",
              "total_requested": 2,
              "total_found": 2,
              "invoices": [
                {
                  "invoice_id": "ATINV123",
                  "transaction_reference": "REF1",
                  "status": "paid",
                  "amount": 100,
                  "amount_paid": 100
                },
                {
                  "invoice_id": "ATINV456",
                  "transaction_reference": "REF2",
                  "status": "pending",
                  "amount": 500,
                  "amount_paid": 0
                }
              ],
              "not_found_ids": []
            }
            """
        )
        let batch = try await transport.client.paymentStatuses(["ATINV123", "TRX456"])
        #expect(batch.found.map(\.invoiceID) == ["ATINV123", "ATINV456"])
        #expect(batch.found.map(\.status) == ["paid", "pending"])
        #expect(batch.found.map(\.amountPaid) == [try Amount("100"), .zero])
        #expect(batch.notFound == [])
        try expect(
            await transport.request(),
            .post,
            "/payment/batch/status",
            #"{ "ids": ["ATINV123", "TRX456"] }"#
        )
    }

    @Test func payoutMethods() async throws {
        let transport = Recorder(
            200,
            """
            {
              "status": "success",
              "data": [
                {
                  "id": 1,
                  "name": "bKash",
                  "type": "mobile_banking",
                  "account_type": "Personal",
                  "currency": "BDT",
                  "min_amount": 100,
                  "max_amount": 50000,
                  "logo": "https://payment.aspayds.net/storage/payout/bkash.png"
                }
              ]
            }
            """
        )
        let methods = try await transport.client.payoutMethods()
        #expect(
            methods == [
                PayoutMethod(
                    id: 1,
                    name: "bKash",
                    type: "mobile_banking",
                    accountType: "Personal",
                    currency: "BDT",
                    minAmount: try Amount("100"),
                    maxAmount: try Amount("50000"),
                    logo: "https://payment.aspayds.net/storage/payout/bkash.png"
                )
            ]
        )
        try expect(await transport.request(), .get, "/payout/methods", nil)
    }

    /// Two fields called `status`: the first says success; the state is in neither.
    @Test func requestPayout() async throws {
        let transport = Recorder(
            201,
            """
            {
              "status": "success",
              "message": "Payout request created successfully",
              "payout_id": "ATPAY17038392001234",
              "transaction_reference": "WD123456",
              "amount": 500,
              "fee": 0,
              "total_amount": 500,
              "status": "pending"
            }
            """
        )
        let receipt = try await transport.client.requestPayout(payoutOrder)
        #expect(
            receipt
                == PayoutReceipt(
                    payoutID: "ATPAY17038392001234",
                    fee: .zero,
                    totalAmount: try Amount("500")
                )
        )
        try expect(
            await transport.request(),
            .post,
            "/payout/request",
            """
            {
                "payout_method_id": 1,
                "amount": 500,
                "recipient_name": "John Doe",
                "recipient_account": "01712345678",
                "transaction_reference": "WD123456"
              }
            """
        )
    }

    @Test func payoutStatus() async throws {
        let transport = Recorder(
            200,
            """
            {
              "payout_id": "ATPAY17038392001234",
              "transaction_reference": "WD123456",
              "status": "completed",
              "amount": 500,
              "fee": 0,
              "total_amount": 500,
              "recipient_name": "John Doe",
              "recipient_account": "01712345678",
              "processed_at": "2023-12-29T14:30:00Z",
              "created_at": "2023-12-29T14:00:00Z"
            }
            """
        )
        let status = try await transport.client.payout("ATPAY17038392001234")
        #expect(
            status
                == PayoutStatus(
                    payoutID: "ATPAY17038392001234",
                    transactionReference: "WD123456",
                    status: "completed",
                    amount: try Amount("500"),
                    fee: .zero,
                    totalAmount: try Amount("500"),
                    recipientName: "John Doe",
                    recipientAccount: "01712345678",
                    processedAt: "2023-12-29T14:30:00Z",
                    createdAt: "2023-12-29T14:00:00Z"
                )
        )
        try expect(await transport.request(), .get, "/payout/ATPAY17038392001234", nil)
    }

    @Test func payoutBatch() async throws {
        let transport = Recorder(
            200,
            """
            {
              "status": "success",
              "total_requested": 2,
              "total_found": 2,
              "payouts": [
                {
                  "payout_id": "ATPAY123",
                  "transaction_reference": "WD123",
                  "status": "completed",
                  "amount": 500
                },
                {
                  "payout_id": "ATPAY456",
                  "transaction_reference": "WD456",
                  "status": "pending",
                  "amount": 1000
                }
              ],
              "not_found_ids": []
            }
            """
        )
        let batch = try await transport.client.payoutStatuses(["ATPAY123", "WD456"])
        #expect(batch.found.map(\.payoutID) == ["ATPAY123", "ATPAY456"])
        #expect(batch.found.map(\.amount) == [try Amount("500"), try Amount("1000")])
        try expect(
            await transport.request(),
            .post,
            "/payout/batch/status",
            #"{ "ids": ["ATPAY123", "WD456"] }"#
        )
    }

    // MARK: Around the examples

    @Test func sendsEveryFieldOfAPayout() throws {
        var order = payoutOrder
        order.amount = try Amount("500.50")
        order.description = "\"thanks\""
        order.callbackURL = "https://a/b"
        #expect(
            String(decoding: order.body, as: UTF8.self)
                == #"{"payout_method_id":1,"amount":500.5,"recipient_name":"John Doe","recipient_account":"01712345678","transaction_reference":"WD123456","description":"\"thanks\"","callback_url":"https://a/b"}"#
        )
    }

    @Test(
        arguments: [
            ("a b", "a%20b"), ("../x", "..%2Fx"), ("a?b=c#d", "a%3Fb%3Dc%23d"), ("é", "%C3%A9"),
            ("%2e", "%252e"), ("A-z_0.~", "A-z_0.~"), ("a\r\nb", "a%0D%0Ab"), ("", nil), (".", nil),
            ("..", nil),
        ] as [(String, String?)]
    )
    func encodesPaths(_ id: String, _ segment: String?) {
        #expect(AspaydsClient.pathSegment(id) == segment)
    }

    /// `GET /payout/methods` is another endpoint: its "status: success" must not be taken for a state.
    @Test func looksUpAPayoutCalledMethodsByBatch() async throws {
        let transport = Recorder(
            200,
            #"{"status":"success","payouts":[],"not_found_ids":["Methods"]}"#
        )
        let error = await #expect(throws: AspaydsError.self) {
            try await transport.client.payout("Methods")
        }
        #expect(error?.code == .notFound)
        #expect(await transport.request()?.url.hasSuffix("/payout/batch/status") == true)
    }

    @Test func keepsApartWhatIsNotKnown() async throws {
        let answer =
            #"{"invoices":[{"invoice_id":"A","status":"paid"},{"invoice_id":"B"},7],"not_found_ids":["C",4]}"#
        let batch = try await Recorder(200, answer).client.paymentStatuses(["A", "B", "C", "D"])
        #expect(batch.found.map(\.invoiceID) == ["A"])
        #expect(batch.notFound == ["C", "4"])
        #expect(batch.unreadable == 2)
    }

    @Test func boundsBatches() async {
        let ids = (0...100).map(String.init)
        let error = await #expect(throws: AspaydsError.self) {
            try await Recorder(200, "{}").client.payoutStatuses(ids)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func noticesAnAnswerAboutSomethingElse() async {
        let answer = #"{"payout_id":"P1","transaction_reference":"R1","status":"completed"}"#
        let error = await #expect(throws: AspaydsError.self) {
            try await Recorder(200, answer).client.payout("R2")
        }
        #expect(error?.code == .contradiction)
        await #expect(throws: Never.self) { try await Recorder(200, answer).client.payout("r1") }
    }

    @Test func neverShowsCredentials() {
        let credentials = Credentials(key: "k-111", secret: "s-222")
        var dumped = ""
        dump(credentials, to: &dumped)
        let shown = "\(credentials) \(String(reflecting: credentials)) \(dumped)"
        #expect(!shown.contains("k-111") && !shown.contains("s-222"))
    }
}

import Testing

@testable import Sandbox

/// Every documented endpoint answers in its documented shape, member by member.
struct EndpointTests {
    @Test func `creates an invoice`() async throws {
        try await withSandbox { server, client in
            let reply = try await client.pay("TRX123456")
            #expect(reply.status == 200)
            let json = try reply.json
            #expect(json.names == ["status", "invoice_id", "payment_url"])
            #expect(json["status"] == "success")
            let id = try #require(json["invoice_id"]?.text)
            #expect(id.wholeMatch(of: /ATINV[0-9]{14,}/) != nil)
            #expect(json["payment_url"]?.text?.hasPrefix("http") == true)
            let execution = try #require(server.executions.first)
            #expect(server.executions.count == 1)
            #expect(execution.id == id && execution.sequence == 1 && execution.kind == .payment)
            #expect(execution.reference == "TRX123456" && execution.amount == "100")
        }
    }

    @Test func `requests a payout, with two members named status`() async throws {
        try await withSandbox { server, client in
            let reply = try await client.payOut("WD123456")
            #expect(reply.status == 201)
            let id = try #require(server.executions.first?.id)
            #expect(id.wholeMatch(of: /ATPAY[0-9]{14,}/) != nil)
            #expect(
                reply.text == """
                    {"status":"success","message":"Payout request created successfully",\
                    "payout_id":"\(id)","transaction_reference":"WD123456","amount":500,"fee":0,\
                    "total_amount":500,"status":"pending"}
                    """
            )
        }
    }

    @Test func `tells a payment's status by id and by reference`() async throws {
        try await withSandbox { server, client in
            _ = try await client.pay("TRX1", amount: "100.50")
            let id = try #require(server.executions.first?.id)
            let pending = try await client.get("/api/payment/\(id)")
            #expect(pending.status == 200)
            #expect(
                pending.text
                    == #"{"invoice_id":"\#(id)","status":"pending","amount_paid":0,"paid_at":null}"#
            )
            let paid = try await client.post("/_sandbox/payments/trx1/pay")
            #expect(paid.status == 200)
            let json = try await client.get("/api/payment/tRx1").json
            #expect(json["status"] == "paid" && json["amount_paid"] == .number("100.5"))
            let time = try #require(json["paid_at"]?.text)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        }
    }

    @Test func `tells a payout's status by id and by reference`() async throws {
        try await withSandbox { server, client in
            _ = try await client.payOut("WD 1")
            let id = try #require(server.executions.first?.id)
            let json = try await client.get("/api/payout/wd%201").json
            #expect(
                json.names == [
                    "payout_id", "transaction_reference", "status", "amount", "fee",
                    "total_amount", "recipient_name", "recipient_account", "processed_at",
                    "created_at",
                ]
            )
            #expect(json["payout_id"] == .string(id) && json["status"] == "pending")
            #expect(json["transaction_reference"] == "WD 1" && json["processed_at"] == .null)
            _ = try await client.post("/_sandbox/payouts/\(id)/complete")
            let done = try await client.get("/api/payout/\(id.lowercased())").json
            #expect(done["status"] == "completed" && done["processed_at"]?.text != nil)
        }
    }

    @Test func `tells many statuses at once`() async throws {
        try await withSandbox { server, client in
            _ = try await client.pay("REF1")
            _ = try await client.payOut("WD1")
            let ids = server.executions.map(\.id)
            let payments = try await client.post(
                "/api/payment/batch/status",
                #"{"ids":["ref1","\#(ids[0])","Nope","WD1"]}"#
            )
            #expect(
                payments.text == """
                    {"status":"success","total_requested":4,"total_found":1,"invoices":[\
                    {"invoice_id":"\(ids[0])","transaction_reference":"REF1","status":"pending",\
                    "amount":100,"amount_paid":0}],"not_found_ids":["Nope","WD1"]}
                    """
            )
            let payouts = try await client.post("/api/payout/batch/status", #"{"ids":["WD1"]}"#)
            #expect(
                payouts.text == """
                    {"status":"success","total_requested":1,"total_found":1,"payouts":[\
                    {"payout_id":"\(ids[1])","transaction_reference":"WD1","status":"pending",\
                    "amount":500}],"not_found_ids":[]}
                    """
            )
        }
    }

    @Test func `lists the payout methods`() async throws {
        try await withSandbox { _, client in
            let reply = try await client.get("/api/payout/methods")
            #expect(reply.status == 200)
            #expect(
                reply.text.hasPrefix(
                    """
                    {"status":"success","data":[{"id":1,"name":"bKash","type":"mobile_banking",\
                    "account_type":"Personal","currency":"BDT","min_amount":100,\
                    "max_amount":50000,"logo":"https:
                    """
                )
            )
        }
    }

    @Test(arguments: ["/api/payment/NOPE", "/api/payout/NOPE", "/api/nowhere", "/payout/methods"])
    func `does not find`(path: String) async throws {
        try await withSandbox { _, client in
            let reply = try await client.get(path)
            #expect(reply.status == 404)
            let json = try reply.json
            #expect(json["status"] == "error")
        }
    }

    @Test func `refuses wrong and missing keys`() async throws {
        try await withSandbox { server, client in
            var wrong = client
            wrong.secret = "guess"
            let reply = try await wrong.pay("TRX1")
            #expect(reply.status == 401)
            #expect(reply.text == #"{"status":"error","message":"Invalid API credentials."}"#)
            wrong.secret = client.secret
            wrong.key = ""
            try await #expect(wrong.get("/api/payout/methods").status == 401)
            #expect(server.executions.isEmpty)
        }
    }

    @Test func `a payment and a payout may share a reference`() async throws {
        try await withSandbox(.with(\.duplicates, .reject)) { server, client in
            try await #expect(client.pay("SAME").status == 200)
            try await #expect(client.payOut("SAME").status == 201)
            #expect(server.executions(of: "same").map(\.kind) == [.payment, .payout])
        }
    }
}

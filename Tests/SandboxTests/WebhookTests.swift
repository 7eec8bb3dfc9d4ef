import Foundation
import Testing

@testable import Sandbox

/// Webhooks as documented: headers, the five events, the deadline, and what comes after a failure.
@Suite(.timeLimit(.minutes(1)))
struct WebhookTests {
    @Test func `tells of a payment as the example does`() async throws {
        try await withReceiver { receiver, client in
            let created = try await client.pay("TRX123456", amount: "100").json
            _ = try await client.post("/_sandbox/payments/TRX123456/pay")
            let arrival = try #require(await receiver.first(1).first)
            #expect(arrival.method == "POST" && arrival.target == "/callback/x?shop=1")
            #expect(arrival.event == "payment.completed")
            #expect(arrival.contentType == "application/json")
            let seconds = Int64(Date().timeIntervalSince1970)
            #expect(try abs(#require(arrival.timestamp) - seconds) < 30)
            let id = try #require(created["invoice_id"]?.text)
            let time = try #require(arrival.data["paid_at"]?.text)
            #expect(
                arrival.body == """
                    {"event":"payment.completed","timestamp":"\(time)","data":{\
                    "invoice_id":"\(id)","transaction_reference":"TRX123456",\
                    "status":"completed","amount":100.00,"amount_paid":100.00,"currency":"BDT",\
                    "customer_name":"John Doe","paid_at":"\(time)"}}
                    """
            )
        }
    }

    @Test func `tells of a payout as the example does`() async throws {
        try await withReceiver { receiver, client in
            let created = try await client.payOut("WD123456", amount: "500.5").json
            _ = try await client.post("/_sandbox/payouts/WD123456/complete")
            let arrival = try #require(await receiver.first(1).first)
            #expect(arrival.event == "payout.completed")
            let id = try #require(created["payout_id"]?.text)
            let time = try #require(arrival.data["processed_at"]?.text)
            #expect(
                arrival.body == """
                    {"event":"payout.completed","timestamp":"\(time)","data":{\
                    "payout_id":"\(id)","transaction_reference":"WD123456",\
                    "status":"completed","amount":500.50,"fee":0.00,"recipient_name":"John Doe",\
                    "recipient_account":"01712345678","processed_at":"\(time)"}}
                    """
            )
        }
    }

    @Test(arguments: [
        ("process", "payout.processing", "processing"), ("reject", "payout.rejected", "rejected"),
        ("cancel", "payout.cancelled", "cancelled"),
    ])
    func `tells of every other state`(step: String, event: String, status: String) async throws {
        try await withReceiver { receiver, client in
            _ = try await client.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/\(step)")
            let arrival = try #require(await receiver.first(1).first)
            #expect(arrival.event == event && arrival.json["event"] == .string(event))
            #expect(arrival.data["status"] == .string(status))
            #expect(arrival.data["processed_at"] == .null)
        }
    }

    @Test func `a cancelled payment and a payout without an address are not told`() async throws {
        try await withReceiver { receiver, client in
            _ = try await client.pay("T1")
            _ = try await client.post("/_sandbox/payments/T1/cancel")
            var silent = client
            silent.callback = nil
            _ = try await silent.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/complete")
            try await #expect(client.get("/_sandbox/webhooks").text == #"{"webhooks":[]}"#)
            #expect(receiver.all.isEmpty)
        }
    }

    @Test func `sends again what was not answered 2xx in time`() async throws {
        var configuration = SandboxConfiguration()
        configuration.webhookRetry = .milliseconds(20)
        configuration.webhookDeadline = .seconds(2)
        try await withReceiver(configuration, answers: [500, 302, nil, 204]) { receiver, client in
            _ = try await client.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/complete")
            let arrivals = await receiver.first(4)
            #expect(Set(arrivals.map(\.body)).count == 1)
            let entry = try #require(try await client.webhooks("W1", "delivered").first)
            #expect(entry["attempts"] == 4 && entry["last"] == "204")
        }
    }

    @Test func `gives up after the attempts that are set`() async throws {
        try await withReceiver(answers: [503, 503]) { receiver, client in
            let order = #"{"webhook_attempts":2,"webhook_retry_ms":1}"#
            try await #expect(client.post("/_sandbox/settings", order).status == 200)
            _ = try await client.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/complete")
            let entry = try #require(try await client.webhooks("W1", "failed").first)
            #expect(entry["attempts"] == 2 && entry["last"] == "503")
            #expect(receiver.all.count == 2)
        }
    }

    @Test(arguments: ["http://127.0.0.1:1/x", "nonsense", "https://[::1]:1/", "ftp://x/"])
    func `an address that cannot be reached is a failure like others`(url: String) async throws {
        try await withSandbox(.with(\.webhookAttempts, 1)) { _, client in
            var client = client
            client.callback = url
            _ = try await client.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/complete")
            let entry = try #require(try await client.webhooks("W1", "failed").first)
            #expect(entry["last"] == "unreachable" && entry["url"] == .string(url))
        }
    }

    @Test func `repeats and forges on demand`() async throws {
        try await withReceiver { receiver, client in
            _ = try await client.payOut("W1")
            let lie = try await client.post("/_sandbox/payouts/w1/forge").json
            #expect(lie["event"] == "payout.completed" && lie["fault"] == "forged")
            var arrivals = await receiver.first(1)
            #expect(arrivals[0].data["status"] == "completed")
            #expect(arrivals[0].data["amount"] == .number("1000.00"))
            try await #expect(client.get("/api/payout/W1").json["status"] == "pending")

            let number = try #require(lie["number"]?.integer)
            let again = try await client.post("/_sandbox/webhooks/\(number)/repeat").json
            #expect(again["number"] == .integer(number + 1))
            arrivals = await receiver.first(2)
            #expect(arrivals[0].body == arrivals[1].body)
            try await #expect(client.post("/_sandbox/webhooks/99/repeat").status == 404)
            try await #expect(client.post("/_sandbox/payouts/W9/forge").status == 404)
        }
    }

    @Test func `a reset forgets what was still to be sent`() async throws {
        try await withReceiver(.with(\.webhookFaults, [WebhookRule(.late)])) { receiver, client in
            _ = try await client.payOut("W1")
            _ = try await client.post("/_sandbox/payouts/W1/complete")
            _ = try await client.webhooks("W1", "waiting")
            _ = try await client.post("/_sandbox/reset")
            try await #expect(client.get("/_sandbox/webhooks").text == #"{"webhooks":[]}"#)
            try await #expect(client.delete("/_sandbox/webhooks/faults").text == "[]")
            _ = try await client.payOut("W2")
            _ = try await client.post("/_sandbox/payouts/W2/complete")
            // The number goes on.
            let entry = try #require(try await client.webhooks("W2", "delivered").first)
            #expect(entry["number"] == 2 && receiver.all.count == 1)
        }
    }
}

import Testing

@testable import Sandbox

/// The console at `/`: what it shows, and its buttons.
struct ConsoleTests {
    @Test func `shows everything, and a button for what is possible`() async throws {
        try await withSandbox { server, client in
            try await #expect(client.get("/").text.contains("0 executed"))
            _ = try await client.pay("T1")
            _ = try await client.payOut("W1")
            _ = try await client.payOut("w1")
            let payout = server.executions[1].id
            let page = try await client.get("/").text
            #expect(page.contains("3 executed"))
            #expect(page.contains("1 of them beyond the first of their reference"))
            #expect(page.contains(#"<a href="/methods/\#(server.executions[0].id)">"#))
            for step in ["process", "complete", "reject", "cancel", "forge"] {
                #expect(page.contains(#"action="/console/payouts/\#(payout)/\#(step)""#))
            }
            // A recipient's account is nobody's business here.
            #expect(!page.contains("01712345678"))
        }
    }

    @Test(arguments: [
        ("payments/T1/pay", "payment/T1", "paid"),
        ("payouts/W1/process", "payout/W1", "processing"),
        ("payouts/W1/complete", "payout/W1", "completed"),
        ("payouts/W1/reject", "payout/W1", "rejected"),
    ])
    func `takes a step and comes back`(button: String, path: String, status: String) async throws {
        try await withSandbox { _, client in
            _ = try await client.pay("T1")
            _ = try await client.payOut("W1")
            let reply = try await client.post("/console/\(button)")
            #expect(reply.status == 303 && reply.header("location") == "/")
            try await #expect(client.get("/api/\(path)").json["status"] == .string(status))
        }
    }

    @Test func `says why a step was not taken`() async throws {
        try await withSandbox { _, client in
            _ = try await client.payOut("W1")
            _ = try await client.post("/console/payouts/W1/reject")
            let late = try await client.post("/console/payouts/W1/complete")
            #expect(late.status == 409 && late.text.contains("It is rejected"))
            try await #expect(client.post("/console/payouts/W9/complete").status == 404)
            try await #expect(client.post("/console/nothing").status == 404)
            try await #expect(client.post("/console").status == 404)
        }
    }

    @Test func `switches faults on and off`() async throws {
        try await withSandbox { _, client in
            let fault = "fault=503&percent=100&domain=payment"
            try await #expect(client.post("/console/faults", fault).status == 303)
            try await #expect(client.pay("T1").status == 503)
            try await #expect(client.payOut("W1").status == 201)
            _ = try await client.post("/console/webhook-faults", "fault=late&percent=50&domain=all")
            let page = try await client.get("/").text
            #expect(page.contains("&quot;fault&quot;:&quot;503&quot;"))
            #expect(page.contains("&quot;rate&quot;:0.5"))
            _ = try await client.post("/console/faults", "clear=1")
            _ = try await client.post("/console/webhook-faults", "clear=1")
            try await #expect(client.pay("T1").status == 200)
            try await #expect(client.get("/_sandbox/webhooks/faults").text == "[]")
        }
    }

    @Test(arguments: ["", "fault=418&percent=1", "fault=503", "fault=503&percent=101", "percent=%"])
    func `refuses a fault that it does not know`(form: String) async throws {
        try await withSandbox { _, client in
            try await #expect(client.post("/console/faults", form).status == 422)
            try await #expect(client.post("/console/webhook-faults", form).status == 422)
            try await #expect(client.get("/_sandbox/faults").text == "[]")
        }
    }

    @Test func `shows webhooks and sends one again`() async throws {
        try await withSandbox(.with(\.webhookFaults, [WebhookRule(.never)])) { _, client in
            _ = try await client.pay("T1")
            _ = try await client.post("/console/payments/T1/pay")
            let page = try await client.get("/").text
            #expect(page.contains("payment.completed") && page.contains("withheld"))
            #expect(page.contains(#"action="/console/webhooks/1/repeat""#))
            try await #expect(client.post("/console/webhooks/1/repeat").status == 303)
            let log = try await client.get("/_sandbox/webhooks").json["webhooks"]
            #expect(log?.elements.count == 2)
        }
    }

    @Test func `escapes whatever is put in, and nothing twice`() {
        let text = #"<a href="x" id='y'>&amp;</a>"#
        let piece: HTML = "<p>\(text)</p>"
        #expect(
            piece.text
                == "<p>&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;</p>"
        )
        let none: HTML? = nil
        let whole: HTML = "<div>\(piece)\(none)\([piece, piece])\(7)</div>"
        #expect(whole.text == "<div>\(piece.text)\(piece.text)\(piece.text)7</div>")
    }
}

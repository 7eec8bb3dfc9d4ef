import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

@testable import Sandbox

/// The page behind `payment_url`, and where it leads.
struct CheckoutTests {
    private static let shop = "https://shop.example/back?order=7"

    private func withInvoice(
        _ reference: String = "T1",
        callback: String = shop,
        _ body: (String, Client) async throws -> Void
    ) async throws {
        try await withSandbox { _, client in
            var client = client
            client.callback = callback
            let url = try #require(try await client.pay(reference).json["payment_url"]?.text)
            #expect(url.hasPrefix(client.origin))
            try await body(String(url.dropFirst(client.origin.count)), client)
        }
    }

    @Test func `shows what is to be paid, escaped`() async throws {
        try await withSandbox { server, client in
            let reply = try await client.post(
                "/api/payment/create",
                #"""
                {"amount":100.50,"customer_name":"<b>\"J\" & 'D'</b>",
                "transaction_reference":"T1","callback_url":"https://x.example"}
                """#
            )
            #expect(reply.status == 200)
            let page = try await client.get("/methods/\(server.executions[0].id)")
            #expect(page.status == 200 && page.header("content-type") == "text/html; charset=utf-8")
            #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true)
            #expect(page.text.contains(#"<dd id="amount">100.50 BDT</dd>"#))
            #expect(page.text.contains("&lt;b&gt;&quot;J&quot; &amp; &#39;D&#39;&lt;/b&gt;"))
            #expect(!page.text.contains("<b>") && !page.text.contains("<script"))
            let console = try await client.get("/")
            #expect(console.text.contains("&lt;b&gt;&quot;J&quot;"))
            #expect(!console.text.contains("<b>"))
        }
    }

    @Test(arguments: [("pay", "success", "paid"), ("cancel", "cancel", "cancelled")])
    func `leads back with the documented parameters`(
        button: String,
        word: String,
        status: String
    ) async throws {
        try await withInvoice { path, client in
            let id = try #require(path.split(separator: "/").last)
            let address = "\(Self.shop)&status=\(word)&invoice_id=\(id)&transaction_reference=T1"
            // The second press leads to the same place.
            for _ in 0..<2 {
                let reply = try await client.post("\(path)/\(button)")
                #expect(reply.status == 303 && reply.header("location") == address)
            }
            try await #expect(client.get("/api/payment/T1").json["status"] == .string(status))
            let page = try await client.get(path)
            #expect(page.text.contains("status=\(word)&amp;invoice_id="))
        }
    }

    @Test func `a cancelled invoice can be paid, a paid one cannot be cancelled`() async throws {
        try await withInvoice { path, client in
            _ = try await client.post("\(path)/cancel")
            try await #expect(client.get(path).text.contains("You can still pay."))
            try await #expect(client.post("\(path)/pay").status == 303)
            let page = try await client.post("\(path)/cancel")
            #expect(page.status == 409 && page.text.contains("This invoice is paid."))
            try await #expect(client.get("/api/payment/T1").json["status"] == "paid")
        }
    }

    @Test func `pages that are not there`() async throws {
        try await withInvoice { path, client in
            try await #expect(client.get("/methods/ATINV1").status == 404)
            try await #expect(client.get("/methods").status == 404)
            try await #expect(client.get("\(path)/pay").header("location") == path)
            try await #expect(client.post("\(path)/refund").status == 405)
            try await #expect(client.post(path).status == 405)
            try await #expect(client.get("/assets/nothing").status == 404)
            for asset in ["style.css", "console.js"] {
                try await #expect(client.get("/assets/\(asset)").status == 200)
            }
        }
    }

    @Test func `another site's page cannot press a button`() async throws {
        try await withInvoice { path, client in
            for target in ["\(path)/pay", "/console/payments/T1/pay", "/_sandbox/payments/T1/pay"] {
                var request = HTTPClientRequest(url: client.origin + target)
                request.method = .POST
                request.headers.add(name: "sec-fetch-site", value: "cross-site")
                let response = try await client.http.execute(request, timeout: .seconds(10))
                #expect(response.status == .forbidden)
            }
            try await #expect(client.get("/api/payment/T1").json["status"] == "pending")
        }
    }

    @Test(arguments: ["javascript:alert(1)//", "data:text/html,x", "shop.example/x", ""])
    func `sends nobody to what is no web address`(callback: String) {
        #expect(ReturnAddress(Record.invoice("T1", callback), .success) == nil)
    }

    @Test(arguments: [
        ("https://x.example/a", "https://x.example/a?status="),
        ("HTTP://x.example?", "HTTP://x.example?status="),
        ("https://x.example/?b=1", "https://x.example/?b=1&status="),
        ("https://x.example/ü\r\nSet-Cookie: a=b", "%C3%BC%0D%0ASet-Cookie:%20a=b?status="),
    ])
    func `keeps the query that is there`(callback: String, expected: String) throws {
        let address = try #require(ReturnAddress(Record.invoice("T 1&ü/%", callback), .cancel))
        #expect(address.text.contains(expected), "\(address.text)")
        #expect(address.text.hasSuffix("&transaction_reference=T%201%26%C3%BC%2F%25"))
    }

    @Test func `the fragment stays last`() throws {
        let record = Record.invoice("T1", "https://x.example/a?b=1#c")
        let address = try #require(ReturnAddress(record, .success))
        #expect(address.text.hasPrefix("https://x.example/a?b=1&status=success&invoice_id=ATINV1&"))
        #expect(address.text.hasSuffix("transaction_reference=T1#c"))
    }
}

extension Record {
    fileprivate static func invoice(_ reference: String, _ callback: String) -> Record {
        Record(
            id: "ATINV1",
            sequence: 1,
            reference: reference,
            amount: Money(1),
            details: .payment(customerName: "John", callbackURL: callback),
            createdAt: 0
        )
    }
}

import Testing

@testable import Sandbox

/// Every documented check, in the words of the provider's framework.
struct CheckTests {
    struct Case: CustomTestStringConvertible {
        let path: String
        let body: String
        let field: String
        let message: String
        var testDescription: String { message }
    }

    private static let payment: [(String, String)] = [
        ("amount", "100"), ("customer_name", #""John""#), ("transaction_reference", #""T1""#),
        ("callback_url", #""https://x.example""#),
    ]
    private static let payout: [(String, String)] = [
        ("payout_method_id", "1"), ("amount", "500"), ("recipient_name", #""John""#),
        ("recipient_account", #""0171""#), ("transaction_reference", #""W1""#),
    ]

    /// A correct body with one value replaced, or left out.
    private static func body(
        _ fields: [(String, String)],
        _ name: String,
        _ value: String?
    ) -> String {
        let members = fields.compactMap { field, good -> String? in
            guard field == name else { return "\"\(field)\":\(good)" }
            return value.map { "\"\(field)\":\($0)" }
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func text(_ count: Int) -> String {
        "\"\(String(repeating: "x", count: count))\""
    }

    private static func cases(
        _ path: String,
        _ fields: [(String, String)],
        _ broken: [(field: String, value: String, rest: String)]
    ) -> [Case] {
        let missing = fields.map { field, _ in (field, String?.none, "is required.") }
        let wrong = broken.map { ($0.field, String?.some($0.value), $0.rest) }
        return (missing + wrong).map { field, value, rest in
            Case(
                path: path,
                body: body(fields, field, value),
                field: field,
                message: "The \(field.replacing("_", with: " ")) field \(rest)"
            )
        }
    }

    private static let all =
        cases(
            "/api/payment/create",
            payment,
            [
                ("amount", "null", "is required."),
                ("amount", #""ten""#, "must be a number."),
                ("amount", "1e2", "must be a number."),
                ("amount", "0.0000001", "must be a number."),
                ("amount", "0", "must be greater than 0."),
                ("amount", "-5", "must be greater than 0."),
                ("customer_name", text(256), "must not be greater than 255 characters."),
                ("customer_name", "7", "must be a string."),
                ("customer_name", #""  ""#, "is required."),
                ("transaction_reference", text(21), "must not be greater than 20 characters."),
            ]
        )
        + cases(
            "/api/payout/request",
            payout,
            [
                ("amount", "99.99", "must be at least 100."),
                ("amount", "50000.01", "must not be greater than 50000."),
                ("payout_method_id", #""bKash""#, "must be an integer."),
                ("transaction_reference", text(51), "must not be greater than 50 characters."),
                ("recipient_account", "1712345678", "must be a string."),
            ]
        )

    @Test(arguments: all) func `refuses`(_ example: Case) async throws {
        try await withSandbox { server, client in
            let reply = try await client.post(example.path, example.body)
            #expect(reply.status == 422)
            #expect(
                reply.text == """
                    {"status":"error","message":"\(example.message)",\
                    "errors":{"\(example.field)":["\(example.message)"]}}
                    """
            )
            #expect(server.executions.isEmpty)
        }
    }

    @Test func `accepts the limits themselves`() async throws {
        try await withSandbox { server, client in
            try await #expect(client.pay(String(repeating: "r", count: 20)).status == 200)
            let reference = String(repeating: "r", count: 50)
            try await #expect(client.payOut(reference, amount: "50000").status == 201)
            try await #expect(client.payOut("W2", amount: #""100.00""#, method: 1).status == 201)
            #expect(server.executions.map(\.amount) == ["100", "50000", "100"])
        }
    }

    @Test func `keeps amounts exact`() async throws {
        try await withSandbox { server, client in
            for amount in ["0.1", "100.10", "999999999999999.99", "0.000001"] {
                try await #expect(client.pay("T\(amount)", amount: amount).status == 200)
            }
            #expect(
                server.executions.map(\.amount)
                    == ["0.1", "100.1", "999999999999999.99", "0.000001"]
            )
        }
    }

    @Test func `names every problem at once`() async throws {
        try await withSandbox { _, client in
            let json = try await client.post("/api/payment/create", "not json").json
            #expect(json["message"] == "The amount field is required. (and 3 more errors)")
            #expect(json["errors"]?.names == Self.payment.map(\.0))
        }
    }

    @Test func `refuses an unknown method`() async throws {
        try await withSandbox { _, client in
            let reply = try await client.payOut("W1", method: 9)
            #expect(reply.status == 422)
            #expect(reply.text.contains(#""payout_method_id":["The selected payout method id is"#))
        }
    }

    @Test(arguments: ["{}", #"{"ids":[]}"#, #"{"ids":"T1"}"#, #"{"ids":["T1",2]}"#])
    func `refuses a batch without ids`(body: String) async throws {
        try await withSandbox { _, client in
            let reply = try await client.post("/api/payout/batch/status", body)
            #expect(reply.status == 422)
            let json = try reply.json
            #expect(json["errors"]?.names.first?.hasPrefix("ids") == true)
        }
    }

    @Test func `refuses a body beyond its limit`() async throws {
        try await withSandbox { _, client in
            let body = "\"\(String(repeating: "x", count: 1 << 20))\""
            try await #expect(client.post("/api/payment/create", body).status == 413)
        }
    }
}

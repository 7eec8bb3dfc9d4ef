import NIOCore
import Testing

@testable import Sandbox

/// The orders below `/_sandbox`.
struct ControlTests {
    @Test func `lists what was executed`() async throws {
        try await withSandbox { server, client in
            _ = try await client.pay("T1", amount: "0.10")
            _ = try await client.payOut("W1")
            _ = try await client.payOut("w1")
            let all = try await client.get("/_sandbox/executions").json
            #expect(
                all["totals"] == [
                    "payments": 1, "payouts": 2, "payments_amount": .number("0.1"),
                    "payouts_amount": 1_000, "repeated": 1,
                ]
            )
            #expect(all["executions"] == .array(server.executions.map(\.json)))
            #expect(
                server.executions[0].json.names
                    == ["sequence", "kind", "reference", "id", "amount", "at"]
            )
            let one = try await client.get("/_sandbox/executions?reference=W1&limit=1").json
            #expect(one["totals"]?["payouts"] == 2)
            #expect(one["executions"] == [server.executions[2].json])
            let wrong = try await client.get("/_sandbox/executions?limit=x")
            #expect(wrong.status == 422 && wrong.text.contains("allowed: a whole number from 0"))
        }
    }

    @Test func `counts what was received`() async throws {
        try await withSandbox { _, client in
            _ = try await client.pay("T1")
            _ = try await client.pay("t1")
            _ = try await client.pay("T2", amount: "0")
            _ = await Ending.of { try await client.pay("SBX-RESET-1") }
            _ = try await client.get("/api/payment/T9")
            _ = try await client.get("/api/nowhere")
            let json = try await client.get("/_sandbox/requests").json
            #expect(json["total"] == 6)
            #expect(
                json["by_endpoint"] == [
                    "GET /payment/{id}": ["404": 1],
                    "POST /payment/create": ["200": 2, "422": 1, "reset": 1],
                    "other": ["404": 1],
                ]
            )
            #expect(json["duplicates"] == ["payment": ["T1": 2], "payout": [:]])
            #expect(json["in_flight"] == 0 && json["peak_concurrent"] == 1)
            #expect((json["highest_per_second"]?.integer ?? 0) >= 1)
        }
    }

    @Test func `tells the headers of the last requests, without the credentials`() async throws {
        try await withSandbox { _, client in
            _ = try await client.pay("T1")
            _ = try await client.get("/api/payment/T1")
            let json = try await client.get("/_sandbox/requests/last").json
            let requests = json["requests"]?.elements ?? []
            #expect(requests.map { $0["method"]?.text } == ["POST", "GET"])
            #expect(
                requests.map { $0["path"]?.text } == ["/api/payment/create", "/api/payment/T1"]
            )
            #expect(requests.map { $0["reference"] } == ["T1", .null])
            #expect(requests.map { $0["outcome"]?.text } == ["200", "200"])
            #expect(requests[0]["headers"]?["content-type"]?.text == "application/json")
            for name in ["x-api-key", "x-api-secret"] {
                #expect(requests[0]["headers"]?[name]?.text == "****")
            }
            let last = try await client.get("/_sandbox/requests/last?limit=1").json
            #expect(last["requests"]?.elements.map { $0["method"]?.text } == ["GET"])
            try await #expect(client.get("/_sandbox/requests/last?limit=x").status == 422)
            _ = try await client.post("/_sandbox/reset")
            try await #expect(client.get("/_sandbox/requests/last").json["requests"] == [])
        }
    }

    @Test func `tells when requests came`() async throws {
        try await withSandbox { _, client in
            for number in 0..<3 { _ = try await client.pay("T\(number)") }
            let all = try await client.get("/_sandbox/requests/times").json
            let times = Self.times(all)
            #expect(times.count == 3 && times == times.sorted())
            let last = try await client.get("/_sandbox/requests/times?limit=1").json
            #expect(last["times_ms"] == [.integer(times[2])])
        }
    }

    @Test func `counts the most in any second, and forgets the oldest`() {
        var arrivals = Arrivals()
        for time in [0, 900, 999, 1899, 1900, 3000] { arrivals.note(Int64(time)) }
        // 900, 999 and 1899: not the calendar's seconds.
        #expect(arrivals.peak == 3)
        for time in 0..<Arrivals.limit { arrivals.note(Int64(4000 + 1000 * time)) }
        #expect(Self.times(arrivals.json(last: nil)).count == Arrivals.limit)
        #expect(arrivals.peak == 3)
    }

    private static func times(_ json: JSON) -> [Int] {
        guard case .array(let times)? = json["times_ms"] else { return [] }
        return times.compactMap(\.integer)
    }

    @Test func `counts the most at a time`() async throws {
        try await withSandbox(.with(\.latency, .seconds(2))) { _, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 { group.addTask { _ = try await client.pay("T\(number)") } }
                try await group.waitForAll()
            }
            let json = try await client.get("/_sandbox/requests").json
            #expect(json["peak_concurrent"] == 5)
        }
    }

    @Test func `resets to the start`() async throws {
        try await withSandbox(.with(\.duplicates, .reject)) { server, client in
            _ = try await client.pay("T1")
            let id = server.executions[0].id
            _ = try await client.post(
                "/_sandbox/settings",
                #"{"duplicates":"create","latency_ms":5}"#
            )
            try await client.setFaults(#"[{"fault":"500"}]"#)
            let reply = try await client.post("/_sandbox/reset")
            #expect(
                reply.text == """
                    {"duplicates":"reject","latency_ms":0,"process_after_ms":null,\
                    "complete_after_ms":null,"payout_methods":3,\
                    "webhook_attempts":5,"webhook_retry_ms":1000}
                    """
            )
            #expect(server.executions.isEmpty)
            try await #expect(client.get("/_sandbox/requests").json["total"] == 0)
            try await #expect(client.pay("T1").status == 200)
            #expect(server.executions[0].sequence == 1 && server.executions[0].id != id)
        }
    }

    @Test func `moves payments by hand, forward only`() async throws {
        try await withSandbox { _, client in
            _ = try await client.pay("T1")
            try await #expect(
                client.post("/_sandbox/payments/T1/cancel").json["status"] == "cancelled"
            )
            // A cancelled payment may still be paid.
            try await #expect(client.post("/_sandbox/payments/T1/pay").json["status"] == "paid")
            let again = try await client.post("/_sandbox/payments/T1/cancel")
            #expect(again.status == 409 && again.text.contains("It is paid"))
            try await #expect(client.post("/_sandbox/payments/T9/pay").status == 404)
            let wrong = try await client.post("/_sandbox/payments/T1/complete")
            #expect(wrong.status == 404 && wrong.text.contains("allowed: pay, cancel, underpay"))
        }
    }

    @Test func `answers what no provider should`() async throws {
        try await withSandbox { _, client in
            _ = try await client.pay("T1", amount: "100.50")
            _ = try await client.payOut("W1")
            for (step, status) in [
                ("hold", "on_hold"), ("process", "processing"), ("revert", "pending"),
                ("process", "processing"), ("hold", "on_hold"), ("complete", "completed"),
            ] {
                let told = try await client.post("/_sandbox/payouts/W1/\(step)").json
                #expect(told["status"] == .string(status))
            }
            for step in ["hold", "revert", "process"] {
                try await #expect(client.post("/_sandbox/payouts/W1/\(step)").status == 409)
            }
            let paid = try await client.post("/_sandbox/payments/T1/underpay").json
            #expect(paid["status"] == "paid" && paid["amount_paid"] == .number("99.5"))
            let listed = try await client.post("/api/payment/batch/status", #"{"ids":["T1"]}"#).json
            let invoice = listed["invoices"]?.elements.first
            #expect(invoice?["amount"] == .number("100.5"))
            #expect(invoice?["amount_paid"] == .number("99.5"))
        }
    }

    @Test(arguments: [("complete", "completed"), ("reject", "rejected"), ("cancel", "cancelled")])
    func `moves payouts by hand`(step: String, status: String) async throws {
        try await withSandbox { _, client in
            _ = try await client.payOut("W1")
            let first = try await client.post("/_sandbox/payouts/w1/process").json
            #expect(first["status"] == "processing")
            let last = try await client.post("/_sandbox/payouts/w1/\(step)").json
            #expect(last["status"] == .string(status))
            try await #expect(client.post("/_sandbox/payouts/w1/process").status == 409)
        }
    }

    static let invalidFaults = [
        ("{}", "body must be a list"),
        ("[1]", "faults[0] must be a JSON object"),
        ("[{}]", "faults[0].fault is missing; allowed: 429, 401"),
        (#"[{"fault":"418"}]"#, #"faults[0].fault is \"418\"; allowed: 429, 401"#),
        (
            #"[{"fault":"500"},{"fault":"500","rate":1.5}]"#,
            "faults[1].rate is 1.5; allowed: a number from 0 to 1"
        ),
        (#"[{"fault":"500","endpoint":"refund"}]"#, "allowed: create, status, methods, all"),
        (#"[{"fault":"500","domain":7}]"#, "faults[0].domain is 7; allowed: payment, payout, all"),
        (#"[{"fault":"429","retry_after":-1}]"#, "allowed: a whole number from 0 to 86400"),
        (#"[{"fault":"500","latency_ms":"1"}]"#, "allowed: a whole number from 0 to 120000"),
        (#"[{"fault":"500","times":0}]"#, "allowed: a whole number from 1"),
        (#"[{"fault":"500","tmies":1}]"#, "faults[0].tmies is unknown; allowed: fault, rate"),
        ("[", "The body is not JSON: a value expected at byte 1"),
    ]

    @Test(arguments: invalidFaults)
    func `says what is wrong with a rule`(body: String, message: String) async throws {
        try await withSandbox { _, client in
            try await client.setFaults(#"[{"fault":"503"}]"#)
            let reply = try await client.post("/_sandbox/faults", body)
            #expect(reply.status == 422 && reply.text.contains(message), "\(reply.text)")
            // The rules in force stay.
            try await #expect(client.pay("T1").status == 503)
            try await #expect(client.delete("/_sandbox/faults").text == "[]")
            try await #expect(client.pay("T1").status == 200)
        }
    }

    @Test(arguments: [
        (#"{"duplicates":"maybe"}"#, "allowed: create, reject, replay"),
        (#"{"latency_ms":-1}"#, "latency_ms is -1; allowed: a whole number from 0 to 60000"),
        (#"{"latency":5}"#, "latency is unknown; allowed: duplicates, latency_ms"),
        (#"{"process_after_ms":-1}"#, "allowed: a whole number from 0 to 60000"),
        (#"{"webhook_attempts":0}"#, "allowed: a whole number from 1 to 20"),
    ])
    func `says what is wrong with a setting`(body: String, message: String) async throws {
        try await withSandbox { _, client in
            let reply = try await client.post("/_sandbox/settings", body)
            #expect(reply.status == 422 && reply.text.contains(message), "\(reply.text)")
        }
    }

    @Test func `tells the orders it knows`() async throws {
        try await withSandbox { _, client in
            let reply = try await client.get("/_sandbox")
            #expect(reply.status == 404 && reply.text.contains("GET /_sandbox/executions"))
        }
    }
}

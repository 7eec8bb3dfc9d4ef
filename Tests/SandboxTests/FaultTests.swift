import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import Sandbox

/// How a request ended, as a client sees it.
enum Ending: Equatable {
    case status(Int)
    case timeout
    case reset
    case other(String)

    /// How long a client waits that expects it: what answers may take its time on a busy machine.
    var patience: TimeAmount { self == .timeout ? .milliseconds(500) : .seconds(30) }

    static func of(_ request: () async throws -> Reply) async -> Ending {
        do {
            return .status(try await request().status)
        } catch let error as IOError where error.errnoCode == ECONNRESET {
            return .reset
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            return .timeout
        } catch {
            return .other("\(error)")
        }
    }
}

/// Faults by rule: each ends as it says, and executes only if it says so.
struct FaultTests {
    struct Example: CustomTestStringConvertible {
        let fault: Fault
        let ending: Ending
        let executes: Bool
        var testDescription: String { fault.rawValue }
    }

    static let examples = [
        Example(fault: .tooManyRequests, ending: .status(429), executes: false),
        Example(fault: .unauthorized, ending: .status(401), executes: false),
        Example(fault: .redirect, ending: .status(302), executes: false),
        Example(fault: .serverError, ending: .status(500), executes: false),
        Example(fault: .unavailable, ending: .status(503), executes: false),
        Example(fault: .timeoutBefore, ending: .timeout, executes: false),
        Example(fault: .resetBefore, ending: .reset, executes: false),
        Example(fault: .serverErrorAfter, ending: .status(500), executes: true),
        Example(fault: .timeoutAfter, ending: .timeout, executes: true),
        Example(fault: .resetAfter, ending: .reset, executes: true),
        Example(fault: .slowBody, ending: .timeout, executes: true),
        Example(fault: .malformedJSON, ending: .status(201), executes: true),
        Example(fault: .duplicateKeys, ending: .status(201), executes: true),
        Example(fault: .extraFields, ending: .status(201), executes: true),
        Example(fault: .latency, ending: .timeout, executes: true),
    ]

    @Test func `every fault has an example`() {
        #expect(
            Self.examples.map(\.fault).sorted { $0.rawValue < $1.rawValue }
                == Fault.allCases.sorted { $0.rawValue < $1.rawValue }
        )
    }

    @Test(arguments: examples) func `strikes`(_ example: Example) async throws {
        try await withSandbox { server, client in
            try await client.setFaults(#"[{"fault":"\#(example.fault.rawValue)"}]"#)
            let ending = await Ending.of {
                try await client.payOut("WD1", timeout: example.ending.patience)
            }
            #expect(ending == example.ending)
            #expect(server.executions.count == (example.executes ? 1 : 0))
            try await client.setFaults("[]")
            let lookup = try await client.get("/api/payout/wd1")
            #expect(lookup.status == (example.executes ? 200 : 404))
        }
    }

    @Test func `sends Retry-After`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(
                #"[{"fault":"429","retry_after":7,"domain":"payment"},{"fault":503,"retry_after":9}]"#
            )
            let limited = try await client.pay("T1")
            #expect(limited.status == 429 && limited.header("retry-after") == "7")
            let down = try await client.payOut("W1")
            #expect(down.status == 503 && down.header("retry-after") == "9")
        }
    }

    @Test func `redirects somewhere`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(#"[{"fault":"302"}]"#)
            let reply = try await client.pay("T1")
            #expect(reply.header("location") == "/api/elsewhere")
        }
    }

    @Test func `answers half a text, doubled members, unknown members`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(
                """
                [{"fault":"malformed-json","times":1},{"fault":"duplicate-keys","times":1},
                {"fault":"extra-fields","times":1}]
                """
            )
            let broken = try await client.pay("T1")
            #expect(throws: JSONReader.Failure.self) { try broken.json }
            let doubled = try await client.pay("T2").json
            #expect(
                doubled.names == [
                    "status", "invoice_id", "payment_url", "status", "invoice_id", "payment_url",
                ]
            )
            let extra = try await client.pay("T3").json
            #expect(extra.names == ["status", "invoice_id", "payment_url", "sandbox_note"])
            let fine = try await client.pay("T4").json
            #expect(fine.names == ["status", "invoice_id", "payment_url"])
        }
    }

    @Test func `a dripping body arrives whole, for the patient`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(#"[{"fault":"slow-body","latency_ms":200}]"#)
            let start = ContinuousClock.now
            let reply = try await client.pay("T1")
            #expect(start.duration(to: .now) >= .milliseconds(190))
            let json = try reply.json
            #expect(json["status"] == "success")
        }
    }

    @Test func `answers late`() async throws {
        try await withSandbox(.with(\.latency, .milliseconds(60))) { server, client in
            let start = ContinuousClock.now
            _ = try await client.pay("T1")
            #expect(start.duration(to: .now) >= .milliseconds(55))
            server.setFaults([FaultRule(.latency, latency: .milliseconds(150))])
            let later = ContinuousClock.now
            try await #expect(client.pay("T2").status == 200)
            #expect(later.duration(to: .now) >= .milliseconds(140))
        }
    }

    @Test func `strikes only where the rule says, and so often`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(
                #"[{"fault":"503","endpoint":"status","domain":"payout","times":2}]"#
            )
            try await #expect(client.payOut("W1").status == 201)
            try await #expect(client.pay("T1").status == 200)
            try await #expect(client.get("/api/payment/T1").status == 200)
            try await #expect(client.get("/api/payout/methods").status == 200)
            try await #expect(client.get("/api/payout/W1").status == 503)
            let batch = try await client.post("/api/payout/batch/status", #"{"ids":["W1"]}"#)
            #expect(batch.status == 503)
            try await #expect(client.get("/api/payout/W1").status == 200)
            let rules = try await client.get("/_sandbox/faults")
            #expect(
                rules.text == """
                    [{"fault":"503","rate":1.0,"endpoint":"status","domain":"payout","times":2,\
                    "strikes":2}]
                    """
            )
        }
    }

    @Test func `the same seed throws the same dice`() async throws {
        func endings(_ seed: UInt64) async throws -> [Int] {
            var statuses: [Int] = []
            try await withSandbox(.with(\.seed, seed)) { _, client in
                try await client.setFaults(#"[{"fault":"500","rate":0.5}]"#)
                for number in 0..<40 {
                    statuses.append(try await client.pay("T\(number)").status)
                }
            }
            return statuses
        }
        let first = try await endings(7)
        try await #expect(endings(7) == first)
        try await #expect(endings(8) != first)
        #expect((10...30).contains(first.count { $0 == 500 }))
    }

    @Test func `a rule's dice fall as often as its rate says`() {
        var dice = Dice(seed: 3)
        let hits = (0..<10_000).count { _ in dice.fall(0.1) }
        #expect((900...1_100).contains(hits))
        #expect((0..<100).count { _ in dice.fall(0) } == 0)
        #expect((0..<100).count { _ in dice.fall(1) } == 100)
    }

    @Test func `a fault before executing spares the checks, one after them does not`() async throws
    {
        try await withSandbox { server, client in
            try await client.setFaults(
                #"[{"fault":"503","times":1},{"fault":"latency","latency_ms":1}]"#
            )
            try await #expect(client.post("/api/payment/create", "{}").status == 503)
            try await #expect(client.post("/api/payment/create", "{}").status == 422)
            #expect(server.executions.isEmpty)
        }
    }
}

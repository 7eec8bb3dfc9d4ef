import NIOCore
import Testing

@testable import Sandbox

/// Faults by reference: the table of what each word does, for payments and payouts alike.
struct MagicReferenceTests {
    struct Example: CustomTestStringConvertible {
        let word: String
        let domain: Domain
        let ending: Ending
        let executes: Bool
        var testDescription: String { "\(domain) \(word)" }
    }

    private static let table: [(String, Ending?, executes: Bool)] = [
        ("REFUSE", .status(422), false),
        ("TAKEN", .status(422), false),
        ("429", .status(429), false),
        ("500", .status(500), false),
        ("503", .status(503), false),
        ("DROP", .reset, false),
        ("LOST", .timeout, false),
        ("500X", .status(500), true),
        ("RESET", .reset, true),
        ("TIMEOUT", .timeout, true),
        ("SLOW", .timeout, true),
        ("GARBLED", nil, true),
        ("MISMATCH", nil, true),
        ("REJECT", nil, true),
        ("CANCEL", nil, true),
        ("SILENT", nil, true),
        ("LATE", nil, true),
        ("TWICE", nil, true),
        ("SHUFFLE", nil, true),
        ("FORGED", nil, true),
    ]

    static let examples = Domain.allCases.flatMap { domain in
        table.map { word, ending, executes in
            Example(
                word: word,
                domain: domain,
                ending: ending ?? .status(domain == .payment ? 200 : 201),
                executes: executes
            )
        }
    }

    @Test func `every word has an example`() {
        #expect(Self.table.map(\.0) == MagicReference.all.map(\.word))
    }

    @Test(arguments: examples) func `meets its fate`(_ example: Example) async throws {
        try await withSandbox { server, client in
            let reference = "SBX-\(example.word)-1"
            let ending = await Ending.of {
                try await client.create(
                    example.domain,
                    reference,
                    timeout: example.ending.patience
                )
            }
            #expect(ending == example.ending)
            #expect(server.executions.count == (example.executes ? 1 : 0))
            let lookup = try await client.get("/api/\(example.domain)/\(reference)")
            #expect(lookup.status == (example.executes ? 200 : 404))
        }
    }

    @Test func `429 comes once for each reference`() async throws {
        try await withSandbox { server, client in
            let first = try await client.pay("SBX-429-1")
            #expect(first.status == 429 && first.header("retry-after") == "1")
            try await #expect(client.pay("sbx-429-1").status == 200)
            try await #expect(client.pay("SBX-429-2").status == 429)
            try await #expect(client.payOut("SBX-429-1").status == 429)
            #expect(server.executions.map(\.reference) == ["sbx-429-1"])
        }
    }

    @Test func `taken names the reference, refuse another field`() async throws {
        try await withSandbox { _, client in
            let taken = try await client.payOut("SBX-TAKEN-1").json
            #expect(taken["message"] == "The transaction reference has already been taken.")
            #expect(taken["errors"]?.names == ["transaction_reference"])
            try await #expect(
                client.payOut("SBX-REFUSE-1").json["errors"]?.names == ["recipient_account"]
            )
            try await #expect(client.pay("SBX-REFUSE-1").json["errors"]?.names == ["amount"])
        }
    }

    @Test func `a mismatch shows everywhere`() async throws {
        try await withSandbox { server, client in
            try await #expect(client.payOut("SBX-MISMATCH-1").json["amount"] == 501)
            try await #expect(client.pay("SBX-MISMATCH-1").json["amount"] == 101)
            #expect(server.executions.map(\.amount) == ["501", "101"])
            try await #expect(client.get("/api/payout/SBX-MISMATCH-1").json["amount"] == 501)
        }
    }

    @Test func `words stand between SBX- and a hyphen, in any case`() {
        #expect(MagicReference.find("SBX-500-1")?.word == "500")
        #expect(MagicReference.find("SBX-500X-")?.word == "500X")
        for plain in ["SBX-500", "SBX-5000-1", "XSBX-500-1", "SBX--1", "SBX-"] {
            #expect(MagicReference.find(plain) == nil)
        }
    }

    @Test func `a magic reference outranks the rules`() async throws {
        try await withSandbox { _, client in
            try await client.setFaults(#"[{"fault":"503"}]"#)
            try await #expect(client.pay("SBX-500-1").status == 500)
            try await #expect(client.pay("T1").status == 503)
        }
    }

    @Test func `every word fits a payment's twenty characters`() {
        for magic in MagicReference.all {
            #expect("SBX-\(magic.word)-".utf8.count <= 16)
        }
    }
}

import Testing

@testable import Sandbox

/// The three answers to a reference that was already executed, compared without regard to case.
struct DuplicateTests {
    @Test(arguments: Domain.allCases) func `creates anew`(_ domain: Domain) async throws {
        try await withSandbox { server, client in
            let first = try await client.create(domain, "Ref-1")
            let second = try await client.create(domain, "REF-1")
            #expect(first.status == second.status && first.text != second.text)
            #expect(server.executions.map(\.reference) == ["Ref-1", "REF-1"])
            #expect(Set(server.executions.map(\.id)).count == 2)
            // A lookup by reference finds the first.
            let found = try await client.post(
                "/api/\(domain)/batch/status",
                #"{"ids":["ref-1"]}"#
            )
            #expect(found.text.contains(server.executions[0].id))
            #expect(!found.text.contains(server.executions[1].id))
        }
    }

    @Test(arguments: Domain.allCases) func `rejects`(_ domain: Domain) async throws {
        try await withSandbox(.with(\.duplicates, .reject)) { server, client in
            _ = try await client.create(domain, "Ref-1")
            let second = try await client.create(domain, "rEF-1")
            #expect(second.status == 422)
            #expect(
                second.text == """
                    {"status":"error","message":"The transaction reference has already been taken.",\
                    "errors":{"transaction_reference":["The transaction reference has already been \
                    taken."]}}
                    """
            )
            #expect(server.executions.count == 1)
        }
    }

    @Test(arguments: Domain.allCases) func `replays`(_ domain: Domain) async throws {
        try await withSandbox { server, client in
            let change = try await client.post("/_sandbox/settings", #"{"duplicates":"replay"}"#)
            #expect(change.text.hasPrefix(#"{"duplicates":"replay","latency_ms":0,"#))
            let first = try await client.create(domain, "Ref-1")
            let second = try await client.create(domain, "ref-1")
            #expect(second.status == first.status && second.text == first.text)
            #expect(server.executions.count == 1)
        }
    }

    @Test func `what was not executed is no duplicate`() async throws {
        try await withSandbox(.with(\.duplicates, .reject)) { server, client in
            try await client.setFaults(#"[{"fault":"500","times":1}]"#)
            try await #expect(client.payOut("W1").status == 500)
            try await #expect(client.payOut("W1").status == 201)
            #expect(server.executions.count == 1)
        }
    }
}

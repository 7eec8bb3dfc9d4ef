import Testing

@testable import Sandbox

/// What can go wrong with webhooks on request, by rule and by magic reference.
@Suite(.timeLimit(.minutes(1)))
struct WebhookFaultTests {
    private func complete(_ reference: String, _ client: Client) async throws {
        _ = try await client.payOut(reference)
        _ = try await client.post("/_sandbox/payouts/\(reference)/process")
        _ = try await client.post("/_sandbox/payouts/\(reference)/complete")
    }

    private func setFaults(_ rules: String, _ client: Client) async throws {
        let reply = try await client.post("/_sandbox/webhooks/faults", rules)
        try #require(reply.status == 200, "\(reply.text)")
    }

    @Test func `never: the log says that it was withheld`() async throws {
        try await withReceiver { receiver, client in
            try await setFaults(#"[{"fault":"never","times":1,"domain":"payout"}]"#, client)
            try await complete("W1", client)
            let entries = try await client.webhooks("W1", "withheld", "delivered")
            #expect(entries[0]["fault"] == "never" && entries[1]["fault"] == .null)
            #expect(receiver.all.map(\.event) == ["payout.completed"])
            try await #expect(
                client.get("/_sandbox/webhooks/faults").text
                    == #"[{"fault":"never","rate":1.0,"domain":"payout","times":1,"strikes":1}]"#
            )
        }
    }

    @Test func `late: not before its time`() async throws {
        try await withReceiver { receiver, client in
            try await setFaults(#"[{"fault":"late","latency_ms":150}]"#, client)
            _ = try await client.pay("T1")
            let start = ContinuousClock.now
            _ = try await client.post("/_sandbox/payments/T1/pay")
            _ = await receiver.first(1)
            #expect(start.duration(to: .now) >= .milliseconds(145))
        }
    }

    @Test func `twice: the same text two times`() async throws {
        try await withReceiver { receiver, client in
            try await setFaults(#"[{"fault":"twice"}]"#, client)
            _ = try await client.pay("T1")
            _ = try await client.post("/_sandbox/payments/T1/pay")
            _ = try await client.webhooks("T1", "delivered", "delivered")
            #expect(receiver.all.count == 2 && receiver.all[0].body == receiver.all[1].body)
        }
    }

    @Test(arguments: ["W1", "SBX-SHUFFLE-1"])
    func `reordered: the end comes before the beginning`(reference: String) async throws {
        try await withReceiver { receiver, client in
            if reference == "W1" { try await setFaults(#"[{"fault":"reordered"}]"#, client) }
            try await complete(reference, client)
            let arrivals = await receiver.first(2)
            #expect(arrivals.map(\.event) == ["payout.completed", "payout.processing"])
            _ = try await client.webhooks(reference, "delivered", "delivered")
        }
    }

    @Test func `reordered: without a next one it comes at last`() async throws {
        try await withReceiver { receiver, client in
            try await setFaults(#"[{"fault":"reordered","latency_ms":50}]"#, client)
            _ = try await client.pay("T1")
            _ = try await client.post("/_sandbox/payments/T1/pay")
            #expect(await receiver.first(1).count == 1)
        }
    }

    @Test(arguments: [
        ("complete", "payout.rejected"), ("reject", "payout.completed"),
        ("process", "payout.completed"),
    ])
    func `forged: a lie beside the truth`(step: String, lie: String) async throws {
        try await withReceiver { receiver, client in
            _ = try await client.payOut("SBX-FORGED-1")
            _ = try await client.post("/_sandbox/payouts/SBX-FORGED-1/\(step)")
            let entries = try await client.webhooks("SBX-FORGED-1", "delivered", "delivered")
            #expect(entries[0]["fault"] == "forged" && entries[0]["event"] == .string(lie))
            #expect(entries[1]["fault"] == .null)
            let amounts = receiver.all.compactMap { $0.data["amount"]?.number }.sorted()
            #expect(amounts == ["1000.00", "500.00"])
        }
    }

    @Test(arguments: [("SILENT", ["withheld"]), ("TWICE", ["delivered", "delivered"])])
    func `a magic reference outranks the rules`(word: String, states: [String]) async throws {
        try await withReceiver(.with(\.webhookFaults, [WebhookRule(.late)])) { _, client in
            _ = try await client.pay("SBX-\(word)-1")
            _ = try await client.post("/_sandbox/payments/SBX-\(word)-1/pay")
            var seen: [String?] = []
            while seen != states {
                let entries = try await client.get("/_sandbox/webhooks").json["webhooks"]
                seen = entries?.elements.map { $0["state"]?.text } ?? []
            }
        }
    }

    @Test(arguments: [
        ("[{}]", "faults[0].fault is missing; allowed: never, late"),
        (#"[{"fault":"503"}]"#, "allowed: never, late, twice, reordered, forged"),
        (#"[{"fault":"late","endpoint":"create"}]"#, "endpoint is unknown"),
        ("{}", "must be a list"),
    ])
    func `says what is wrong with a rule`(body: String, message: String) async throws {
        try await withSandbox { _, client in
            let reply = try await client.post("/_sandbox/webhooks/faults", body)
            #expect(reply.status == 422 && reply.text.contains(message), "\(reply.text)")
        }
    }
}

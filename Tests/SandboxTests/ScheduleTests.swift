import Testing

@testable import Sandbox

/// Payouts that move through their states by themselves.
@Suite(.timeLimit(.minutes(1)))
struct ScheduleTests {
    private static let fast = Schedule(
        processAfter: .milliseconds(20),
        completeAfter: .milliseconds(20)
    )

    private func untilItIs(_ status: String, _ reference: String, _ client: Client) async throws {
        while try await client.get("/api/payout/\(reference)").json["status"]?.text != status {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `from pending over processing to completed, and each is told`() async throws {
        var configuration = SandboxConfiguration()
        configuration.processAfter = .milliseconds(20)
        configuration.completeAfter = .milliseconds(100)
        try await withReceiver(configuration) { receiver, client in
            _ = try await client.payOut("W1")
            let arrivals = await receiver.first(2)
            #expect(arrivals.map(\.event) == ["payout.processing", "payout.completed"])
            try await #expect(client.get("/api/payout/W1").json["status"] == "completed")
            _ = try await client.pay("T1")
            try await Task.sleep(for: .milliseconds(150))
            try await #expect(client.get("/api/payment/T1").json["status"] == "pending")
        }
    }

    @Test func `is switched on and off while it runs`() async throws {
        try await withSandbox { _, client in
            let on = try await client.post("/_sandbox/settings", #"{"process_after_ms":0}"#)
            try #require(on.status == 200, "\(on.text)")
            _ = try await client.payOut("W1")
            try await untilItIs("processing", "W1", client)
            _ = try await client.post("/_sandbox/settings", #"{"complete_after_ms":0}"#)
            _ = try await client.post("/_sandbox/settings", #"{"process_after_ms":null}"#)
            _ = try await client.payOut("W2")
            try await untilItIs("completed", "W2", client)
            // What was processing before stays so: nobody had planned its end.
            try await #expect(client.get("/api/payout/W1").json["status"] == "processing")
        }
    }

    @Test(arguments: [("SBX-REJECT-1", "rejected"), ("SBX-CANCEL-1", "cancelled")])
    func `a magic reference has its own end`(reference: String, status: String) async throws {
        var configuration = SandboxConfiguration()
        configuration.processAfter = .milliseconds(5)
        configuration.completeAfter = .milliseconds(5)
        try await withSandbox(configuration) { _, client in
            _ = try await client.payOut(reference)
            try await untilItIs(status, reference, client)
        }
        // Without a schedule it moves all the same.
        let provider = Provider(SandboxConfiguration())
        let fate = MagicReference.find(reference)?.fate
        provider.with { state in
            let order = Order.payout(reference)
            let record = state.books.execute(order, key: reference, number: 1, now: 0)
            state.plan(record, fate, now: 0)
            state.takeSteps(now: 999)
            #expect(state.books.records[0].status == .pending)
            state.takeSteps(now: 1_000)
            #expect(state.books.records[0].status == .processing)
            state.takeSteps(now: 2_000)
            #expect(state.books.records[0].status.rawValue == status)
        }
    }

    @Test func `a hand goes before the schedule`() async throws {
        let provider = Provider(SandboxConfiguration())
        provider.with { state in
            state.settings.schedule = Self.fast
            let record = state.books.execute(.payout("W1"), key: "W1", number: 1, now: 0)
            state.plan(record, nil, now: 0)
            #expect(throws: Never.self) { try state.take(.reject, "W1", .payout, now: 10) }
            state.takeSteps(now: 1_000)
            #expect(state.books.records[0].status == .rejected && state.steps.count == 0)
        }
    }

    @Test func `the next step says when it is`() {
        #expect(Self.fast.step(from: .pending, to: .reject)?.step == .process)
        #expect(Self.fast.step(from: .processing, to: .reject)?.step == .reject)
        #expect(Self.fast.step(from: .completed, to: .reject) == nil)
        let direct = Schedule(processAfter: nil, completeAfter: .seconds(1))
        #expect(direct.step(from: .pending, to: .complete)?.step == .complete)
        #expect(Schedule().step(from: .pending, to: .complete) == nil)
        let half = Schedule(processAfter: .seconds(1), completeAfter: nil)
        #expect(half.step(from: .processing, to: .complete) == nil)
    }

    @Test func `what is due comes out in order, and in the order it went in`() {
        var agenda = Agenda<String>()
        #expect(agenda.add("b", at: 2) && !agenda.add("c", at: 2) && agenda.add("a", at: 1))
        #expect(agenda.next == 1 && agenda.pop(now: 0) == nil)
        #expect([agenda.pop(now: 5), agenda.pop(now: 5), agenda.pop(now: 5)] == ["a", "b", "c"])
        #expect(agenda.pop(now: 5) == nil)
    }
}

extension Order {
    fileprivate static func payout(_ reference: String) -> Order {
        let recipient = Record.Recipient(
            methodID: 1,
            name: "John",
            account: "0171",
            description: nil,
            callbackURL: nil
        )
        return Order(reference: reference, amount: Money(500), details: .payout(recipient))
    }
}

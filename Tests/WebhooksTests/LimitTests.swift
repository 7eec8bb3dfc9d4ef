import Contract
import NIOCore
import Synchronization
import Testing

@testable import Webhooks

@Suite(.timeLimit(.minutes(2)), .serialized) struct LimitTests {
    @Test(arguments: [MemorySink.Manner.refusing, .silent])
    func a503ComesWithinThreeSecondsWhileTheSinkIsDown(manner: MemorySink.Manner) async throws {
        let sink = MemorySink()
        sink.manner = manner
        try await Stage.with(sink) { stage in
            let path = stage.path(.payout, "WD1")
            let body = webhook("payout.completed", "WD1")
            let start = ContinuousClock.now
            try await stage.expect(503, "POST", path, body)
            #expect(ContinuousClock.now - start < .seconds(3))
            // Sent again within the second, it asks for the check that was not written.
            sink.manner = .acknowledging
            try await stage.expect(200, "POST", path, body)
            #expect(sink.checks.count == 1)
        }
    }

    @Test func whatWaitsForKafkaIsBounded() async throws {
        let sink = MemorySink()
        sink.manner = .silent
        var limits = ReceiverSettings.Limits()
        limits.waiting = 64 * 1024
        limits.acknowledging = .seconds(1)
        try await Stage.with(sink, limits: limits) { stage in
            let path = stage.path(.payout, "WD1")
            let body = String(repeating: "x", count: 30_000)
            for _ in 0..<2 { try await stage.expect(503, "POST", path, body) }
            let start = ContinuousClock.now
            try await stage.expect(503, "POST", path, body)
            #expect(ContinuousClock.now - start < limits.acknowledging)
        }
    }

    @Test func bodiesAreBounded() async throws {
        let sink = MemorySink()
        try await Stage.with(sink) { stage in
            let path = stage.path(.payment, "T1")
            let most = String(repeating: "x", count: 32 * 1024)
            try await stage.expect(200, "POST", path, most)
            try await stage.expect(413, "POST", path, most + "x")
            let chunked =
                "POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "8001\r\n\(most)x\r\n0\r\n\r\n"
            let answer = try await stage.raw(Array(chunked.utf8), closing: true)
            #expect(answer.hasPrefix("HTTP/1.1 413"))
        }
        #expect(sink.hints.count == 1)
    }

    @Test func aHeadThatIsTooLongIsABadRequest() async throws {
        try await Stage.with(MemorySink()) { stage in
            let long = String(repeating: "x", count: 20_000)
            for text in [
                "GET / HTTP/1.1\r\nHost: a\r\nA: \(long)\r\n\r\n", "GET /\(long) HTTP/1.1\r\n",
                "nonsense\r\n\r\n",
            ] {
                let answer = try await stage.raw(Array(text.utf8))
                #expect(answer.hasPrefix("HTTP/1.1 400") || answer.isEmpty)
            }
        }
    }

    /// What comes above the most connections waits for one to end; it is not served beside them.
    @Test func connectionsAreBounded() async throws {
        let sink = MemorySink()
        var limits = ReceiverSettings.Limits()
        limits.connections = 4
        limits.reading = .seconds(2)
        try await Stage.with(sink, limits: limits) { stage in
            let (held, ended) = (Counter(), Counter())
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for _ in 0..<4 {
                    clients.addTask { try await hold(stage, held) { ended.count() } }
                }
                while held.value < 4 { try await Task.sleep(for: .milliseconds(10)) }
                let body = webhook("payment.completed", "T1")
                try await stage.expect(200, "POST", stage.path(.payment, "T1"), body)
                #expect(ended.value > 0)
                try await clients.waitForAll()
            }
        }
        #expect(sink.hints.count == 1)
    }

    /// Has a request answered, and holds the connection until the receiver ends it.
    private func hold(
        _ stage: Stage,
        _ held: Counter,
        ended: @escaping @Sendable () -> Void
    ) async throws {
        let connection = try await stage.open()
        try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(.init(string: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"))
            do {
                for try await _ in inbound { held.count() }
            } catch {
                // A reset is an end, too.
            }
            ended()
        }
    }

    /// However they are slow: nothing at all, a head that never ends, a body that trickles.
    @Test func twoHundredSlowClientsDoNotKeepAGoodOneWaiting() async throws {
        let sink = MemorySink()
        var limits = ReceiverSettings.Limits()
        limits.reading = .seconds(3)
        try await Stage.with(sink, limits: limits) { stage in
            let path = stage.path(.payment, "T1")
            let starts = [
                "", "POST ", "POST \(path) HTTP/1.1\r\nHost: a\r\nA: ",
                "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n{",
            ]
            let opened = Counter()
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for number in 0..<200 {
                    let text = starts[number % starts.count]
                    clients.addTask {
                        try await drip(stage, text) { opened.count() }
                    }
                }
                while opened.value < 200 { try await Task.sleep(for: .milliseconds(10)) }
                for _ in 0..<20 {
                    let before = ContinuousClock.now
                    let body = webhook("payment.completed", "T1")
                    try await stage.expect(200, "POST", path, body)
                    #expect(ContinuousClock.now - before < .seconds(2))
                }
                try await clients.waitForAll()
            }
            // All of them were cut off, though each sent a byte every now and then.
            #expect(ContinuousClock.now - start < .seconds(30))
        }
        #expect(sink.hints.count == 20)
    }

    /// Sends a byte now and then until the receiver ends it.
    private func drip(
        _ stage: Stage,
        _ text: String,
        opened: @escaping @Sendable () -> Void
    ) async throws {
        let connection = try await stage.open()
        try? await connection.executeThenClose { inbound, outbound in
            try await outbound.write(.init(string: text))
            opened()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    while !Task.isCancelled {
                        try await Task.sleep(for: .milliseconds(200))
                        if !text.isEmpty { try await outbound.write(.init(string: "x")) }
                    }
                }
                for try await _ in inbound {}
                tasks.cancelAll()
            }
        }
    }
}

/// A number that tasks share.
private final class Counter: Sendable {
    private let number = Atomic(0)
    var value: Int { number.load(ordering: .relaxed) }
    func count() { number.add(1, ordering: .relaxed) }
}

import Contract
import Foundation
import Synchronization
import Testing

@testable import Webhooks

/// Counts what reaches it, and keeps nothing.
private final class CountingSink: HintSink {
    private let counts = Mutex((hints: 0, checks: 0))
    var hints: Int { counts.withLock { $0.hints } }
    var checks: Int { counts.withLock { $0.checks } }

    func append(_ hint: Hint) async -> Bool {
        counts.withLock { counts in
            counts.hints += 1
            if hint.check != nil { counts.checks += 1 }
        }
        return true
    }
}

/// One hostile request, and what may become of it.
private enum Attack {
    /// A request of a valid form; these are the statuses that it may get.
    case request(method: String, path: String, body: String?, allowed: Set<Int>)
    /// Bytes, after which the client sends no more.
    case bytes([UInt8])

    static func random(_ number: Int, valid: [String], with rng: inout SplitMix) -> Attack {
        let path = valid[Int(rng.next() % UInt64(valid.count))]
        switch number % 10 {
        case 0: return forged(path, with: &rng)
        case 1:
            return .request(method: "GET", path: forgedText(path, &rng), body: nil, allowed: [404])
        case 2: return .request(method: "POST", path: cut(path, &rng), body: "{}", allowed: [404])
        case 3:
            let body = webhook("payment.completed", "T0")
            return .request(method: "POST", path: path, body: body, allowed: [200])
        case 4: return .request(method: "POST", path: path, body: noise(&rng), allowed: [200])
        case 5:
            let whole = webhook("payment.completed", "T1")
            let body = String(whole.prefix(Int(rng.next() % UInt64(whole.count))))
            return .request(method: "POST", path: path, body: body, allowed: [200])
        case 6:
            let body = String(repeating: "x", count: 33_000)
            return .request(method: "POST", path: path, body: body, allowed: [413])
        case 7:
            let query = noise(&rng).utf8.map { String(format: "%%%02X", $0) }.joined()
            let target = "\(path)?status=\(query)"
            return .request(method: "GET", path: target, body: nil, allowed: [200])
        case 8: return .bytes(truncated(path, with: &rng))
        default: return .bytes((0..<Int(rng.next() % 400)).map { _ in UInt8(rng.next() & 255) })
        }
    }

    private static func forged(_ path: String, with rng: inout SplitMix) -> Attack {
        .request(
            method: "POST",
            path: forgedText(path, &rng),
            body: webhook("payment.completed", "T0"),
            allowed: [404]
        )
    }

    /// Another character somewhere in the token.
    private static func forgedText(_ path: String, _ rng: inout SplitMix) -> String {
        var text = Array(path)
        let start = CallbackAddress.path.count
        let index = start + Int(rng.next() % UInt64(text.count - start))
        text[index] = text[index] == "A" ? "B" : "A"
        return String(text)
    }

    private static func cut(_ path: String, _ rng: inout SplitMix) -> String {
        String(path.prefix(1 + Int(rng.next() % UInt64(path.count - 1))))
    }

    private static func noise(_ rng: inout SplitMix) -> String {
        String(
            (0..<Int(rng.next() % 60)).map { _ in
                Character(UnicodeScalar(UInt8(rng.next() & 127)))
            }
        )
    }

    /// A request that ends too early; its body is never whole.
    private static func truncated(_ path: String, with rng: inout SplitMix) -> [UInt8] {
        let body = webhook("payment.completed", "T0")
        let whole =
            "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        return Array(whole.utf8.prefix(Int(rng.next() % UInt64(whole.utf8.count))))
    }
}

/// A small generator with a seed, so that a failure comes again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite(.timeLimit(.minutes(5)), .serialized) struct FuzzTests {
    private static let requests = 20_000
    private static let clients = 16

    @Test func twentyThousandHostileRequestsCostNothing() async throws {
        let sink = CountingSink()
        let start = ContinuousClock.now
        try await Stage.with(sink) { stage in
            let valid = (0..<4).map { stage.path(.payment, "T\($0)") }
            // What pools and caches take once is no leak.
            try await attack(stage, valid, 0..<4000)
            let before = residentBytes()
            try await attack(stage, valid, 4000..<Self.requests)
            let growth = residentBytes() - before
            #expect(growth < 16 << 20, "grew by \(growth >> 10) KiB")
            // Still well.
            let body = webhook("payment.completed", "GOOD")
            try await stage.expect(200, "POST", stage.path(.payment, "GOOD"), body)
        }
        // Kinds 3, 4, 5 and 7 have a valid address; all others leave no trace.
        #expect(sink.hints == Self.requests * 4 / 10 + 1)
        // At most one a second for each hint that says something: the return of each of the four
        // references, one webhook that is about its own, and the one at the end. There were 2,500.
        let seconds = Int((ContinuousClock.now - start).components.seconds) + 1
        #expect(sink.checks <= 5 * (seconds + 1) + 1)
    }

    private func attack(_ stage: Stage, _ valid: [String], _ range: Range<Int>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<Self.clients {
                group.addTask {
                    var rng = SplitMix(state: UInt64(range.lowerBound + client))
                    for number in range where number / 10 % Self.clients == client {
                        try await carryOut(.random(number, valid: valid, with: &rng), stage)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func carryOut(_ attack: Attack, _ stage: Stage) async throws {
        switch attack {
        case .request(let method, let path, let body, let allowed):
            let answer = try await stage.send(method, path, body)
            #expect(allowed.contains(answer.status), "\(method) \(path) \(body ?? "")")
        case .bytes(let bytes):
            let answer = try await stage.raw(bytes, closing: true)
            #expect(!answer.hasPrefix("HTTP/1.1 2"))
        }
    }

    private func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}

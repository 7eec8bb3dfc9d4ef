import Aspayds
import Synchronization
import Testing

/// What the transport says of every way in which an exchange can end.
@Suite(.timeLimit(.minutes(1))) struct HTTPTransportTests {
    static let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nretry-after: 7\r\n\r\n{}"

    private func withTransport<Value>(
        _ body: (HTTPTransport) async throws -> Value
    ) async throws -> Value {
        let transport = HTTPTransport(.init(connectTimeout: .seconds(1)))
        do {
            let value = try await body(transport)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private func post(
        _ url: String,
        timeout: Duration = .seconds(10),
        limit: Int = 1 << 20,
        mayTransmit: @escaping @Sendable () -> Bool = { true }
    ) -> TransportRequest {
        TransportRequest(
            method: .post,
            url: url + "/payout/request",
            headers: [("x-api-key", "k")],
            body: Array("{\"amount\":1}".utf8),
            timeout: timeout,
            maxAnswerBytes: limit,
            mayTransmit: mayTransmit
        )
    }

    private func result(
        of behaviour: RawServer.Behaviour,
        timeout: Duration = .seconds(10),
        limit: Int = 1 << 20
    ) async throws -> (TransportResult, requests: [String]) {
        let server = try await RawServer(behaviour)
        let result = try await withTransport {
            await $0.send(post(server.url, timeout: timeout, limit: limit))
        }
        try await server.close()
        return (result, server.requests)
    }

    @Test func answers() async throws {
        let (result, requests) = try await result(of: .answer(Self.answer))
        #expect(result == .answered(status: 200, retryAfter: "7", body: Array("{}".utf8)))
        #expect(requests.count == 1)
        #expect(requests[0].hasPrefix("POST /payout/request HTTP/1.1\r\n"))
        #expect(requests[0].hasSuffix("\r\n\r\n{\"amount\":1}"))
        #expect(requests[0].lowercased().contains("\r\ncontent-length: 12\r\n"))
    }

    @Test func getsWithoutABody() async throws {
        let server = try await RawServer(.answer(Self.answer))
        let request = TransportRequest(
            method: .get,
            url: server.url + "/payment/a%2Fb",
            headers: [],
            timeout: .seconds(10),
            maxAnswerBytes: 100
        )
        let result = try await withTransport { await $0.send(request) }
        #expect(result == .answered(status: 200, retryAfter: "7", body: Array("{}".utf8)))
        #expect(server.requests.first?.hasPrefix("GET /payment/a%2Fb HTTP/1.1\r\n") == true)
        try await server.close()
    }

    // MARK: Not sent

    @Test func refusedConnectionIsNotSent() async throws {
        let server = try await RawServer(.silence)
        let url = server.url
        try await server.close()
        let result = try await withTransport { await $0.send(post(url)) }
        #expect(result.notSent == .connectionFailed)
    }

    @Test func unknownHostIsNotSent() async throws {
        let result = try await withTransport { await $0.send(post("http://no-such-host.invalid")) }
        #expect(result.notSent == .connectionFailed)
    }

    /// Silence says nothing of TLS; a peer that speaks something else does.
    @Test(arguments: [
        (RawServer.Greeting.none, TransportResult.NotSentReason.connectionFailed),
        (.text, .tlsFailed),
    ])
    func aFailedHandshakeIsNotSent(
        _ greeting: RawServer.Greeting,
        _ reason: TransportResult.NotSentReason
    ) async throws {
        let server = try await RawServer(.answer(Self.answer), greeting: greeting)
        let url = "https" + server.url.dropFirst(4)
        let result = try await withTransport { await $0.send(post(url)) }
        #expect(result.notSent == reason)
        try await server.close()
    }

    @Test func aTornHandshakeIsNotSent() async throws {
        let server = try await RawServer(.silence, greeting: .close)
        let url = "https" + server.url.dropFirst(4)
        let result = try await withTransport { await $0.send(post(url)) }
        #expect(result.notSent == .tlsFailed || result.notSent == .connectionFailed)
        try await server.close()
    }

    @Test func withoutPermissionNothingIsSent() async throws {
        let server = try await RawServer(.answer(Self.answer))
        let asked = Mutex(0)
        let result = try await withTransport {
            await $0.send(
                post(server.url) {
                    asked.withLock { $0 += 1 }
                    return false
                }
            )
        }
        #expect(result.notSent == .notPermitted)
        #expect(asked.withLock { $0 } == 1)
        while server.ended == 0 { await Task.yield() }
        #expect(server.bytes == 0)
        try await server.close()
    }

    @Test(arguments: ["", "nonsense", "ftp://x", "http://"])
    func noAddressIsNotSent(_ url: String) async throws {
        let result = try await withTransport { await $0.send(post(url)) }
        #expect(result.notSent == .invalidRequest)
    }

    @Test func afterShutdownNothingIsSent() async throws {
        let transport = HTTPTransport()
        await transport.shutdown()
        let result = await transport.send(post("http://127.0.0.1:1"))
        #expect(result.notSent == .noConnection)
    }

    @Test func waitingForAConnectionIsNotSent() async throws {
        let server = try await RawServer(.silence)
        let transport = HTTPTransport(.init(connectTimeout: .seconds(5), maxConnections: 1))
        async let first = transport.send(post(server.url, timeout: .seconds(2)))
        while server.requests.isEmpty { await Task.yield() }
        let second = await transport.send(post(server.url, timeout: .milliseconds(100)))
        #expect(second.notSent == .noConnection)
        #expect(await first.lost == .timeout)
        #expect(server.requests.count == 1)
        await transport.shutdown()
        try await server.close()
    }

    // MARK: Lost

    @Test func silenceIsATimeout() async throws {
        let (result, requests) = try await result(of: .silence, timeout: .seconds(1))
        #expect(result.lost == .timeout)
        #expect(requests.count == 1)
    }

    @Test func theDeadlineCoversTheWholeAnswer() async throws {
        let drip = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
        let (result, _) = try await result(of: .drip(drip), timeout: .milliseconds(300))
        #expect(result.lost == .timeout)
    }

    @Test func resetAfterReadingIsLost() async throws {
        let (result, requests) = try await result(of: .reset)
        #expect(result.lost == .connectionLost)
        #expect(requests.count == 1)
    }

    @Test func aCutAnswerIsLost() async throws {
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"
        let (result, requests) = try await result(of: .answerAndClose(cut))
        #expect(result.lost == .connectionLost)
        #expect(requests.count == 1)
    }

    @Test func longAnswersAreCutOff() async throws {
        let (result, _) = try await result(of: .endless, limit: 100_000)
        #expect(result.lost == .malformedAnswer)
    }

    @Test func whatIsNotHTTPIsMalformed() async throws {
        let (result, _) = try await result(of: .answer("hello\r\n\r\n"))
        #expect(result.lost == .malformedAnswer)
    }

    // MARK: Once

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreNotFollowed(_ status: Int) async throws {
        let server = try await RawServer(.answer(Self.answer))
        let redirect =
            "HTTP/1.1 \(status) Moved\r\nlocation: \(server.url)/\r\ncontent-length: 0\r\n\r\n"
        let (result, requests) = try await result(of: .answer(redirect))
        #expect(result == .answered(status: status, retryAfter: nil, body: []))
        #expect(requests.count == 1)
        #expect(server.requests.isEmpty)
        try await server.close()
    }

    /// The peer closes a kept connection as the second request arrives: it is lost, not sent again.
    @Test func aDeadConnectionGetsNoSecondTransmission() async throws {
        let server = try await RawServer(.answer(Self.answer), .reset, .answer(Self.answer))
        try await withTransport { transport in
            _ = await transport.send(post(server.url))
            let second = await transport.send(post(server.url))
            #expect(second.lost == .connectionLost)
            #expect(server.connections == 1)
            #expect(server.requests.count == 2)
        }
        try await server.close()
    }

    /// The peer closes between two requests: whatever is said of the second, it arrives at most once.
    @Test func aConnectionClosedBetweenRequestsIsHarmless() async throws {
        for _ in 0..<20 {
            let server = try await RawServer(.answerAndClose(Self.answer))
            try await withTransport { transport in
                _ = await transport.send(post(server.url))
                let second = await transport.send(post(server.url))
                let arrived = server.requests.count - 1
                #expect(arrived <= 1)
                if second.notSent != nil { #expect(arrived == 0) }
                if case .answered = second { #expect(arrived == 1) }
            }
            try await server.close()
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        let server = try await RawServer(.answer(Self.answer))
        try await withTransport { transport in
            for _ in 0..<10 { _ = await transport.send(post(server.url)) }
        }
        #expect(server.requests.count == 10)
        #expect(server.connections == 1)
        try await server.close()
    }
}

extension TransportResult {
    fileprivate var notSent: NotSentReason? {
        if case .notSent(let reason, _) = self { reason } else { nil }
    }

    fileprivate var lost: LostReason? {
        if case .lost(let reason, _) = self { reason } else { nil }
    }
}

import Testing

@testable import Aspayds

/// Which way requests take, and that a proxy that fails has been given nothing.
@Suite struct ProxyTests {
    // MARK: The variables

    private func route(
        _ address: String,
        _ environment: [String: String]
    ) throws -> HTTPProxy.Route {
        try HTTPProxy.route(to: address, in: environment)
    }

    private let proxy = HTTPProxy("http://proxy.example:3128")

    @Test func eachSchemeHasItsVariable() throws {
        let both = ["HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "other.example"]
        let found = try #require(proxy)
        #expect(
            try route("https://pay.example/api", both) == .through(found, variable: "HTTPS_PROXY")
        )
        let other = try #require(HTTPProxy("http://other.example:80"))
        #expect(try route("http://pay.example", both) == .through(other, variable: "HTTP_PROXY"))
        #expect(try route("https://pay.example", ["HTTP_PROXY": "x"]) == .direct)
        #expect(try route("https://pay.example", ["HTTPS_PROXY": ""]) == .direct)
        #expect(try route("no address", both) == .direct)
    }

    @Test func smallLettersComeFirst() throws {
        let both = [
            "HTTPS_PROXY": "http://old.example", "https_proxy": "http://proxy.example:3128",
        ]
        let found = try #require(proxy)
        #expect(try route("https://pay.example", both) == .through(found, variable: "https_proxy"))
    }

    @Test func thisMachineIsNeverProxied() throws {
        let environment = ["HTTPS_PROXY": "http://proxy.example:3128"]
        for host in ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST"] {
            #expect(
                try route("https://\(host):8443/api", environment)
                    == .excepted(variable: "HTTPS_PROXY")
            )
        }
        #expect(try route("https://localhost.example", environment) != .direct)
    }

    @Test(arguments: [
        "socks5://h:1", "https://h:1", "ftp://h", "http://", "http://h:0", "http://h:70000",
        "http://h/path", "http://h?q", "http://h#f", "h:p", "http://:3128", "http://a b:1",
    ])
    func whatIsNoProxyIsNamedWithoutItsValue(_ text: String) {
        let error = #expect(throws: HTTPProxy.Invalid.self) {
            try route("https://pay.example", ["https_proxy": text])
        }
        #expect("\(error?.description ?? "")" == "https_proxy must be \(HTTPProxy.allowed)")
    }

    @Test func aProxyIsShownWithoutItsLogin() throws {
        let proxy = try #require(HTTPProxy("http://amina:hush%40hush@[2001:db8::1]:3128/"))
        #expect(proxy.host == "2001:db8::1" && proxy.port == 3128)
        #expect("\(proxy)" == "http://[2001:db8::1]:3128")
        for text in [
            "\(proxy)", "\(Optional(proxy) as Any)", String(reflecting: proxy), dumped(proxy),
        ] {
            #expect(!text.contains("hush") && !text.contains("amina"))
        }
    }

    private func dumped(_ value: some Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }

    // MARK: NO_PROXY

    @Test(
        arguments: [
            ("*", "pay.example", true),
            ("pay.example", "pay.example", true),
            ("PAY.example", "pay.EXAMPLE.", true),
            ("pay.example", "api.pay.example", true),
            ("pay.example", "notpay.example", false),
            (".pay.example", "api.pay.example", true),
            (".pay.example", "pay.example", false),
            ("*.pay.example", "api.pay.example", true),
            ("other, pay.example", "pay.example", true),
            ("pay.example:443", "pay.example", true),
            ("pay.example:8443", "pay.example", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.30", false),
            ("10.0.0.0/9", "10.127.0.1", true),
            ("10.0.0.0/9", "10.128.0.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "pay.example", false),
            ("2001:db8::/32", "[2001:db8::5]", true),
            ("2001:db8::/33", "[2001:db8:8000::5]", false),
            ("[2001:db8::5]:443", "[2001:db8::5]", true),
            ("2001:db8::5", "2001:db8::5", true),
            ("10.0.0.0/33", "10.0.0.1", false),
            ("10.0.0.0/x, /8, :, ., [, ]", "10.0.0.1", false),
            ("", "pay.example", false),
        ] as [(String, String, Bool)]
    )
    func exceptions(_ list: String, _ host: String, _ isCovered: Bool) {
        #expect(ProxyExceptions(list).cover(host: host, port: 443) == isCovered)
    }

    // MARK: A proxy that fails

    private func send(
        through answer: RawServer.Behaviour,
        login: String = "",
        timeout: Duration = .seconds(1)
    ) async throws -> (TransportResult, requests: [String]) {
        let server = try await RawServer(answer)
        let address = server.url.replacing("http://", with: "http://\(login)")
        let transport = HTTPTransport(
            .init(connectTimeout: timeout, proxy: HTTPProxy(address))
        )
        let request = TransportRequest(
            method: .post,
            url: "https://pay.example/payout/request",
            headers: [("x-api-key", "the-key")],
            body: Array("{\"amount\":1}".utf8),
            timeout: .seconds(10),
            maxAnswerBytes: 1000
        )
        let result = await transport.send(request)
        await transport.shutdown()
        try await server.close()
        return (result, server.requests)
    }

    @Test(
        arguments: [
            (
                RawServer.Behaviour.answer(
                    "HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno"
                ),
                "wants another login (407)"
            ),
            (.answer("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"), "refuses the connection"),
            (.answer("HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n"), "refuses the connection"),
            (
                // Twice in one piece.
                .answer("HTTP/1.1 403 No\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
                "refuses the connection"
            ),
            (.answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), ""),
            (.answerAndClose(""), ""),
            (.reset, ""),
            (.silence, "does not answer"),
            (.endless, ""),
        ] as [(RawServer.Behaviour, String)]
    )
    func aProxyThatFailsWasGivenNothing(_ answer: RawServer.Behaviour, _ words: String) async throws
    {
        let (result, requests) = try await send(through: answer, login: "amina:hush%40@")
        guard case .notSent(_, let detail) = result else {
            return #expect(Bool(false), "\(result)")
        }
        if !words.isEmpty { #expect(detail.contains(words), "\(detail)") }
        #expect(!detail.contains("hush") && !detail.contains("amina"))
        // Neither the key nor the order, and once.
        #expect(requests.count == 1)
        #expect(requests[0].hasPrefix("CONNECT pay.example:443 HTTP/1.1\r\n"))
        #expect(requests[0].contains("Basic YW1pbmE6aHVzaEA="))
        #expect(!requests[0].contains("the-key") && !requests[0].contains("amount"))
    }

    @Test func aProxyThatLetsThroughToNobodyWasGivenNothing() async throws {
        // The tunnel stands, and TLS begins in it: nobody answers that.
        let (result, requests) = try await send(through: .answer("HTTP/1.1 200 OK\r\n\r\n"))
        guard case .notSent = result else { return #expect(Bool(false), "\(result)") }
        #expect(requests.count == 1)
    }

    @Test func aProxyThatIsNotThereIsNamed() async throws {
        let server = try await RawServer(.silence)
        let address = server.url
        try await server.close()
        let transport = HTTPTransport(.init(proxy: HTTPProxy(address)))
        let result = await transport.send(
            TransportRequest(
                method: .get,
                url: "https://pay.example/",
                headers: [],
                timeout: .seconds(5),
                maxAnswerBytes: 1
            )
        )
        await transport.shutdown()
        #expect(
            result == .notSent(.connectionFailed, detail: "no connection to the proxy \(address)")
        )
    }

    // MARK: Authorities

    @Test(arguments: ["SSL_CERT_FILE", "SSL_CERT_DIR"])
    func whatHoldsNoCertificatesIsNamed(_ variable: String) {
        for path in ["/no/such/place", "/etc/hostname"] {
            let error = #expect(throws: TrustRoots.Invalid.self) {
                try TrustRoots(environment: [variable: path])
            }
            #expect(error?.description == "\(variable): \(path) holds no certificates")
        }
        #expect(throws: Never.self) { try TrustRoots(environment: [variable: ""]) }
    }
}

import Aspayds
import InMemoryTracing
import Testing
import Tracing

/// Requests belong to the trace of whoever sends them, and their spans keep secrets.
@Suite struct RequestSpanTests {
    /// Answers everything alike, and keeps the headers.
    private actor Recorder: Transport {
        let result: TransportResult
        private(set) var headers: [[String: String]] = []

        init(_ result: TransportResult) { self.result = result }

        func send(_ request: TransportRequest) async -> TransportResult {
            headers.append(Dictionary(request.headers) { "\($0), \($1)" })
            return result
        }
    }

    private func client(_ transport: some Transport) -> AspaydsClient {
        AspaydsClient(
            baseURL: "https://user:hush@pay.example:8443/api?key=hush",
            credentials: Credentials(key: "hush-key", secret: "hush-secret"),
            transport: transport
        )
    }

    private func trace(
        _ result: TransportResult,
        _ call: (AspaydsClient) async throws(AspaydsError) -> some Any
    ) async throws -> (FinishedInMemorySpan, [String: String]) {
        let tracer = InMemoryTracer()
        let recorder = Recorder(result)
        let parent = await withTracer(tracer) {
            await tracer.withSpan("shop") { span in
                _ = try? await call(client(recorder))
                return span.spanID
            }
        }
        let span = try #require(tracer.finishedSpans.first { $0.kind == .client })
        #expect(span.parentSpanID == parent)
        let headers = try #require(await recorder.headers.first)
        #expect(headers[InMemoryTracer.spanIDKey] == span.spanID)
        #expect(headers["x-api-key"] == "hush-key")
        // swift-format-ignore: ReplaceForEachWithForLoop
        span.attributes.forEach { name, value in
            let text = "\(value)"
            #expect(!text.contains("hush") && !text.contains("0171234567"), "\(name)")
        }
        return (span, headers)
    }

    @Test func anAnswerIsDescribedByTheConventions() async throws {
        let (span, _) = try await trace(.answered(status: 200, retryAfter: nil, body: [])) {
            (client) throws(AspaydsError) in
            try await client.payoutMethods()
        }
        #expect(span.operationName == "GET /payout/methods")
        #expect(span.attributes.get("http.request.method") == .string("GET"))
        #expect(span.attributes.get("url.template") == .string("/payout/methods"))
        #expect(
            span.attributes.get("url.full")
                == .string("https://pay.example:8443/api/payout/methods")
        )
        #expect(span.attributes.get("server.address") == .string("pay.example"))
        #expect(span.attributes.get("server.port") == .int64(8443))
        #expect(span.attributes.get("http.response.status_code") == .int64(200))
        #expect(span.attributes.get("error.type") == nil && span.status == nil)
    }

    @Test(arguments: [
        (TransportResult.answered(status: 404, retryAfter: nil, body: []), "404"),
        (.answered(status: 503, retryAfter: nil, body: []), "503"),
        (.lost(.connectionLost, detail: "hush"), "connection_lost"),
        (.notSent(.tlsFailed, detail: "hush"), "tls_failed"),
    ])
    func aFailureSaysWhichAndNoMore(_ result: TransportResult, _ type: String) async throws {
        let (span, _) = try await trace(result) { (client) throws(AspaydsError) in
            // Somebody asks by what is not to be seen.
            try await client.payout("01712345678")
        }
        #expect(span.operationName == "GET /payout/{id}")
        #expect(span.attributes.get("error.type") == .string(type))
        #expect(span.status == SpanStatus(code: .error))
    }

    @Test func notesOfTheSenderAreInTheSpan() async throws {
        let (span, _) = try await trace(.lost(.timeout, detail: "")) {
            (client) throws(AspaydsError) in
            var context = InstrumentationContext.current ?? .topLevel
            context.requestNotes = RequestNotes(
                attributes: ["shop.order": "7"],
                links: [SpanLink(context: .topLevel, attributes: [:])]
            )
            let result = await InstrumentationContext.$current.withValue(context) {
                try? await client.payoutMethods()
            }
            return result
        }
        #expect(span.attributes.get("shop.order") == .string("7") && span.links.count == 1)
    }

    @Test func nothingIsAddedWhereNobodyTraces() async throws {
        let recorder = Recorder(.lost(.timeout, detail: ""))
        _ = try? await client(recorder).payoutMethods()
        let headers = try #require(await recorder.headers.first)
        #expect(Set(headers.keys) == ["x-api-key", "x-api-secret", "accept"])
    }
}

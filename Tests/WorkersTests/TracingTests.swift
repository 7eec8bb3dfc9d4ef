import Aspayds
import Contract
import Engine
import InMemoryTracing
import Kafka
import Telemetry
import Testing
import Tracing

@testable import Workers

/// The spans of a worker, where the process has a tracer.
@Suite(.serialized) struct TracingTests {
    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let sender = "b7ad6b7169203331"
    private static let headers = [
        Header(name: "traceparent", value: Array("00-\(traceID)-\(sender)-01".utf8)),
        Header(name: "baggage", value: Array("customer=01712345678".utf8)),
    ]

    /// Works on commands in a traced process until there are so many events.
    private func trace(
        _ references: [String],
        events count: Int,
        headers: [Header] = headers
    ) async throws -> (tracer: W3CTracer, events: [Event], requests: String) {
        let tracer = W3CTracer()
        var found: ([Event], String)?
        try await withTracer(tracer) {
            try await Stage.with { stage in
                found = try await stage.work { producer in
                    _ = await producer.send(references.map { stage.command($0, headers: headers) })
                    return (try await stage.events(count), try await stage.requests())
                }
            }
        }
        let (events, requests) = try #require(found)
        return (tracer, events, requests)
    }

    @Test func aCommandIsOneTrace() async throws {
        let (tracer, events, requests) = try await trace(["WD-1"], events: 1)
        let processing = try #require(tracer.spans("process aspayds.payout.commands").first)
        #expect(processing.traceID == Self.traceID && processing.parentSpanID == Self.sender)
        #expect(processing.kind == .consumer && processing.status == nil)
        let partition = try #require(processing.texts["messaging.destination.partition.id"])
        #expect(
            processing.texts == [
                "messaging.system": "kafka", "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": "aspayds.payout.commands",
                "messaging.destination.partition.id": partition, "messaging.kafka.offset": "0",
                "messaging.consumer.group.name": "g",
                "cloudevents.event_id": "aspayds.payout.commands/\(partition)/0",
                "cloudevents.event_type": "aspayds.payout.request", "aspayds.domain": "payout",
                "aspayds.reference": "WD-1", "aspayds.outcome": "requested",
                "aspayds.certainty": "accepted", "aspayds.attempt": "1",
            ]
        )
        let request = try #require(tracer.spans("POST /payout/request").first)
        #expect(request.traceID == Self.traceID && request.parentSpanID == processing.spanID)
        #expect(request.kind == .client && request.status == nil)
        let address = ["url.full", "server.port"].map { request.texts[$0] ?? "" }
        #expect(address[0] == "http://127.0.0.1:\(address[1])/api/payout/request")
        #expect(
            request.texts == [
                "http.request.method": "POST", "url.template": "/payout/request",
                "url.full": address[0], "server.address": "127.0.0.1", "server.port": address[1],
                "http.response.status_code": "201", "aspayds.domain": "payout",
                "aspayds.operation": "create", "aspayds.reference": "WD-1", "aspayds.attempt": "1",
            ]
        )
        #expect(requests.contains(request.traceparent))
        let publishing = try #require(tracer.spans("send aspayds.payout.events").first)
        #expect(publishing.traceID == Self.traceID)
        #expect(publishing.parentSpanID == processing.spanID && publishing.kind == .producer)
        #expect(publishing.texts["cloudevents.event_type"] == "aspayds.payout.requested")
        #expect(publishing.texts["messaging.kafka.message.key"] == "WD-1")
        #expect(publishing.texts["messaging.kafka.offset"] == "0")
        #expect(events.map(\.trace?.traceparent) == [publishing.traceparent])
        keepsSecrets(tracer)
        // What else the sender says in its trace is not for the provider.
        #expect(!requests.contains("baggage"))
    }

    /// Neither an account nor a credential is in any span.
    private func keepsSecrets(_ tracer: W3CTracer) {
        #expect(!tracer.spans.isEmpty && tracer.memory.activeSpans.isEmpty)
        for span in tracer.spans {
            for (name, text) in span.texts {
                #expect(!text.contains("01712345678") && !text.contains("sandbox"), "\(name)")
            }
            #expect(span.errors.isEmpty && span.events.isEmpty)
        }
    }

    @Test func aCommandWithoutATraceBeginsOne() async throws {
        let (tracer, events, _) = try await trace(["WD-1"], events: 1, headers: [])
        let processing = try #require(tracer.spans("process aspayds.payout.commands").first)
        #expect(processing.parentSpanID == nil)
        #expect(events.map(\.trace?.traceID) == [processing.traceID])
    }

    @Test func whatIsNotKnownIsAnErrorAndWhatIsRefusedIsNone() async throws {
        let references = ["SBX-TIMEOUT-1", "SBX-REFUSE-1"]
        let (tracer, events, _) = try await trace(references, events: 3)
        #expect(Set(events.map(\.kind)) == [.inDoubt, .refused, .requested])
        #expect(Set(events.map(\.trace?.traceID)) == [Self.traceID])
        let spans = Dictionary(
            tracer.spans("process aspayds.payout.commands").map {
                ($0.texts["aspayds.reference"] ?? "", $0)
            },
            uniquingKeysWith: { first, _ in first }
        )
        let doubt = try #require(spans["SBX-TIMEOUT-1"])
        #expect(doubt.status?.code == .error && doubt.texts["error.type"] == "timeout")
        #expect(doubt.texts["aspayds.certainty"] == "in_doubt")
        let refused = try #require(spans["SBX-REFUSE-1"])
        #expect(refused.status == nil && refused.texts["aspayds.outcome"] == "refused")
        #expect(refused.texts["aspayds.reason"] == "validation")
        // What was looked up, and said later, belongs to the same command.
        let confirming = try #require(tracer.spans("GET /payout/{id}").first)
        #expect(confirming.parentSpanID == doubt.spanID)
        #expect(confirming.texts["url.full"]?.hasSuffix("/api/payout/REDACTED") == true)
        #expect(confirming.texts["aspayds.operation"] == "status")
        let lost = tracer.spans("POST /payout/request").compactMap { $0.texts["error.type"] }
        #expect(Set(lost) == ["timeout", "422"])
        let told = tracer.spans("send aspayds.payout.events").filter {
            $0.texts["aspayds.reference"] == "SBX-TIMEOUT-1"
        }
        #expect(told.map(\.parentSpanID) == [doubt.spanID, doubt.spanID])
        keepsSecrets(tracer)
    }

    @Test func deadLettersAndForwardedCommandsHaveSpansToo() async throws {
        let tracer = W3CTracer()
        try await withTracer(tracer) {
            try await Stage.with { stage in
                var broken = stage.command("WD-1", headers: Self.headers)
                broken.value = Array(#"["01712345678"]"#.utf8)
                let away = 1 - stage.home("WD-2")
                let stray = stage.command("WD-2", partition: away, headers: Self.headers)
                let letters = try await stage.work { [broken] producer in
                    _ = await producer.send([broken, stray])
                    _ = try await stage.events(1)
                    return try await stage.records(1, in: stage.topics.deadLetters)
                }
                // It is as it came, with the trace of whoever sent it.
                let parents = letters.first?.headers.filter { $0.name == "traceparent" }
                #expect(parents == [Self.headers[0]])
            }
        }
        let processing = tracer.spans("process aspayds.payout.commands")
        let letter = try #require(processing.first { $0.texts["aspayds.outcome"] == "dead_letter" })
        #expect(letter.texts["error.type"] == "not_an_object" && letter.status?.code == .error)
        let buried = try #require(tracer.spans("send aspayds.dead-letters").first)
        #expect(buried.parentSpanID == letter.spanID)
        let stray = try #require(processing.first { $0.texts["aspayds.outcome"] == "forwarded" })
        let forwarded = try #require(tracer.spans("send aspayds.payout.commands").first)
        #expect(forwarded.parentSpanID == stray.spanID)
        #expect(processing.count == 3)
        keepsSecrets(tracer)
    }

    // MARK: Requests about many

    private func order(_ number: Int, traced: Bool) throws -> OrderSummary {
        let order = PayoutOrder(
            transactionReference: "WD-\(number)",
            payoutMethodID: 1,
            amount: Amount(thousandths: 500_000),
            recipientName: "Rahim",
            recipientAccount: "01712345678"
        )
        let parent = "00-0000000000000000000000000000000\(number)-000000000000000\(number)-01"
        let command = Command(
            id: "c\(number)",
            source: CommandSource(topic: "t", partition: 0, offset: Int64(number)),
            body: .requestPayout(PayoutCommand(order: order)),
            trace: traced ? TraceContext(traceparent: parent) : nil
        )
        return try #require(OrderSummary(command))
    }

    @Test(arguments: [([true], 0), ([true, true], 2), ([true, false], 1), ([false], 0)])
    func aRequestAboutManyIsLinkedToEach(_ traced: [Bool], _ links: Int) async throws {
        let tracer = W3CTracer()
        var orders: [RecordID: OrderSummary] = [:]
        for (index, traced) in traced.enumerated() {
            let id = RecordID(partition: 0, offset: Int64(index))
            orders[id] = try order(index + 1, traced: traced)
        }
        await withTracer(tracer) {
            let gateway = Gateway(
                domain: .payout,
                client: AspaydsClient(
                    credentials: Credentials(key: "k", secret: "s"),
                    transport: CannedTransport(status: 500, body: "{}")
                ),
                instruments: Instruments(.payout, MetricsRegistry()),
                spans: SpanMaker(.payout, group: "g")
            )
            _ = await gateway.lookUp(orders)
        }
        let span = try #require(tracer.spans("POST /payout/batch/status").first)
        #expect(span.links.count == links)
        #expect(span.parentSpanID == (traced == [true] ? "0000000000000001" : nil))
        #expect(span.texts["aspayds.operation"] == "batch_status")
        #expect(span.texts["error.type"] == "500" && span.status?.code == .error)
        #expect((span.texts["aspayds.reference"] != nil) == (traced.count == 1))
    }

    // MARK: Without a tracer

    @Test func nothingIsMadeWhereNobodyTraces() throws {
        let spans = SpanMaker(.payout, group: "g")
        let event = Event(domain: .payout, kind: .requested, id: "i", reference: "R", occurredAt: 0)
        #expect(spans.publishing(event, to: "t") == nil)
        #expect(spans.context(of: .create, about: [.init(reference: "R", trace: nil)]) == nil)
        let trace = TraceContext(traceparent: "00-\(Self.traceID)-\(Self.sender)-01")
        let one = SpanMaker.Subject(reference: "R", trace: trace)
        #expect(spans.context(of: .create, about: [one])?.trace == trace)
        #expect(spans.context(of: .batchStatus, about: [one, one])?.trace == nil)
    }

    @Test func thePropagatorPassesBothHeadersOn() {
        let propagator = TraceContextPropagator()
        let headers = [
            "traceparent": "00-\(Self.traceID)-\(Self.sender)-01", "tracestate": "a=1",
            "baggage": "b=2",
        ]
        var context = InstrumentationContext.topLevel
        propagator.extract(headers, into: &context, using: TraceCarrier())
        var passed: [String: String] = [:]
        propagator.inject(context, into: &passed, using: TraceCarrier())
        #expect(passed == headers.filter { $0.key != "baggage" })
        var nothing: [String: String] = [:]
        propagator.inject(.topLevel, into: &nothing, using: TraceCarrier())
        #expect(nothing.isEmpty)
    }
}

import Contract
import JSON
import Testing

/// Which trace a message belongs to, by the recommendation "Trace Context" of the W3C.
@Suite struct TraceContextTests {
    private static let ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
    private static let zeros = String(repeating: "0", count: 16)

    @Test(arguments: [
        ("00-\(ids)-01", "00-\(ids)-01"), ("00-\(ids)-00", "00-\(ids)-00"),
        ("00-\(ids)-ff", "00-\(ids)-ff"),
        ("00-\(zeros)8448eb211c80319c-b7ad6b7169203331-03", nil),
        ("00-0af7651916cd43dd\(zeros)-0000000000000001-01", nil),
        // Of later versions what is known is read, and the rest left out.
        ("01-\(ids)-03", "00-\(ids)-01"), ("cc-\(ids)-02-what-comes-later", "00-\(ids)-00"),
    ])
    func readsAndWrites(_ text: String, _ written: String?) throws {
        let trace = try #require(TraceContext(traceparent: text))
        #expect(trace.traceparent == written ?? text)
        #expect(trace.traceID == text.dropFirst(3).prefix(32))
    }

    @Test(arguments: [
        "", "00", "00-\(ids)", "00-\(ids)-", "00-\(ids)-0", "00-\(ids)-01-", "00-\(ids)-01-x",
        "00-\(ids)-011", " 00-\(ids)-01", "00-\(ids)-01 ", "00-\(ids.uppercased())-01",
        "00-\(ids)-0G", "00_\(ids)-01", "0-\(ids)-01", "ff-\(ids)-01", "01-\(ids)-01x",
        "00-\(zeros)\(zeros)-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-\(zeros)-01",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033311-01", "00-1-2-01", "é",
    ])
    func passesOver(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test(
        arguments: [
            ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true), ("a@b=c d", true), ("", false),
            (String(repeating: "s", count: 512), true), (String(repeating: "s", count: 513), false),
            ("a=1\r\nx-api-key: 2", false), ("a=é", false), ("a=\u{0}", false),
        ]
    )
    func keepsAStateThatMayStandInAHeader(_ state: String, _ isKept: Bool) {
        let trace = TraceContext(traceparent: traceparent, tracestate: state)
        #expect(trace?.traceparent == traceparent)
        #expect(trace?.tracestate == (isKept ? state : nil))
    }

    // MARK: Commands

    private func trace(
        _ value: String = command(.payment),
        _ headers: [(String, String)]
    ) -> TraceContext? {
        switch decode(.payment, value, headers: headers) {
        case .success(let command): command.trace
        case .failure(let rejection): rejection.trace
        }
    }

    private static let other = "00-11111111111111111111111111111111-2222222222222222-00"

    @Test(
        arguments: [
            // Bare JSON may have the headers all the same.
            ([("traceparent", traceparent), ("tracestate", "a=1")], traceparent, "a=1"),
            // The extension of CloudEvents, where the transport says nothing of its own.
            ([("ce_traceparent", traceparent), ("ce_tracestate", "a=1")], traceparent, "a=1"),
            (
                [
                    ("ce_traceparent", other), ("ce_tracestate", "a=1"),
                    ("traceparent", traceparent),
                ], traceparent, nil
            ),
            ([("traceparent", "00-x"), ("ce_traceparent", traceparent)], traceparent, nil),
            // As the Java client reads a header that is there twice.
            ([("traceparent", other), ("traceparent", traceparent)], traceparent, nil),
            ([("tracestate", "a=1")], nil, nil), ([("traceparent", "00-x")], nil, nil),
        ] as [([(String, String)], String?, String?)]
    )
    func isReadFromHeaders(_ headers: [(String, String)], _ parent: String?, _ state: String?) {
        let found = trace(headers)
        #expect(found?.traceparent == parent && found?.tracestate == state)
    }

    private func trace(_ headers: [(String, String)]) -> TraceContext? {
        trace(command(.payment), headers)
    }

    @Test func isReadFromAStructuredEvent() {
        let type = [("content-type", "application/cloudevents+json")]
        let named = #""traceparent":"\#(traceparent)","tracestate":"a=1""#
        let event =
            #"{"specversion":"1.0","id":"e1","source":"/s","type":"aspayds.payment.create","#
        let data = #""data":\#(command(.payment))}"#
        #expect(
            trace("\(event)\(named),\(data)", type)
                == TraceContext(traceparent: traceparent, tracestate: "a=1")
        )
        #expect(trace("\(event)\"traceparent\":5,\(data)", type) == nil)
        let header = [("traceparent", Self.other)]
        #expect(trace("\(event)\(named),\(data)", type + header)?.traceparent == Self.other)
        // Whatever else may be wrong with it.
        #expect(trace("{\(named),\(data)", type)?.traceparent == traceparent)
    }

    @Test func staysWithWhatIsRejected() {
        let headers = [("traceparent", traceparent)]
        for value in [
            "", "no JSON", command(.payment, "amount", "-1"), command(.payment, "x", "1"),
        ] {
            #expect(
                decode(.payment, value, headers: headers).failure?.trace?.traceparent == traceparent
            )
        }
    }

    // MARK: What is published

    private func headers(_ record: EncodedRecord) -> [String] {
        record.headers.compactMap { header in
            guard header.name.hasPrefix("trace") else { return nil }
            return "\(header.name)=\(String(decoding: header.value ?? [], as: UTF8.self))"
        }
    }

    @Test func isInEventsAndNotifications() throws {
        let event = EventTests.full
        let told = ["traceparent=\(traceparent)", "tracestate=a=1"]
        #expect(headers(event.encoded()) == told)
        let notification = try #require(Notification(event))
        #expect(headers(notification.encoded()) == told)
        let span = try #require(TraceContext(traceparent: Self.other))
        #expect(headers(event.encoded(within: span)) == ["traceparent=\(Self.other)"])
        #expect(headers(notification.encoded(within: span)) == ["traceparent=\(Self.other)"])
        var untraced = event
        untraced.trace = nil
        #expect(headers(untraced.encoded()) == [])
        #expect(headers(try #require(Notification(untraced)).encoded()) == [])
    }

    @Test func isAddedToADeadLetterWhoseHeadersNameNone() {
        func letter(_ given: [(name: String, value: [UInt8]?)], _ trace: TraceContext?) -> [String]
        {
            let rejection = Rejection(
                code: .notJSON,
                message: "m",
                commandID: "c",
                source: source,
                trace: trace
            )
            let record = DeadLetter.encoded(
                key: nil,
                value: nil,
                headers: given,
                source: source,
                rejection: rejection,
                now: 0
            )
            return headers(record)
        }
        let trace = TraceContext(traceparent: traceparent)
        #expect(letter([], trace) == ["traceparent=\(traceparent)"])
        #expect(letter([], nil) == [])
        let own = [(name: "traceparent", value: Optional(Array(Self.other.utf8)))]
        #expect(letter(own, trace) == ["traceparent=\(Self.other)"])
    }
}

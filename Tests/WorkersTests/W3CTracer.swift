import Contract
import InMemoryTracing
import Tracing

@testable import Workers

/// A tracer that keeps its spans, and passes their context on as most do: by W3C Trace Context.
struct W3CTracer: Tracer {
    let memory = InMemoryTracer(
        idGenerator: .init(
            nextTraceID: { hexadecimal(.random(in: 1 ... .max)) + hexadecimal(0) },
            nextSpanID: { hexadecimal(.random(in: 1 ... .max)) }
        )
    )

    /// The spans that have ended.
    var spans: [FinishedInMemorySpan] { memory.finishedSpans }

    /// Those of a name.
    func spans(_ name: String) -> [FinishedInMemorySpan] {
        spans.filter { $0.operationName == name }
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> InMemorySpan {
        memory.startSpan(
            operationName,
            context: context(),
            ofKind: kind,
            at: instant(),
            function: function,
            file: fileID,
            line: line
        )
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context.baggage = extractor.extract(key: "baggage", from: carrier)
        let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-")
        guard let parts, parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(
            traceID: String(parts[1]),
            spanID: String(parts[2]),
            parentSpanID: nil
        )
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        let parent = "00-\(span.traceID)-\(span.spanID)-01"
        injector.inject(parent, forKey: "traceparent", into: &carrier)
        guard let baggage = context.baggage else { return }
        injector.inject(baggage, forKey: "baggage", into: &carrier)
    }
}

extension InstrumentationContext {
    private enum BaggageKey: InstrumentationContextKey {
        typealias Value = String
    }

    fileprivate var baggage: String? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}

private func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

extension FinishedInMemorySpan {
    /// Its attributes as texts.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        // swift-format-ignore: ReplaceForEachWithForLoop
        attributes.forEach { name, value in
            texts[name] =
                switch value {
                case .string(let text): text
                case .int32(let number): String(number)
                case .int64(let number): String(number)
                default: "\(value)"
                }
        }
        return texts
    }

    /// The header that its context is passed on by.
    var traceparent: String { "00-\(traceID)-\(spanID)-01" }
}

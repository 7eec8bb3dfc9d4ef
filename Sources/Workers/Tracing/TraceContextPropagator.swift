import Contract
package import Tracing

/// Carries W3C Trace Context on where the process has no tracer that does.
package struct TraceContextPropagator: Instrument {
    package init() {}

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: TraceContext.parentHeader, from: carrier) else {
            return
        }
        let state = extractor.extract(key: TraceContext.stateHeader, from: carrier)
        context.trace = TraceContext(traceparent: parent, tracestate: state)
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.traceparent, forKey: TraceContext.parentHeader, into: &carrier)
        guard let state = trace.tracestate else { return }
        injector.inject(state, forKey: TraceContext.stateHeader, into: &carrier)
    }
}

extension InstrumentationContext {
    private enum TraceKey: InstrumentationContextKey {
        typealias Value = TraceContext
    }

    /// The trace of the message that is worked on.
    var trace: TraceContext? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }
}

/// The two headers, between a message and whatever instrument there is; no other passes.
struct TraceCarrier: Extractor, Injector {
    func extract(key: String, from headers: [String: String]) -> String? { headers[key] }

    func inject(_ value: String, forKey key: String, into headers: inout [String: String]) {
        guard key == TraceContext.parentHeader || key == TraceContext.stateHeader else { return }
        headers[key] = value
    }
}

extension TraceContext {
    /// What an instrument tells others of a context; nil where that is nothing.
    init?(_ context: InstrumentationContext, _ instrument: some Instrument) {
        var headers: [String: String] = [:]
        instrument.inject(context, into: &headers, using: TraceCarrier())
        guard let parent = headers[Self.parentHeader] else { return nil }
        self.init(traceparent: parent, tracestate: headers[Self.stateHeader])
    }

    /// Lets an instrument see the trace.
    func extract(into context: inout InstrumentationContext, _ instrument: some Instrument) {
        var headers = [Self.parentHeader: traceparent]
        headers[Self.stateHeader] = tracestate
        instrument.extract(headers, into: &context, using: TraceCarrier())
    }
}

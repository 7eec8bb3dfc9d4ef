import Tracing
import Workers

/// What the process traces with.
enum ProcessTracing {
    /// Every message goes on in the trace that it came in; nothing is exported.
    ///
    /// To have spans as well, give a tracer here that propagates W3C Trace Context, and run what it
    /// exports with beside the services of ``WorkerProcess``: the worker makes the spans wherever
    /// there is one.
    static func bootstrap() {
        InstrumentationSystem.bootstrap(TraceContextPropagator())
    }
}

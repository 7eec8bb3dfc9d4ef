import Contract
import Kafka
import Synchronization
import Tracing

/// A span of a worker; it ends once, at the latest when nobody holds it any more.
final class WorkSpan: Sendable {
    private let span: any Span
    private let isEnded = Atomic(false)
    /// The trace in which what comes of it is told to others.
    let trace: TraceContext?

    init(_ span: any Span, _ trace: TraceContext?) {
        self.span = span
        self.trace = trace
    }

    deinit { end() }

    /// Ends it.
    func end() {
        if !isEnded.exchange(true, ordering: .relaxed) { span.end() }
    }

    /// Ends it with what Kafka said of a message.
    func end(_ report: DeliveryReport) {
        switch report {
        case .success(let place):
            span.updateAttributes { attributes in
                attributes["messaging.destination.partition.id"] = String(place.partition)
                attributes["messaging.kafka.offset"] = place.offset
            }
        case .failure(let error): fail(error.name)
        }
        end()
    }

    /// Notes what a command was answered with.
    func note(_ event: Event) {
        span.updateAttributes { attributes in
            attributes["aspayds.outcome"] = event.kind.rawValue
            attributes["aspayds.certainty"] = event.certainty?.rawValue
            attributes["aspayds.attempt"] = event.attempt
            attributes["aspayds.reason"] = event.reason?.code
        }
        // A refusal is an answer like any other; that nobody knows the outcome is a failure.
        switch event.kind {
        case .inDoubt, .needsReview: fail(event.reason?.code ?? event.kind.rawValue)
        default: break
        }
    }

    /// Notes that a record was not a command.
    func note(_ rejection: Rejection) {
        span.attributes["aspayds.outcome"] = "dead_letter"
        fail(rejection.code.rawValue)
    }

    /// Notes that a command was sent on to its home partition.
    func noteForwarded() {
        span.attributes["aspayds.outcome"] = "forwarded"
    }

    private func fail(_ type: String) {
        span.attributes["error.type"] = type
        span.setStatus(SpanStatus(code: .error))
    }
}

import Aspayds
import Contract
import Tracing

extension Gateway {
    typealias Subject = SpanMaker.Subject

    /// Sends a request, counted and timed, within the trace of what it is about.
    func request<Answer: Sendable>(
        _ operation: Instruments.Operation,
        about subjects: some Collection<Subject>,
        attempt: Int? = nil,
        _ send: () async throws(AspaydsError) -> Answer
    ) async throws(AspaydsError) -> Answer {
        guard let context = spans.context(of: operation, about: subjects, attempt: attempt) else {
            return try await instruments.timed(operation, send)
        }
        let result = await InstrumentationContext.$current.withValue(context) {
            () async -> Result<Answer, AspaydsError> in
            do throws(AspaydsError) {
                return .success(try await instruments.timed(operation, send))
            } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension SpanMaker.Subject {
    init(_ command: Command) { self.init(reference: command.reference, trace: command.trace) }

    init(_ order: OrderSummary) { self.init(reference: order.reference, trace: order.trace) }
}

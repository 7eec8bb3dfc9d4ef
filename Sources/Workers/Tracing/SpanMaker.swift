import Aspayds
import Contract
import Kafka
import Tracing

/// Makes the spans of a worker, by OpenTelemetry's conventions for messaging, where the process has a
/// tracer; where it has none, every message stays in the trace that it came in.
struct SpanMaker: Sendable {
    /// What a request to the provider is about.
    struct Subject: Sendable {
        var reference: String?
        var trace: TraceContext?
    }

    private let domain: Domain
    private let group: String
    private let instrument: any Instrument
    /// Nil where nobody traces: nothing is made then.
    private let tracer: (any Tracer)?

    /// A maker that uses what the process has at this moment.
    init(_ domain: Domain, group: String) {
        self.domain = domain
        self.group = group
        instrument = InstrumentationSystem.instrument
        let tracer = InstrumentationSystem.tracer
        self.tracer = tracer is NoOpTracer ? nil : tracer
    }

    // MARK: Messages

    /// Begins the processing of a command, which ends with its answer.
    func processing(_ command: Command, in record: Record) -> WorkSpan? {
        processing(record, within: command.trace) { attributes in
            attributes["cloudevents.event_id"] = command.id
            attributes["cloudevents.event_type"] = command.type
            attributes["aspayds.reference"] = command.reference
        }
    }

    /// Begins the processing of a record that breaks the contract.
    func processing(_ rejection: Rejection, in record: Record) -> WorkSpan? {
        processing(record, within: rejection.trace) { attributes in
            attributes["aspayds.reference"] = rejection.reference
        }
    }

    private func processing(
        _ record: Record,
        within trace: TraceContext?,
        _ describe: (inout SpanAttributes) -> Void
    ) -> WorkSpan? {
        start("process", .consumer, record.topic, within: trace) { attributes in
            attributes["messaging.consumer.group.name"] = group
            attributes["messaging.destination.partition.id"] = String(record.partition)
            attributes["messaging.kafka.offset"] = record.offset
            describe(&attributes)
        }
    }

    /// Begins the publication of an event, or of a notification of it.
    func publishing(_ event: Event, to topic: String) -> WorkSpan? {
        start("send", .producer, topic, within: event.trace) { attributes in
            attributes["cloudevents.event_id"] = event.id
            attributes["cloudevents.event_type"] = event.type
            attributes["messaging.kafka.message.key"] = event.reference
            attributes["aspayds.reference"] = event.reference
            attributes["aspayds.attempt"] = event.attempt
        }
    }

    /// Begins the publication of a record as it came.
    func publishing(to topic: String, within trace: TraceContext?) -> WorkSpan? {
        start("send", .producer, topic, within: trace) { _ in }
    }

    private func start(
        _ operation: String,
        _ kind: SpanKind,
        _ topic: String,
        within trace: TraceContext?,
        _ describe: (inout SpanAttributes) -> Void
    ) -> WorkSpan? {
        guard let tracer else { return nil }
        let span = tracer.startSpan(
            "\(operation) \(topic)",
            context: context(within: trace),
            ofKind: kind
        )
        if span.isRecording {
            span.updateAttributes { attributes in
                attributes["messaging.system"] = "kafka"
                attributes["messaging.operation.name"] = operation
                attributes["messaging.operation.type"] = operation
                attributes["messaging.destination.name"] = topic
                attributes["aspayds.domain"] = domain.rawValue
                describe(&attributes)
            }
        }
        return WorkSpan(span, TraceContext(span.context, instrument) ?? trace)
    }

    // MARK: Requests

    /// The context in which a request is sent, which is nil where nothing is to be told.
    ///
    /// It belongs to the trace of what it is about, if that is one thing.
    func context(
        of operation: Instruments.Operation,
        about subjects: some Collection<Subject>,
        attempt: Int? = nil
    ) -> InstrumentationContext? {
        let only = subjects.count == 1 ? subjects.first : nil
        guard tracer != nil else { return only?.trace.map(context) }
        var attributes: SpanAttributes = [
            "aspayds.domain": .string(domain.rawValue),
            "aspayds.operation": .string(operation.rawValue),
        ]
        attributes["aspayds.reference"] = only?.reference
        attributes["aspayds.attempt"] = attempt
        var context = context(within: only?.trace)
        context.requestNotes = RequestNotes(
            attributes: attributes,
            links: only == nil ? links(to: subjects) : []
        )
        return context
    }

    private func links(to subjects: some Collection<Subject>) -> [SpanLink] {
        Set(subjects.compactMap(\.trace)).map {
            SpanLink(context: context(within: $0), attributes: [:])
        }
    }

    private func context(within trace: TraceContext?) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        guard let trace else { return context }
        context.trace = trace
        if tracer != nil { trace.extract(into: &context, instrument) }
        return context
    }
}

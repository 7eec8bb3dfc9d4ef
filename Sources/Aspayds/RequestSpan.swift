public import Tracing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the span of a request says beside what the client knows; set by whoever sends it.
public struct RequestNotes: Sendable {
    /// More attributes.
    public var attributes: SpanAttributes
    /// What the request is about, where that is more than one thing.
    public var links: [SpanLink]

    /// Notes for the spans of requests.
    public init(attributes: SpanAttributes = [:], links: [SpanLink] = []) {
        self.attributes = attributes
        self.links = links
    }
}

extension InstrumentationContext {
    private enum NotesKey: InstrumentationContextKey {
        typealias Value = RequestNotes
        static let nameOverride: String? = "aspayds-request-notes"
    }

    /// What the spans of requests say that are sent within this context.
    public var requestNotes: RequestNotes? {
        get { self[NotesKey.self] }
        set { self[NotesKey.self] = newValue }
    }
}

/// The span of one request, by OpenTelemetry's conventions for HTTP clients.
///
/// Neither headers nor bodies are in it, and of an address only the form: an id that somebody asks
/// for may be anything.
struct RequestSpan {
    private let span: any Span

    /// The context within which the request is sent.
    var context: InstrumentationContext { span.context }

    /// Begins a span; nil where nobody traces.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - template: The path, with `{id}` for an id.
    ///   - baseURL: What comes before the path.
    init?(_ method: TransportRequest.Method, _ template: String, of baseURL: String) {
        let tracer = InstrumentationSystem.tracer
        if tracer is NoOpTracer { return nil }
        span = tracer.startSpan("\(method.rawValue) \(template)", ofKind: .client)
        guard span.isRecording else { return }
        let notes = span.context.requestNotes ?? RequestNotes()
        for link in notes.links { span.addLink(link) }
        span.updateAttributes { attributes in
            attributes.merge(notes.attributes)
            attributes["http.request.method"] = method.rawValue
            attributes["url.template"] = template
            guard var url = URLComponents(string: baseURL) else { return }
            (url.user, url.password, url.query) = (nil, nil, nil)
            let base = url.string ?? ""
            attributes["url.full"] = base + template.replacing("{id}", with: "REDACTED")
            attributes["server.address"] = url.host
            attributes["server.port"] = url.port ?? (url.scheme == "http" ? 80 : 443)
        }
    }

    /// Ends the span with what became of the request.
    func end(_ result: TransportResult) {
        switch result {
        case .answered(let status, _, _):
            span.attributes["http.response.status_code"] = status
            if status >= 400 { fail(String(status)) }
        case .notSent(let reason, _): fail(reason.code.rawValue)
        case .lost(let reason, _): fail(reason.code.rawValue)
        }
        span.end()
    }

    private func fail(_ type: String) {
        span.attributes["error.type"] = type
        span.setStatus(SpanStatus(code: .error))
    }
}

/// Puts what an instrument wants to be known elsewhere into the headers of a request.
struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout [(String, String)]) {
        headers.append((key, value))
    }
}

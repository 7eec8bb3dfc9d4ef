import JSON

extension TraceContext {
    /// The trace in the headers of a record: the transport's own, or that of the CloudEvent, whose
    /// extension has the same names.
    init?(_ headers: [(name: String, value: [UInt8]?)]) {
        func last(_ name: String) -> [UInt8]? { headers.last { $0.name == name }?.value }
        for prefix in ["", "ce_"] {
            guard let parent = last(prefix + Self.parentHeader) else { continue }
            guard let trace = Self(parent, state: last(prefix + Self.stateHeader)) else { continue }
            self = trace
            return
        }
        return nil
    }

    /// The trace that a CloudEvent names in structured mode.
    init?(_ event: JSONObject) {
        guard let parent = event[Self.parentHeader]?.text else { return nil }
        self.init(traceparent: parent, tracestate: event[Self.stateHeader]?.text)
    }

    /// The headers of a record.
    var headers: [(name: String, value: [UInt8]?)] {
        let parent = (name: Self.parentHeader, value: Optional(Array(traceparent.utf8)))
        guard let tracestate else { return [parent] }
        return [parent, (Self.stateHeader, Array(tracestate.utf8))]
    }

    /// The fields of a ledger record.
    func write(to w: inout JSONWriter) {
        w.field(Self.parentHeader, traceparent)
        w.field(Self.stateHeader, tracestate)
    }

    init?(_ fields: RecordFields) throws(UnreadableRecord) {
        guard let parent = try fields.text(Self.parentHeader) else { return nil }
        self.init(traceparent: parent, tracestate: try fields.text(Self.stateHeader))
    }
}

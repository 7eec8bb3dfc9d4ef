package import JSON

extension WorkerStatus {
    /// The `ce_type`.
    package var type: String { kind.type }

    /// The record: CloudEvents in binary mode, keyed by the process.
    package func encoded() -> EncodedRecord {
        let time = RFC3339.format(at)
        let fields = [
            ("ce_specversion", "1.0"), ("ce_id", "\(worker)/\(number)"),
            ("ce_source", "/aspayds-worker"), ("ce_type", type), ("ce_time", time),
            ("content-type", "application/json"),
        ]
        return EncodedRecord(
            key: Array(worker.utf8),
            value: value(time: time),
            headers: fields.map { ($0.0, Array($0.1.utf8)) }
        )
    }

    private func value(time: String) -> [UInt8] {
        JSONWriter.object { w in
            w.field("worker", worker)
            w.field("number", number)
            w.field("at", time)
            w.field("domain", domain?.rawValue)
            w.field("message", message)
            w.field(Reference.field, reference)
            w.field("partition", partition)
            if let deadLetter { w.object("dead_letter") { deadLetter.write(to: &$0) } }
            guard let process else { return }
            w.field("version", process.version)
            w.field("host", process.host)
            w.field("started_at", RFC3339.format(process.startedAt))
            w.array("roles") { w in for role in process.roles { w.string(role) } }
            for (domain, figures) in process.domains.sorted(by: {
                $0.key.rawValue < $1.key.rawValue
            }) {
                w.object(domain.plural) { figures.write(to: &$0, now: at) }
            }
        }
    }
}

extension ReplayedLetter {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("topic", place.topic)
        w.field("partition", place.partition)
        w.field("offset", place.offset)
        w.field("time", RFC3339.format(time))
    }
}

extension WorkerStatus.Kind {
    /// The `ce_type` of such a record.
    package var type: String { WorkerStatus.typePrefix + rawValue }
}

extension DomainFigures {
    /// Writes the fields of an object; ages are those of a moment, in milliseconds since 1970.
    package func write(to w: inout JSONWriter, now: Int64) {
        w.array("partitions") { w in for number in partitions { w.raw("\(number)") } }
        w.array("stopped_partitions") { w in for number in stoppedPartitions { w.raw("\(number)") }
        }
        w.field("lag", lag)
        w.field("unfinished", unfinished)
        w.field("waiting", waiting)
        w.field("in_flight", inFlight)
        w.field("rate_limit", raw: JSONWriter.decimal(rateLimit))
        w.field("rate_allowed", raw: JSONWriter.decimal(rateAllowed))
        w.field("rate_used", raw: JSONWriter.decimal(rateUsed))
        if let rateShare { w.object(RateShare.field) { rateShare.write(to: &$0) } }
        w.field("breaker", breaker ?? "closed")
        w.field("sending", sending ?? "on")
        if let paused { w.object("paused") { paused.write(to: &$0) } }
        if let rateOrdered { w.object("rate_ordered") { rateOrdered.writeLimit(to: &$0) } }
        w.object("provider_latency_ms") { provider.write(to: &$0) }
        w.object("command_latency_ms") { command.write(to: &$0) }
        w.object("outcomes") { $0.counts(outcomes) }
        w.field("dead_letters", deadLetters)
        w.field("forwarded", forwarded)
        w.field("in_doubt", inDoubt)
        w.field("oldest_in_doubt_seconds", oldestInDoubt.map { Self.age($0, now) })
        w.field("in_review", inReview)
        w.field("oldest_in_review_seconds", oldestInReview.map { Self.age($0, now) })
        w.field("tracked", tracked)
        w.field("restored_records", restored)
        w.field("records_to_restore", toRestore)
        if let lastError {
            w.object("last_error") { w in
                w.field("message", lastError)
                w.field("at", lastErrorAt.map(RFC3339.format))
            }
        }
        w.field("figures_at", RFC3339.format(at))
    }

    private static func age(_ time: Int64, _ now: Int64) -> Int64 { max(0, (now - time) / 1000) }
}

extension DomainFigures.Latency {
    fileprivate func write(to w: inout JSONWriter) {
        w.field("p50", raw: p50.map(JSONWriter.decimal))
        w.field("p90", raw: p90.map(JSONWriter.decimal))
        w.field("p99", raw: p99.map(JSONWriter.decimal))
        w.field("max", raw: max.map(JSONWriter.decimal))
        w.field("count", count)
    }
}

extension JSONWriter {
    /// A number with at most three decimals.
    package static func decimal(_ number: Double) -> String {
        let thousandths = (number * 1000).rounded()
        guard thousandths.magnitude < 1e15 else { return "0" }
        let whole = Int64(thousandths)
        return whole % 1000 == 0 ? "\(whole / 1000)" : "\(Double(whole) / 1000)"
    }

    /// Writes a field for each count, by name.
    package mutating func counts(_ counts: [String: Int64]) {
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { field(name, count) }
    }
}

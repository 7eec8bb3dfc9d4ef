import JSON

extension WorkerStatus {
    /// Reads a record of the topic `worker.status`.
    ///
    /// Figures that another version does not tell are those of nothing done.
    package init(
        type: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?
    ) throws(UnreadableRecord) {
        let type = type.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard type.hasPrefix(Self.typePrefix),
            let kind = Kind(rawValue: String(type.dropFirst(Self.typePrefix.count)))
        else { throw UnreadableRecord(what: "no such status: \(type.prefix(64))") }
        guard let value else { throw UnreadableRecord(what: "no value") }
        let fields = try RecordFields(value: value)
        let at = try fields.requiredTime("at")
        self.init(
            worker: try fields.required("worker"),
            kind: kind,
            number: try fields.requiredInteger("number"),
            at: at,
            domain: try fields.word("domain"),
            message: try fields.text("message"),
            reference: try fields.text(Reference.field),
            partition: try fields.integer("partition"),
            deadLetter: try fields.object("dead_letter").map(ReplayedLetter.init),
            process: kind == .heartbeat ? try ProcessFigures(fields, at: at) : nil
        )
    }
}

extension ReplayedLetter {
    init(_ fields: RecordFields) throws(UnreadableRecord) {
        self.init(
            place: CommandSource(
                topic: try fields.required("topic"),
                partition: try fields.requiredInteger("partition"),
                offset: try fields.requiredInteger("offset")
            ),
            time: try fields.requiredTime("time")
        )
    }
}

extension ProcessFigures {
    init(_ fields: RecordFields, at: Int64) throws(UnreadableRecord) {
        self.init(
            version: try fields.required("version"),
            host: try fields.required("host"),
            startedAt: try fields.time("started_at") ?? at,
            roles: try fields.list("roles") { $0.text }
        )
        for domain in Domain.allCases {
            guard let figures = try fields.object(domain.plural) else { continue }
            domains[domain] = try DomainFigures(figures, domain, at: at)
        }
    }
}

extension DomainFigures {
    init(_ fields: RecordFields, _ domain: Domain, at: Int64) throws(UnreadableRecord) {
        self.init()
        partitions = try fields.list("partitions") { $0.integer() }
        stoppedPartitions = try fields.list("stopped_partitions") { $0.integer() }
        lag = try fields.integer("lag")
        unfinished = try fields.integer("unfinished") ?? 0
        waiting = try fields.integer("waiting") ?? 0
        inFlight = try fields.integer("in_flight") ?? 0
        rateLimit = try fields.number("rate_limit") ?? 0
        rateAllowed = try fields.number("rate_allowed") ?? 0
        rateUsed = try fields.number("rate_used") ?? 0
        breaker = try fields.text("breaker").flatMap { $0 == "closed" ? nil : $0 }
        sending = try fields.text("sending").flatMap { $0 == "on" ? nil : $0 }
        paused = try fields.order("paused", .flow(domain, isPaused: true))
        let limit = try fields.object("rate_ordered")?.number("limit")
        rateOrdered = try fields.order("rate_ordered", .rate(limit))
        provider = try Latency(fields.object("provider_latency_ms"))
        command = try Latency(fields.object("command_latency_ms"))
        outcomes = try fields.counts("outcomes")
        deadLetters = try fields.integer("dead_letters")
        forwarded = try fields.integer("forwarded")
        try readOpen(fields, at: at)
        restored = try fields.integer("restored_records")
        toRestore = try fields.integer("records_to_restore")
        let error = try fields.object("last_error")
        lastError = try error?.text("message")
        lastErrorAt = try error?.time("at")
        self.at = try fields.time("figures_at") ?? at
    }

    /// What is not at its end.
    private mutating func readOpen(
        _ fields: RecordFields,
        at: Int64
    ) throws(UnreadableRecord) {
        inDoubt = try fields.integer("in_doubt") ?? 0
        oldestInDoubt = try fields.since("oldest_in_doubt_seconds", at: at)
        inReview = try fields.integer("in_review") ?? 0
        oldestInReview = try fields.since("oldest_in_review_seconds", at: at)
        tracked = try fields.integer("tracked") ?? 0
    }
}

extension DomainFigures.Latency {
    fileprivate init(_ fields: RecordFields?) throws(UnreadableRecord) {
        self.init()
        guard let fields else { return }
        p50 = try fields.number("p50")
        p90 = try fields.number("p90")
        p99 = try fields.number("p99")
        max = try fields.number("max")
        count = try fields.integer("count") ?? 0
    }
}

extension RecordFields {
    /// When something began that is so many seconds old.
    fileprivate func since(_ name: String, at: Int64) throws(UnreadableRecord) -> Int64? {
        let age: UInt32? = try integer(name)
        return age.map { at - Int64($0) * 1000 }
    }

    /// The order that is obeyed; its kind is known by where it stands.
    fileprivate func order(
        _ name: String,
        _ kind: StandingOrder.Kind
    ) throws(UnreadableRecord) -> StandingOrder? {
        guard let fields = try object(name) else { return nil }
        return StandingOrder(
            kind,
            by: try fields.required("by"),
            why: try fields.required("why"),
            at: try fields.time("at") ?? 0
        )
    }

    /// The elements of an array that are what they should be; none where there is no array.
    fileprivate func list<Element>(
        _ name: String,
        _ read: (JSONValue) -> Element?
    ) throws(UnreadableRecord) -> [Element] {
        (try array(name) ?? []).compactMap(read)
    }

    fileprivate func counts(_ name: String) throws(UnreadableRecord) -> [String: Int64] {
        guard let fields = try object(name) else { return [:] }
        var counts: [String: Int64] = [:]
        for (name, value) in fields.object.members { counts[name] = value.integer() }
        return counts
    }
}

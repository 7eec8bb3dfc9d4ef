import Engine

/// An engine with a hand on its clock: each call is one input, its answer the effects of one step.
final class Script {
    private(set) var engine: CommandEngine
    private(set) var now = Moment(uptime: Instant(nanoseconds: 0), wallClock: 1_000_000)

    private var unanswered: (number: CommitNumber, offsets: [Int32: Int64])?
    private var committed: [Int32: Int64] = [:]

    /// Settings that never stand in the way of a test that is about something else.
    static let roomy = EngineSettings(rateLimit: 1000, maxInFlight: 100)

    init(_ settings: EngineSettings = Script.roomy, seed: UInt64 = 1) {
        engine = CommandEngine(settings: settings, seed: seed, at: now)
    }

    /// An engine that owns one partition with an empty ledger, and a full bucket of tokens.
    static func ready(
        _ settings: EngineSettings = Script.roomy,
        start: Int64 = 0,
        ledger: [LedgerEntry] = []
    ) -> Script {
        let script = Script(settings)
        script.assign(0, start: start, ledger: ledger)
        script.pass(.seconds(1))
        return script
    }

    @discardableResult
    func assign(_ partition: Int32, start: Int64 = 0, ledger: [LedgerEntry] = []) -> [Effect] {
        let entries = ledger.map { Input.ledger(partition: partition, $0) }
        return step(
            [.assigned(partition: partition, start: start)] + entries
                + [.restored(partition: partition)]
        )
    }

    @discardableResult
    func step(_ inputs: Input...) -> [Effect] { step(inputs) }

    @discardableResult
    func step(_ inputs: [Input]) -> [Effect] {
        for input in inputs {
            if case .committed(let number, let accepted) = input, number == unanswered?.number {
                let offsets = unanswered?.offsets.filter { accepted[$0.key] == true } ?? [:]
                committed.merge(offsets) { $1 }
                unanswered = nil
            }
            engine.handle(input, at: now)
        }
        return remember(engine.advance(at: now))
    }

    /// Lets time pass, on both clocks.
    @discardableResult
    func pass(_ time: Duration) -> [Effect] {
        now.uptime = now.uptime + time
        now.wallClock += time.wholeNanoseconds / 1_000_000
        return remember(engine.advance(at: now))
    }

    /// Sleeps until the engine wants to be woken, as a shell would, for at most a duration.
    func passUntil(_ limit: Duration, _ isWanted: (Effect) -> Bool) -> [Effect] {
        let end = now.uptime + limit
        while let wake = engine.wakeAt, wake <= end {
            let effects = pass(max(.nanoseconds(1), wake - now.uptime))
            if effects.contains(where: isWanted) { return effects }
        }
        return []
    }

    /// Takes an order from received to handed to the transport; nil if it does not get there.
    func send(_ id: RecordID, _ order: Order) -> Ticket? {
        let journal = step(.received(id, .create(order)))
        guard let intent = journal.appends.first else { return nil }
        return fence(step(.appended(intent.ticket, offset: 0)))
    }

    /// Accepts the commit among these effects; the first transmission that follows.
    func fence(_ effects: [Effect]) -> Ticket? {
        accept(effects).transmissions.first
    }

    /// Acknowledges the outcome and the event that follow a result, in whichever order they come;
    /// what is published.
    func settle(_ effects: [Effect], at offset: Int64 = 1) -> Publication? {
        if let announced = effects.publications.first {
            let recording = step(.published(announced.ticket, acknowledged: true))
            if let write = recording.appends.first { step(.appended(write.ticket, offset: offset)) }
            return announced.publication
        }
        guard let write = effects.appends.first else { return nil }
        let publishing = step(.appended(write.ticket, offset: offset))
        guard let event = publishing.publications.first else { return nil }
        step(.published(event.ticket, acknowledged: true))
        return event.publication
    }

    /// Accepts the commit among these effects; what follows.
    func accept(_ effects: [Effect]) -> [Effect] {
        guard let commit = effects.commits.first else { return [] }
        return step(.committed(commit.number, accepted: commit.offsets.mapValues { _ in true }))
    }

    /// Answers the commit under way and those that follow; the offset the group knows at the end.
    func committedOffset(of partition: Int32 = 0) -> Int64? {
        pass(.seconds(2))
        while let commit = unanswered {
            step(.committed(commit.number, accepted: commit.offsets.mapValues { _ in true }))
            pass(.seconds(2))
        }
        return committed[partition]
    }

    private func remember(_ effects: [Effect]) -> [Effect] {
        if let commit = effects.commits.last { unanswered = commit }
        return effects
    }
}

func record(_ offset: Int64, _ partition: Int32 = 0) -> RecordID {
    RecordID(partition: partition, offset: offset)
}

func order(_ reference: UInt64, body: UInt64 = 7, notAfter: Int64? = nil) -> Order {
    Order(
        key: ReferenceKey(high: reference, low: 0),
        fingerprint: Fingerprint(high: body, low: 0),
        notAfter: notAfter
    )
}

func entry(
    _ reference: UInt64,
    body: UInt64 = 7,
    at offset: Int64,
    attempt: Int = 1,
    _ state: LedgerState,
    ledgerOffset: Int64 = 5,
    sequence: Int = 1
) -> LedgerEntry {
    LedgerEntry(
        key: ReferenceKey(high: reference, low: 0),
        fingerprint: Fingerprint(high: body, low: 0),
        record: record(offset),
        attempt: attempt,
        state: state,
        sequence: sequence,
        offset: ledgerOffset
    )
}

extension [Effect] {
    var appends: [(ticket: Ticket, write: LedgerWrite)] {
        compactMap { if case .append(let ticket, let write) = $0 { (ticket, write) } else { nil } }
    }

    var commits: [(number: CommitNumber, offsets: [Int32: Int64])] {
        compactMap {
            if case .commit(let number, let offsets) = $0 { (number, offsets) } else { nil }
        }
    }

    var transmissions: [Ticket] {
        compactMap { if case .transmit(let ticket, _, _) = $0 { ticket } else { nil } }
    }

    var publications: [(ticket: Ticket, publication: Publication)] {
        compactMap { if case .publish(let ticket, let what) = $0 { (ticket, what) } else { nil } }
    }

    var lookups: [(number: LookupNumber, records: [RecordID])] {
        compactMap {
            if case .lookUp(let number, let records) = $0 { (number, records) } else { nil }
        }
    }

    var asked: [Ticket] {
        compactMap { if case .ask(let ticket) = $0 { ticket } else { nil } }
    }
}

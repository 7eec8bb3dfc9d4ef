import Engine

/// An engine with a hand on its clock: each call is one input, its answer the effects of one step.
final class Script {
    private var engine: CommandEngine
    private(set) var now = Moment(uptime: Instant(nanoseconds: 0), wallClock: 1_000_000)

    private var unanswered: (number: CommitNumber, offsets: [Int32: Int64])?
    private var committed: [Int32: Int64] = [:]
    /// The latest poll.
    private(set) var lastPoll: LookupNumber?
    /// Lookups that were asked for and not answered.
    private var asked: [(number: LookupNumber, records: [RecordID], isConfirming: Bool)] = []
    /// The offset that each ledger gives its next record.
    private var ledgerEnds: [Int32: Int64] = [:]

    var summary: CommandEngine.Summary { engine.summary }
    var wakeAt: Instant? { engine.wakeAt }
    var wantsRecords: Bool { engine.wantsRecords }

    /// This engine in the ledger.
    static let owner: UInt64 = 9

    /// Settings that never stand in the way of a test that is about something else.
    static let roomy = EngineSettings(rateLimit: 1000, maxInFlight: 100)

    init(_ settings: EngineSettings = Script.roomy, seed: UInt64 = 1) {
        engine = CommandEngine(settings: settings, owner: Script.owner, seed: seed, at: now)
    }

    /// An engine that owns one partition, and a full bucket of tokens.
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

    // MARK: One step

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
            if case .lookedUp(let number, _, _) = input { asked.removeAll { $0.number == number } }
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

    private func remember(_ effects: [Effect]) -> [Effect] {
        if let commit = effects.commits.last { unanswered = commit }
        asked += effects.lookups
        lastPoll = effects.polls.last?.number ?? lastPoll
        return effects
    }

    // MARK: Ledgers

    /// Assigns a partition and takes it through restoring and claiming; what follows the claim.
    @discardableResult
    func assign(_ partition: Int32, start: Int64 = 0, ledger: [LedgerEntry] = []) -> [Effect] {
        claim(restore(partition, start: start, ledger: ledger))
    }

    /// Likewise, with a ledger of several owners.
    @discardableResult
    func assign(_ partition: Int32, start: Int64 = 0, log: [Written]) -> [Effect] {
        claim(restore(partition, start: start, log: log))
    }

    /// Assigns a partition and has its ledger read; the fence of the claim follows.
    @discardableResult
    func restore(_ partition: Int32, start: Int64 = 0, ledger: [LedgerEntry] = []) -> [Effect] {
        let end = (ledger.map(\.offset).max() ?? -1) + 1
        ledgerEnds[partition] = end
        return step(
            [.assigned(partition: partition, start: start)]
                + ledger.map { Input.ledger(partition: partition, $0) }
                + [.restored(partition: partition, end: end)]
        )
    }

    /// Likewise, with a ledger of several owners.
    @discardableResult
    func restore(_ partition: Int32, start: Int64 = 0, log: [Written]) -> [Effect] {
        let end = Int64(log.count)
        ledgerEnds[partition] = end
        return step(
            [.assigned(partition: partition, start: start)]
                + log.inputs(from: 0, of: partition) + [.restored(partition: partition, end: end)]
        )
    }

    /// Accepts the fence of a claim and stores it; what follows.
    @discardableResult
    func claim(_ effects: [Effect]) -> [Effect] {
        guard let ticket = accept(effects).claims.first else { return [] }
        return step(stored(ticket))
    }

    /// The ledger has stored a record where its partition ended.
    func stored(_ ticket: Ticket) -> Input {
        let offset = ledgerEnds[ticket.record.partition, default: 0]
        ledgerEnds[ticket.record.partition] = offset + 1
        return .appended(ticket, offset: offset)
    }

    /// The latest command that the ledger of the first partition knows.
    func latestCommand() -> Int64? { engine.latestCommand(of: 0) }

    /// How far the ledger of the first partition is known, and whose it was.
    func knownLedger() -> (end: Int64, claimant: UInt64?) { engine.knownLedger(of: 0) }

    /// What a person would decide about, of a reference that was accepted.
    func disputed(_ reference: UInt64) -> Followed? { engine.dispute(in: 0, of: key(reference)) }

    /// Whether a reference is asked for now and then.
    func isFollowing(_ reference: UInt64) -> Bool { engine.isFollowing(key(reference), in: 0) }

    /// Whether a reference was ordered by a command of the ledger.
    func isOwn(_ reference: UInt64, in partition: Int32 = 0) -> Bool? {
        engine.isOwn(key(reference), in: partition)
    }

    /// Somebody else writes to a ledger.
    func writeForeign(records: Int64, to partition: Int32 = 0) {
        ledgerEnds[partition, default: 0] += records
    }

    /// Lets the gap that these effects ask for be read.
    @discardableResult
    func readGap(_ effects: [Effect], _ log: [Written]) -> [Effect] {
        guard let gap = effects.gaps.first else { return [] }
        return step(
            log.inputs(from: gap.from, of: gap.partition)
                + [.restored(partition: gap.partition, end: gap.to)]
        )
    }

    // MARK: Kafka and the provider

    /// Takes an order from received to handed to the transport; nil if it does not get there.
    func send(_ id: RecordID, _ order: Order) -> Ticket? {
        let journal = step(received(id.offset, id.partition, order))
        guard let intent = journal.appends.first else { return nil }
        return fence(step(stored(intent.ticket)))
    }

    /// Accepts the commit among these effects; the first transmission that follows.
    func fence(_ effects: [Effect]) -> Ticket? {
        accept(effects).transmissions.first
    }

    /// Accepts the commit among these effects; what follows.
    @discardableResult
    func accept(_ effects: [Effect]) -> [Effect] {
        guard let commit = effects.commits.first else { return [] }
        return step(.committed(commit.number, accepted: commit.offsets.mapValues { _ in true }))
    }

    /// Acknowledges the outcome and the event that follow a result, and that it was said if that is
    /// to be noted; what is published.
    func settle(_ effects: [Effect]) -> LedgerWrite? {
        guard let write = effects.appends.first else { return nil }
        let publishing = step(stored(write.ticket))
        guard let event = publishing.publications.first,
            case .recorded(let said) = event.publication
        else { return nil }
        let noting = step(.published(event.ticket, acknowledged: true))
        if let mark = noting.appends.first(where: { $0.ticket.record == write.ticket.record }) {
            step(stored(mark.ticket))
        }
        return said
    }

    /// The lookup that is to be answered, for which it may take time to be asked.
    func nextLookup() -> (number: LookupNumber, records: [RecordID], isConfirming: Bool)? {
        if asked.isEmpty {
            _ = passUntil(.seconds(3600)) { if case .lookUp = $0 { true } else { false } }
        }
        return asked.first
    }

    /// Answers the next lookup; what follows.
    func look(_ sighting: Sighting) -> [Effect] {
        guard let lookup = nextLookup() else { return [] }
        let sightings = lookup.records.map { ($0, sighting) }
        return step(
            .lookedUp(lookup.number, .init(uniqueKeysWithValues: sightings), failure: nil)
        )
    }

    /// Answers lookups alike until something is recorded; what is then published.
    func lookUntilSettled(_ sighting: Sighting) -> LedgerWrite? {
        for _ in 0..<30 {
            let effects = look(sighting)
            if !effects.appends.isEmpty { return settle(effects) }
        }
        return nil
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

    /// Lets a heartbeat be sent behind its fence; what it tells of the rate.
    func beat(accepted: Bool = true) -> ShareNotice? {
        var effects = step(.beat)
        if let commit = effects.commits.first {
            let answer = commit.offsets.mapValues { _ in accepted }
            effects += step(.committed(commit.number, accepted: answer))
        }
        return effects.notices.first ?? nil
    }

    /// Lets time pass while Kafka stores everything at once and accepts fences after a delay; all
    /// that the engine wanted, and when.
    func run(
        _ effects: [Effect],
        for limit: Duration,
        fencesTake delay: Duration = .zero
    ) -> [(at: Instant, effect: Effect)] {
        var history = effects.map { (at: now.uptime, effect: $0) }
        var latest = effects
        var fences: [(due: Instant, input: Input)] = []
        let end = now.uptime + limit
        while true {
            for commit in latest.commits {
                let accepted = commit.offsets.mapValues { _ in true }
                fences.append((now.uptime + delay, .committed(commit.number, accepted: accepted)))
            }
            let answers = latest.appends.map { stored($0.ticket) }
            if !answers.isEmpty {
                latest = step(answers)
            } else if let fence = fences.first, fence.due <= now.uptime {
                fences.removeFirst()
                latest = step(fence.input)
            } else {
                let times = [engine.wakeAt, fences.first?.due].compactMap(\.self)
                guard let next = times.min(), next <= end else { return history }
                latest = pass(max(.nanoseconds(1), next - now.uptime))
            }
            history += latest.map { (now.uptime, $0) }
        }
    }
}

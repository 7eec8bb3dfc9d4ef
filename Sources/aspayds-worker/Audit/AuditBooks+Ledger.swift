import Contract
import Kafka

/// The ledgers are followed record by record.
extension AuditBooks {
    mutating func add(_ record: LedgerRecord, at place: CommandSource) {
        let partition = TopicPartition(place)
        if case .claim(let claim) = record { return add(claim, in: partition, at: place) }
        guard let reference = record.reference, let domain = record.subject?.domain,
            isWanted(reference)
        else { return }
        if home(of: reference, in: place.topic) != place.partition {
            findings.add(.home, place, reference, "does not lie in its home partition")
        }
        let index = accounts.index(domain, reference)
        let spot = Place(offset: place.offset, partition: place.partition, topic: .ledger)
        let isLate = claims.isLate(record, in: partition)
        if case .outcome(let outcome) = record {
            note(id: outcome.providerID, of: index, at: spot)
            note(outcome, of: index, isLate: isLate, at: place)
        }
        guard !isLate, let step = Step(record) else { return }
        accounts[index].place = spot
        if case .intent(let intent) = record { compare(intent, of: index, at: place) }
        take(step, of: index, at: place)
    }

    private mutating func add(
        _ claim: LedgerRecord.Claim,
        in partition: TopicPartition,
        at place: CommandSource
    ) {
        guard let last = claims.note(claim, in: partition), last.group != claim.group else {
            return
        }
        findings.add(
            .group,
            place,
            nil,
            "the group \(claim.group) claims what the group \(last.group) had"
        )
    }

    /// Judges a record by those before it, and takes it for the last word.
    private mutating func take(_ step: Step, of index: Int, at place: CommandSource) {
        let account = accounts[index]
        let known = account.standing
        if known == nil, extents.isCut(TopicPartition(place)) {
            findings.leave(.cutHistories, step.attempt > 1 || step.state != nil ? 1 : 0)
            return accounts[index].take(step)
        }
        // That the end of an earlier attempt was said is noted when the next may be under way.
        if let known, known.attempt > step.attempt, !step.isUnannounced,
            account.entries.contains(where: { $0.isSettlement(step) })
        {
            return
        }
        if let objection = terms.rules.objection(to: step, after: known) {
            findings.add(objection.rule, place, account.reference, objection.what)
        }
        if known?.attempt ?? 0 <= step.attempt { accounts[index].take(step) }
    }

    /// Compares what is to be sent with what was ordered.
    private mutating func compare(
        _ intent: LedgerRecord.Intent,
        of index: Int,
        at place: CommandSource
    ) {
        accounts[index].amount = intent.order.amount
        accounts[index].currency = self.index(of: intent.order.currency)
        guard let page = pages[PageID(intent.domain, intent.command.source)],
            // What breaks the contract here was right by the settings of the worker.
            page.kind != .invalid
        else { return }
        if page.kind == .order, page.fingerprint == intent.fingerprint.high,
            page.amount == intent.order.amount
        {
            return
        }
        findings.add(
            .order,
            place,
            intent.reference,
            "\(intent.order.amount) is to be sent, and \(intent.command.source) is another order"
        )
    }

    /// Keeps what the event of an outcome says, to compare what is published with it.
    private mutating func note(
        _ outcome: LedgerRecord.Outcome,
        of index: Int,
        isLate: Bool,
        at place: CommandSource
    ) {
        guard let event = outcome.event else { return }
        if let amount = event.amount, accounts[index].amount == nil {
            accounts[index].amount = amount
            accounts[index].currency = self.index(of: event.currency)
        }
        let partition = TopicPartition(place)
        var entry = Entry(event, outcome, at: place, reign: claims.number(in: partition))
        if isLate { entry.flags.insert(.isLate) }
        if let end = extents[partition]?.settledEnd, place.offset < end {
            entry.flags.insert(.isSettled)
        }
        let known = accounts[index].entries(of: entry.id)
        if let same = known.last(where: { accounts[index].entries[$0].content == entry.content }) {
            return accounts[index].entries[same].repeated(as: entry)
        }
        accounts[index].entries.append(entry)
        guard let last = known.last.map({ accounts[index].entries[$0] }), !isLate,
            !last.flags.contains(.isLate)
        else { return }
        if entry.mayRepeat, entry.sequence != last.sequence { return }
        findings.add(
            .content,
            place,
            outcome.reference,
            "the event \(event.id) is not what \(place.topic)/\(last.partition)/\(last.offset) has"
        )
    }
}

extension Step {
    /// What a record says of a reference; nil for what is about a command alone.
    fileprivate init?(_ record: LedgerRecord) {
        switch record {
        case .claim: return nil
        case .intent(let intent): self.init(intent)
        case .outcome(let outcome) where outcome.state == .conflict: return nil
        case .outcome(let outcome): self.init(outcome)
        }
    }
}

extension Entry {
    fileprivate init(
        _ event: Event,
        _ outcome: LedgerRecord.Outcome,
        at place: CommandSource,
        reign: Int
    ) {
        self.init(
            id: Digest.of(event.id),
            content: event.digest,
            at: outcome.at,
            offset: place.offset,
            home: outcome.offset,
            sequence: Int32(clamping: outcome.sequence),
            reign: Int32(clamping: reign),
            attempt: Int32(clamping: outcome.attempt),
            partition: place.partition,
            state: outcome.state,
            flags: outcome.isUnannounced ? .isSettlement : []
        )
        if Notification(event) != nil { flags.insert(.wantsNotification) }
        if outcome.decision.map({ $0.verdict != .release }) == true { flags.insert(.isByHand) }
    }

    /// Takes the same event once more: that it was said, if it was to be.
    fileprivate mutating func repeated(as other: Entry) {
        flags.subtract(other.flags.contains(.isLate) ? [] : .isLate)
        guard flags.contains(.isSettlement), !other.flags.contains(.isSettlement) else { return }
        if other.flags.contains(.isSettled) { flags.insert(.isAnnounced) }
    }

    /// Whether it is what a record says to have been announced.
    fileprivate func isSettlement(_ step: Step) -> Bool {
        flags.contains(.isSettlement) && attempt == step.attempt && state == step.state
    }
}

extension Event {
    /// A digest of all that it says.
    var digest: UInt64 { Digest.of(encoded().value ?? []) }
}

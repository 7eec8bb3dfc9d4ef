import Aspayds
import Contract
import Kafka

/// What was published is held against the commands and the ledgers.
extension AuditBooks {
    mutating func add(_ event: Event, at place: CommandSource) {
        guard isWanted(event.reference) else { return }
        switch (event.kind, event.sequence, event.command) {
        // What a customer's browser has said, and lists that nobody asked for.
        case (.returned, nil, _), (.methods, nil, nil): return
        case (.refused, nil, let command?), (.checked, nil, let command?),
            (.methods, nil, let command?):
            answer(event, to: command.source, at: place)
        default: tell(event, at: place)
        }
    }

    // MARK: Answers to one command

    private mutating func answer(
        _ event: Event,
        to source: CommandSource,
        at place: CommandSource
    ) {
        if event.id != Event.answerID(source, event.kind) {
            findings.add(
                .content,
                place,
                event.reference,
                "the id \(event.id) is not that of an answer to \(source)"
            )
        }
        let spot = Place(offset: place.offset, partition: place.partition, topic: .events)
        if let reference = event.reference, event.kind == .checked,
            let index = accounts.known(event.domain, reference), accounts[index].isKnown
        {
            note(id: event.providerID, of: index, at: spot)
        }
        end(event, source, at: place)
    }

    // MARK: What became of a reference

    private mutating func tell(_ event: Event, at place: CommandSource) {
        guard let reference = event.reference else {
            return findings.add(.unreadable, place, nil, "\(event.type) without a reference")
        }
        let index = accounts.index(event.domain, reference)
        let spot = Place(offset: place.offset, partition: place.partition, topic: .events)
        note(id: event.providerID, of: index, at: spot)
        if accounts[index].place == nil { accounts[index].place = spot }
        if accounts[index].amount == nil { accounts[index].amount = event.amount }
        let entry = match(event, of: index, at: place)
        let isRepeated = entry.map { accounts[index].entries[$0].flags.contains(.isSaid) } ?? false
        if !isRepeated { order(event, entry, of: index, at: place) }
        if let entry { accounts[index].entries[entry].flags.insert(.isSaid) }
        guard event.answersCommand else { return }
        accounts[index].publications += 1
        guard let command = event.command else {
            return findings.add(.noCommand, place, reference, "\(event.type) names no command")
        }
        end(event, command.source, at: place)
    }

    /// The entry of the ledger that an event publishes; what the ledger does not have gets one of its
    /// own.
    private mutating func match(_ event: Event, of index: Int, at place: CommandSource) -> Int? {
        let (id, content) = (Digest.of(event.id), event.digest)
        let known = accounts[index].entries(of: id)
        if let same = known.last(where: { accounts[index].entries[$0].content == content }) {
            return same
        }
        if let last = known.last {
            let entry = accounts[index].entries[last]
            if !entry.flags.contains(.isUnrecorded) || !entry.mayRepeat {
                findings.add(
                    .content,
                    place,
                    event.reference,
                    "the event \(event.id) says something else than the one before it"
                )
            }
        } else {
            findUnrecorded(event, of: index, at: place)
        }
        guard let entry = Entry(unrecorded: event, id, content, at: place) else { return nil }
        accounts[index].entries.append(entry)
        return accounts[index].entries.count - 1
    }

    private mutating func findUnrecorded(_ event: Event, of index: Int, at place: CommandSource) {
        let account = accounts[index]
        let ledger = topics.ledger(of: account.domain)
        let partition = TopicPartition(
            topic: ledger,
            partition: home(of: account.reference, in: ledger)
        )
        if let start = extents.wholeSince(partition), event.occurredAt < start {
            return findings.leave(.oldEvents)
        }
        findings.add(
            .unrecorded,
            place,
            event.reference,
            "\(event.id) has no record in \(partition)"
        )
    }

    // MARK: Order

    /// Events about a reference only go forward.
    ///
    /// What was recorded under different claims may cross: whoever has lost the partition without
    /// knowing it publishes beside its successor.
    private mutating func order(
        _ event: Event,
        _ entry: Int?,
        of index: Int,
        at place: CommandSource
    ) {
        var told = accounts[index].told
        defer { accounts[index].told = told }
        if told.kind == nil { told.partition = place.partition }
        if told.partition != place.partition, !told.isSpread {
            told.isSpread = true
            findings.leave(.spellings)
        }
        guard !told.isSpread,
            let reign = entry.flatMap({ accounts[index].entries[$0].reignInCharge })
        else { return }
        let sequence = Int32(clamping: event.sequence ?? 0)
        if told.kind != nil, told.reign == reign {
            if sequence <= told.sequence {
                findings.add(
                    .sequence,
                    place,
                    event.reference,
                    "\(event.id) has sequence \(sequence) after \(told.sequence)"
                )
            }
            if !event.mayFollow(told) {
                findings.add(
                    .state,
                    place,
                    event.reference,
                    "\(event.id) follows \(told.kind?.rawValue ?? "-")"
                )
            }
        }
        if sequence > told.sequence { told.take(event, sequence: sequence, reign: reign) }
    }
}

extension Event {
    /// Whether it says what became of a command: what comes later belongs to the reference.
    var answersCommand: Bool {
        switch kind {
        case .created, .requested, .refused, .expired, .inDoubt: true
        case .needsReview: certainty != .accepted
        default: false
        }
    }

    /// How far a reference has got, which never goes back; nil where an event says nothing of that.
    fileprivate var stage: UInt8? {
        switch kind {
        case .created, .requested: 1
        case .processing: 2
        // A customer who cancels may come back and pay.
        case .cancelled: domain == .payment ? 3 : 4
        case .paid, .completed, .rejected: 4
        case .inDoubt, .refused, .expired: 0
        case .needsReview: certainty == .accepted ? nil : 0
        case .statusChanged, .returned, .checked, .methods: nil
        }
    }

    fileprivate func mayFollow(_ told: Told) -> Bool {
        guard let stage, !told.isDisputed else { return true }
        let isOtherEnd = stage == 4 && told.stage == 4 && kind != told.kind
        return stage >= told.stage && !isOtherEnd
    }
}

extension Told {
    fileprivate mutating func take(_ event: Event, sequence: Int32, reign: Int32) {
        kind = event.kind
        stage = max(stage, event.stage ?? 0)
        isDisputed = event.kind == .needsReview && event.certainty == .accepted
        (self.sequence, self.reign) = (sequence, reign)
    }
}

extension Entry {
    /// Under which claim it was recorded, by whoever was in charge; nil where that is not known.
    fileprivate var reignInCharge: Int32? {
        flags.isDisjoint(with: [.isLate, .isUnrecorded]) ? reign : nil
    }

    /// An event that the ledger does not have; nil for what says nothing of a reference.
    fileprivate init?(
        unrecorded event: Event,
        _ id: UInt64,
        _ content: UInt64,
        at place: CommandSource
    ) {
        guard let state = LedgerRecord.State(event.kind) else { return nil }
        self.init(
            id: id,
            content: content,
            at: event.occurredAt,
            offset: place.offset,
            home: -1,
            sequence: Int32(clamping: event.sequence ?? 0),
            reign: 0,
            attempt: Int32(clamping: event.attempt ?? 0),
            partition: place.partition,
            state: state,
            flags: .isUnrecorded
        )
    }
}

extension LedgerRecord.State {
    fileprivate init?(_ kind: Event.Kind) {
        switch kind {
        case .created, .requested: self = .accepted
        case .refused: self = .refused
        case .expired: self = .expired
        case .inDoubt: self = .inDoubt
        case .needsReview: self = .review
        case .paid, .completed: self = .completed
        case .processing: self = .processing
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .statusChanged: self = .changed
        case .returned, .checked, .methods: return nil
        }
    }
}

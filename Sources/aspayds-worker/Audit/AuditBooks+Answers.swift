import Aspayds
import Contract
import Kafka

/// Every command ends once.
extension AuditBooks {
    /// An event names the command that it answers.
    mutating func end(_ event: Event, _ source: CommandSource, at place: CommandSource) {
        guard let domain = domain(of: source, named: event.reference, at: place) else { return }
        let id = PageID(domain, source)
        guard var page = pages[id] else { return absent(id, source, event.reference, at: place) }
        if page.end == .none, let why = page.contradiction(event, reference(of: page)) {
            findings.add(.wrongAnswer, place, event.reference, "\(why) (\(source))")
        }
        if let amount = page.amount, let said = event.amount, event.kind != .checked,
            said != amount
        {
            findings.add(
                .amount,
                place,
                event.reference,
                "says \(said), and \(source) is about \(amount)"
            )
        }
        guard let end = event.end else { return pages.change(id) { $0.flags.insert(.isNamed) } }
        let isAnswer = event.sequence == nil
        let answer = isAnswer ? UInt32(truncatingIfNeeded: Digest.of(event.answerText)) : 0
        page.take(end, ending: Digest.of(event.id), answer: answer, replays(of: id)) { rule, what in
            findings.add(rule, place, event.reference, "\(source) \(what) \(event.id)")
        }
        if isAnswer { page.flags.insert(.isAnswered) }
        pages.change(id) { $0 = page }
        if isAnswer, end == .refused, page.account >= 0, event.isFinalRefusal {
            noteRefusal(of: Int(page.account), at: place)
        }
    }

    /// Nothing was created by a command; perhaps nothing ever of its reference.
    private mutating func noteRefusal(of index: Int, at place: CommandSource) {
        accounts[index].isRefused = true
        guard accounts[index].place == nil else { return }
        accounts[index].place = Place(
            offset: place.offset,
            partition: place.partition,
            topic: .events
        )
    }

    /// A dead letter names the record that it is.
    mutating func add(deadLetterOf source: CommandSource, at place: CommandSource) {
        guard let domain = domain(of: source, named: nil, at: place) else { return }
        let id = PageID(domain, source)
        replays.add(deadLetter: place, of: id)
        let root = pages.root(of: id)
        guard var page = pages[root] else {
            // A copy without what it is a copy of is judged as that.
            return root == id ? absent(root, source, nil, at: place) : ()
        }
        let reference = reference(of: page)
        let ending = Digest.of(topics.deadLetters)
        page.take(.deadLettered, ending: ending, answer: 0, replays(of: root)) { rule, what in
            findings.add(rule, place, reference, "\(source) \(what) a dead letter")
        }
        page.flags.insert(.isAnswered)
        pages.change(root) { $0 = page }
    }

    private func replays(of id: PageID) -> Int { replays.copies[id]?.count ?? 0 }

    func reference(of page: Page) -> String? {
        page.account < 0 ? nil : accounts[Int(page.account)].reference
    }

    /// The domain of a command that somebody names.
    private mutating func domain(
        of source: CommandSource,
        named reference: String?,
        at place: CommandSource
    ) -> Domain? {
        let domain = Domain.allCases.first { topics.commands(of: $0) == source.topic }
        if domain == nil, terms.reference == nil {
            findings.add(.noCommand, place, reference, "\(source) is on no topic of commands")
        }
        return domain
    }

    private mutating func absent(
        _ id: PageID,
        _ source: CommandSource,
        _ reference: String?,
        at place: CommandSource
    ) {
        // Only those of one reference are known then.
        guard terms.reference == nil else { return }
        switch pages.presence(of: id, in: extents[TopicPartition(source)]) {
        case .gone: findings.leave(.goneCommands)
        case .never, .there:
            findings.add(.noCommand, place, reference, "answers \(source), which is not there")
        }
    }
}

extension Page {
    /// Takes the last word on the command, and says what is wrong with it.
    ///
    /// What was set aside ends again once it was replayed, and what was refused then once it was
    /// replayed twice, in whatever order that is read: the end that has led to most counts.
    fileprivate mutating func take(
        _ end: End,
        ending: UInt64,
        answer: UInt32,
        _ replays: Int,
        complain: (Breach.Rule, String) -> Void
    ) {
        let ends = [self.end, end]
        let mayEndAgain =
            ends.contains(.deadLettered) && replays > 0 || ends.contains(.refused) && replays > 1
        if self.end == .none || self.ending != ending && mayEndAgain {
            guard self.end.weight < end.weight else { return }
            (self.end, self.ending, self.answer) = (end, ending, answer)
        } else if self.ending != ending {
            complain(.endedTwice, "ended as \(self.end.word), and ends by")
        } else if self.answer != answer {
            complain(.content, "has another answer already with the id")
        }
    }

    /// Why an event cannot be an answer to it; nil where it can.
    fileprivate func contradiction(_ event: Event, _ reference: String?) -> String? {
        if let said = event.reference, let reference,
            Reference.uppercased(said) != Reference.uppercased(reference)
        {
            return "answers what is about \(reference)"
        }
        switch (kind, event.kind) {
        case (.copy, _): return "answers a forwarded copy instead of what was read first"
        case (.invalid, .refused), (.invalid, .checked), (.invalid, .methods): return nil
        // What breaks the contract here may have kept another version of it.
        case (.invalid, _) where event.sequence != nil: return nil
        case (.order, .checked), (.order, .methods), (.check, .methods), (.hint, .methods),
            (.methods, .checked):
            return "\(event.kind.rawValue) answers another kind of command"
        case (.check, _) where event.sequence != nil, (.hint, _) where event.sequence != nil,
            (.methods, _) where event.sequence != nil:
            return "\(event.kind.rawValue) is about an order, and this is none"
        default: return nil
        }
    }
}

extension Page.End {
    /// How much it has led to.
    fileprivate var weight: Int {
        switch self {
        case .none: 0
        case .deadLettered: 1
        case .refused: 2
        case .created, .requested, .expired, .checked, .methods: 3
        }
    }

    /// The word of the table.
    var word: String {
        switch self {
        case .none: "open"
        case .created: "created"
        case .requested: "requested"
        case .refused: "refused"
        case .expired: "expired"
        case .checked: "checked"
        case .methods: "methods"
        case .deadLettered: "dead_letter"
        }
    }
}

extension Event {
    /// How its command ends by it; nil where it does not.
    fileprivate var end: Page.End? {
        switch kind {
        case .created: .created
        case .requested: .requested
        case .refused: .refused
        case .expired: .expired
        case .checked: .checked
        case .methods: .methods
        case .inDoubt, .needsReview, .returned, .paid, .processing, .completed, .rejected,
            .cancelled, .statusChanged:
            nil
        }
    }

    /// Whether nothing comes of the reference by it: another order may have it, or somebody else was
    /// to send it.
    fileprivate var isFinalRefusal: Bool {
        let others = [Rejection.Code.dryRun.rawValue, "reference_conflict"]
        return reason.map { !others.contains($0.code) } ?? true
    }

    /// What an answer says, however often it is given: its time, and what the provider has said
    /// meanwhile, may change.
    fileprivate var answerText: String {
        let name = reference.map(Reference.uppercased) ?? "-"
        guard kind == .refused else { return name }
        return [name, amount?.description, reason?.code, reason?.field]
            .map { $0 ?? "-" }.joined(separator: " ")
    }
}

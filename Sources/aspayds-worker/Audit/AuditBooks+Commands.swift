import Aspayds
import Contract
import Kafka

/// What is still missing of the commands when everything has been read.
extension AuditBooks {
    /// Judges every command, and sums up how they stand.
    mutating func concludeCommands() -> Tally {
        followCopies()
        var tally = Tally()
        var starts: [Domain: Int64] = [:]
        for domain in Domain.allCases {
            let answers = [topics.events(of: domain), topics.deadLetters]
            starts[domain] = answers.compactMap { extents.wholeSince($0) }.max()
        }
        var passed: [Int32: (count: Int32, last: PageID)] = [:]
        for (id, page) in pages.all where page.kind != .copy {
            findings.time = page.time
            let start = starts[id.domain] ?? .min
            let word = conclude(id, page, isOld: page.time < start)
            tally.add(id.domain, word, page.amount, currency(page.currency))
            if page.kind == .order, !page.flags.contains(.isAnswered), starts[id.domain] == nil,
                word != CommandStanding.unanswered.rawValue, isPassed(id, page) == true
            {
                passed[page.account] = ((passed[page.account]?.count ?? 0) + 1, id)
            }
        }
        for (index, commands) in passed where commands.count > 1 {
            countAnswers(of: accounts[Int(index)], to: commands)
        }
        balance(tally)
        return tally
    }

    /// Compares every copy of a forwarded command with what was read first; a replay may correct it.
    private mutating func followCopies() {
        for (copy, origin) in pages.copies {
            findings.time = pages[copy]?.time ?? .max
            let commands = topics.commands(of: copy.domain)
            let first = CommandSource(commands, origin)
            let replay = replays.copies[origin]?.first { $0.id == copy }
            let breach: String
            if let replay, !mayReplay(origin, replay.letter) {
                breach =
                    "says that it replays \(replay.letter), which is no dead letter of \(first)"
            } else if let page = pages[origin] {
                note(copy, of: origin)
                if replay != nil || page.digest == pages[copy]?.digest { continue }
                breach = "is not what was read at \(first)"
            } else if replay != nil, terms.reference != nil {
                // What was set aside may have told no reference.
                continue
            } else if pages.presence(of: origin, in: extents[TopicPartition(first)]) == .gone {
                findings.leave(.goneCommands)
                continue
            } else {
                breach = "is a copy of \(first), which is not there"
            }
            let reference = pages[copy].flatMap(reference(of:))
            findings.add(.forward, CommandSource(commands, copy), reference, breach)
        }
    }

    private mutating func note(_ copy: PageID, of origin: PageID) {
        let home = TopicPartition(
            topic: topics.commands(of: copy.domain),
            partition: copy.partition
        )
        let isPassed = extents.hasPassed(home, copy.offset) == true
        let isEnd = isPassed && !replays.isSetAside(copy)
        pages.change(origin) {
            $0.flags.formUnion(isEnd ? [.hasCopy, .isCopyPassed] : .hasCopy)
        }
    }

    /// Whether a dead letter is, or may be, what became of a command.
    private func mayReplay(_ origin: PageID, _ letter: CommandSource) -> Bool {
        if let id = replays.source(of: letter) { return pages.root(of: id) == origin }
        guard letter.topic == topics.deadLetters,
            let extent = extents[TopicPartition(letter)]
        else { return false }
        // It is not kept any more, or was not there yet when the audit began.
        return !(extent.low..<extent.end).contains(letter.offset)
    }

    /// The word for a command, judged by all that is known of it.
    private mutating func conclude(_ id: PageID, _ page: Page, isOld: Bool) -> String {
        let isPutBack = page.end == .deadLettered && replays.isOpen(id)
        if page.end != .none, !isPutBack { return page.end.word }
        let standing = standing(id, page, isOld: isOld)
        let place = CommandSource(topics.commands(of: id.domain), id)
        switch standing {
        case .unanswered:
            findings.add(
                .unanswered,
                place,
                reference(of: page),
                "was passed, and nothing was said of it"
            )
        case .unjudged: findings.leave(.oldCommands)
        case _ where standing.isOpen && terms.isComplete:
            findings.add(.open, place, reference(of: page), "is \(standing.rawValue)")
        default: break
        }
        return standing.rawValue
    }

    private func standing(_ id: PageID, _ page: Page, isOld: Bool) -> CommandStanding {
        if page.kind == .hint { return .hint }
        let isPassed = isPassed(id, page)
        let missing: CommandStanding =
            isOld ? .unjudged : isPassed == true ? .unanswered : .waiting
        let isLost = page.flags.contains(.isStray) && !page.flags.contains(.hasCopy)
        if isLost, isPassed == true { return missing }
        let step = page.account < 0 ? nil : accounts[Int(page.account)].standing
        return CommandStanding(id, page, isPassed: isPassed, by: step, missing: missing)
    }

    /// Whether the group has finished with a command, wherever it was forwarded to.
    private func isPassed(_ id: PageID, _ page: Page) -> Bool? {
        let partition = TopicPartition(
            topic: topics.commands(of: id.domain),
            partition: id.partition
        )
        guard let isPassed = extents.hasPassed(partition, id.offset) else { return nil }
        return isPassed
            && (!page.flags.contains(.isStray) || !page.flags.contains(.hasCopy)
                || page.flags.contains(.isCopyPassed))
    }

    /// Each command of a reference has led to a record, if only to a repeated one.
    private mutating func countAnswers(
        of account: Account,
        to commands: (count: Int32, last: PageID)
    ) {
        guard account.publications < commands.count else { return }
        findings.time = pages[commands.last]?.time ?? .max
        findings.add(
            .unanswered,
            CommandSource(topics.commands(of: account.domain), commands.last),
            account.reference,
            "\(commands.count) commands were passed, and \(account.publications) answers published"
        )
    }

    /// What came in is what ended and what is open.
    private mutating func balance(_ tally: Tally) {
        findings.time = .max
        let out = tally.all(as: "in")
        for key in Set(out.keys).union(intake.rows.keys) where out[key] != intake.rows[key] {
            let (came, went) = (intake.rows[key], out[key])
            findings.add(
                .balance,
                CommandSource(topic: topics.commands(of: key.domain), partition: 0, offset: 0),
                nil,
                "\(came?.count ?? 0) commands, \(came?.sum?.description ?? "-") "
                    + "\(key.currency ?? "-"), came in; \(went?.count ?? 0), "
                    + "\(went?.sum?.description ?? "-"), ended or are open"
            )
        }
    }
}

extension CommandSource {
    fileprivate init(_ topic: String, _ id: PageID) {
        self.init(topic: topic, partition: id.partition, offset: id.offset)
    }
}

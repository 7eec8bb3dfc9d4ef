import Aspayds
import Contract
import Kafka

/// What is still missing when everything has been read.
extension AuditBooks {
    /// Since when topics are whole; nil for always.
    private struct Starts {
        var events: [Domain: Int64] = [:]
        var notifications: Int64?
    }

    /// Judges what only the end can tell, and sums up.
    mutating func conclude() -> AuditReport {
        let commands = concludeCommands()
        findings.leave(.unknownOffsets, extents.countUnknown(topics))
        var starts = Starts(notifications: extents.wholeSince(topics.notifications))
        for domain in Domain.allCases {
            starts.events[domain] = extents.wholeSince(topics.events(of: domain))
        }
        var references = Tally()
        for index in accounts.list.indices where accounts[index].isKnown {
            concludeEntries(index, starts)
            if terms.isComplete { concludeOpen(index) }
            let account = accounts[index]
            references.add(
                account.domain,
                account.word,
                account.amount,
                currency(account.currency)
            )
        }
        return AuditReport(self, intake: intake, commands: commands, references: references)
    }

    /// Whatever the ledger says was said, and told where notifications are due.
    private mutating func concludeEntries(_ index: Int, _ starts: Starts) {
        let account = accounts[index]
        for entry in account.entries where entry.mustBeSaid(among: account.entries) {
            let isSaid = entry.flags.contains(.isSaid)
            if isSaid, !entry.isUnnotified { continue }
            findings.time = entry.at
            let start = isSaid ? starts.notifications : starts.events[account.domain]
            if let start, entry.at < start {
                findings.leave(isSaid ? .oldNotifications : .oldOutcomes)
            } else if terms.isComplete || isSure(entry, of: account) {
                let place = Place(offset: entry.offset, partition: entry.partition, topic: .ledger)
                findings.add(
                    isSaid ? .notification : .unsaid,
                    topics.source(place, account.domain),
                    account.reference,
                    "the \(isSaid ? "notification" : "event") of \(entry.state.rawValue) is missing"
                )
            }
        }
    }

    /// Whether an event was published for certain: the ledger says so, or the group has passed its
    /// command.
    private func isSure(_ entry: Entry, of account: Account) -> Bool {
        if entry.flags.contains(.isSettlement) { return entry.flags.contains(.isAnnounced) }
        let partition = TopicPartition(
            topic: topics.commands(of: account.domain),
            partition: entry.partition
        )
        return entry.flags.contains(.isSettled)
            && extents.hasPassed(partition, entry.home) == true
    }

    /// What is open although its command is not kept any more.
    private mutating func concludeOpen(_ index: Int) {
        let account = accounts[index]
        guard let step = account.standing, step.isUnderWay, pages[step.command] == nil,
            let place = account.place
        else { return }
        findings.time = step.at
        findings.add(
            .open,
            topics.source(place, account.domain),
            account.reference,
            "is \(step.word)"
        )
    }
}

extension Account {
    /// The word of the table.
    var word: String { standing?.word ?? told.kind?.rawValue ?? state?.rawValue ?? "-" }
}

extension Entry {
    /// Whether it counts; a doubt that ended before it was said need not be said any more.
    fileprivate func mustBeSaid(among others: [Entry]) -> Bool {
        guard flags.isDisjoint(with: [.isLate, .isUnrecorded]) else { return false }
        let isDoubt = state == .inDoubt || state == .review
        return !isDoubt || !others.contains { $0.sequence > sequence }
    }

    fileprivate var isUnnotified: Bool {
        flags.contains(.wantsNotification) && !flags.contains(.isNotified)
    }
}

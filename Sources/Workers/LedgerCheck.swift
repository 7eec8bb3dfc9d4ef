import Contract
import Kafka

/// The ledger, or the ground that it stands on, cannot be trusted: nothing is sent before a person
/// has seen to it (DESIGN.md §4).
package struct UntrustedLedger: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what to do, in one line.
    package let description: String
}

/// Compares what a group has committed with the ledger that it finds: pure, asks nobody.
struct LedgerCheck: Sendable {
    /// The topic of the commands.
    let commands: String
    /// The topic of the ledger.
    let ledger: String
    /// The consumer group.
    let group: String

    /// The oldest offset of a log, and the one that its next record will get.
    typealias Log = (low: Int64, high: Int64)

    /// Both topics have the same number of partitions, and it is the one that they had when this
    /// process started (if it has) and when the group committed.
    func counts(
        commands count: Int,
        ledger other: Int,
        before: Int?,
        committed: [TopicPartition: CommittedOffset]
    ) throws(UntrustedLedger) {
        guard count == other else {
            throw UntrustedLedger(
                description: "\(ledger) has \(other) partitions and \(commands) has \(count): they "
                    + "must have the same number. \(Self.countRemedy)"
            )
        }
        let known = committed.values.compactMap { CommitMetadata($0.metadata)?.partitions }
        if let before = ([before].compactMap(\.self) + known).first(where: { $0 != count }) {
            throw changed(to: count, from: before, since: "the group \(group) last worked it")
        }
    }

    /// A ledger was claimed last while its commands had as many partitions as they have now.
    func claim(
        _ claim: LedgerRecord.Claim,
        of partition: Int32,
        commands count: Int
    ) throws(UntrustedLedger) {
        if claim.partitions == count { return }
        let time = "\(ledger)/\(partition) was last claimed"
        throw changed(to: count, from: claim.partitions, since: time)
    }

    private func changed(to count: Int, from before: Int, since time: String) -> UntrustedLedger {
        UntrustedLedger(
            description: "\(commands) has \(count) partitions, and had \(before) when \(time): "
                + "references have moved to partitions whose ledgers do not know them. "
                + Self.countRemedy
        )
    }

    /// A ledger has lost its end while it was known.
    func lost(_ short: ShortLedger) -> UntrustedLedger {
        UntrustedLedger(
            description:
                "\(ledger)/\(short.partition) ends at offset \(short.end), but it was written "
                + "up to \(short.known): the ledger was lost, and orders could be sent twice. "
                + "Restore it from a copy before the group \(group) works again"
        )
    }

    /// There is no ledger: allowed for a group that has worked nothing yet.
    func missing(committed: [TopicPartition: CommittedOffset]) throws(UntrustedLedger) {
        let worked = committed.filter { $0.value.hasWorked }.min {
            $0.key.partition < $1.key.partition
        }
        guard let place = worked?.key else { return }
        throw UntrustedLedger(
            description: "\(ledger) does not exist, but the group \(group) has worked the commands "
                + "of \(place): orders could be sent twice. \(remedy(place))"
        )
    }

    /// The ledger of a partition still holds what the group knew of it.
    func partition(
        _ place: TopicPartition,
        committed: CommittedOffset?,
        ledger: Log
    ) throws(UntrustedLedger) {
        guard let committed, committed.hasWorked else { return }
        let name = "\(self.ledger)/\(place.partition)"
        let known = committed.ledgerEnd
        if ledger.high < known {
            throw UntrustedLedger(
                description:
                    "\(name) ends at offset \(ledger.high), but the group \(group) knew it "
                    + "up to \(known): orders could be sent twice. \(remedy(place))"
            )
        }
        // While workers run, claims are repeated long before retention deletes them: so somebody has
        // deleted it, or nobody has run for as long as retention takes, which a person must say.
        if ledger.low == ledger.high {
            throw UntrustedLedger(
                description: "\(name) is empty, but the group \(group) has worked the commands of "
                    + "\(place): orders could be sent twice. \(remedy(place)). If no worker has run "
                    + "for the ledger's retention (90 days), nothing is lost: only delete the "
                    + "offsets of the group"
            )
        }
    }

    /// Why commands cannot be the ones of their ledger, which knows one at the offset `latest` while
    /// the next one will be at `end`; nil if they can.
    ///
    /// A later command of a reference answers what stands before it: among offsets that count anew,
    /// one that was never answered would be passed over.
    func renumbered(_ place: TopicPartition, end: Int64, latest: Int64) -> String? {
        if latest < end { return nil }
        return "\(place) ends at offset \(end), but its ledger knows a command at \(latest): "
            + "the topic was created anew, or has lost commands. \(Self.countRemedy)"
    }

    private static let countRemedy =
        "Create the topics anew under another ASPAYDS_TOPIC_PREFIX, with the number of partitions "
        + "that is wanted, and send new commands there"

    /// Any command that is there may have been executed, those behind the committed offset too.
    private func remedy(_ place: TopicPartition) -> String {
        "Restore the ledger from a copy; or settle by hand every command that \(place) has now, "
            + "delete them (kafka-delete-records) and the offsets of the group, and start again"
    }
}

extension CommittedOffset {
    /// Up to where the group knew the ledger; 0 where the commit does not say.
    fileprivate var ledgerEnd: Int64 { CommitMetadata(metadata)?.ledgerEnd ?? 0 }

    /// Whether orders may have been sent: the first command may be stuck while later ones are done.
    fileprivate var hasWorked: Bool { offset > 0 || ledgerEnd > 0 }
}

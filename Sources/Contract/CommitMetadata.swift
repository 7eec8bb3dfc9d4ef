/// What an offset commit keeps beside the offset: `ledger_end=1234 partitions=12`.
///
/// A ledger that later ends before `ledgerEnd` was lost; another number of partitions has moved the
/// references from their homes.
package struct CommitMetadata: Hashable, Sendable {
    /// The end of the partition's ledger, as far as the owner knew.
    package var ledgerEnd: Int64
    /// How many partitions the commands had.
    package var partitions: Int

    package init(ledgerEnd: Int64, partitions: Int) {
        self.ledgerEnd = ledgerEnd
        self.partitions = partitions
    }

    /// Reads the text of a commit; nil when it is not ours.
    ///
    /// What else it says is ignored; some clients that copy offsets end the text with a zero byte.
    package init?(_ text: String?) {
        var values: [Substring: Int64] = [:]
        for word in (text ?? "").split(whereSeparator: { $0 == " " || $0 == "\0" }) {
            let pair = word.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let value = Int64(pair[1]), value >= 0 else { continue }
            values[pair[0]] = value
        }
        guard let end = values["ledger_end"], let partitions = values["partitions"] else {
            return nil
        }
        self.init(ledgerEnd: end, partitions: Int(partitions))
    }

    /// The text for a commit.
    package var text: String { "ledger_end=\(ledgerEnd) partitions=\(partitions)" }
}

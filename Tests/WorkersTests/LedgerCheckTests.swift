import Contract
import Testing

@testable import Kafka
@testable import Workers

/// A ledger that is not the one its commands were worked with is refused, and no other.
@Suite struct LedgerCheckTests {
    private let check = LedgerCheck(commands: "c", ledger: "l", group: "g")
    private let place = TopicPartition(topic: "c", partition: 1)

    private func committed(_ offset: Int64, _ metadata: String? = nil) -> CommittedOffset? {
        CommittedOffset(offset: offset, metadata: metadata)
    }

    private func objection(
        _ commit: CommittedOffset?,
        commands: LedgerCheck.Log = (0, 20),
        ledger: LedgerCheck.Log
    ) -> String? {
        do throws(UntrustedLedger) {
            try check.partition(place, committed: commit, commands: commands, ledger: ledger)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func aLedgerThatEndsWhereItDidIsTrusted() {
        #expect(objection(committed(10, "ledger_end=7 partitions=2"), ledger: (0, 7)) == nil)
        #expect(objection(committed(10, "ledger_end=7 partitions=2"), ledger: (3, 9)) == nil)
        #expect(objection(committed(10), ledger: (0, 1)) == nil)
    }

    @Test func aGroupThatHasWorkedNothingTrustsAnyLedger() {
        #expect(objection(nil, ledger: (0, 0)) == nil)
        #expect(objection(committed(0), ledger: (0, 0)) == nil)
    }

    @Test func aShorterLedgerIsRefusedWithAWayOut() throws {
        let commit = committed(10, "ledger_end=7 partitions=2")
        let text = try #require(objection(commit, ledger: (0, 6)))
        #expect(text.contains("l/1 ends at offset 6") && text.contains("up to 7"))
        #expect(text.contains("before offset 10") && !text.contains("\n"))
    }

    @Test func anEmptyLedgerIsRefused() {
        #expect(objection(committed(10), ledger: (0, 0)) != nil)
        #expect(objection(committed(10, "ledger_end=7 partitions=2"), ledger: (0, 0)) != nil)
        // Its records were deleted while their commands are there.
        #expect(objection(committed(10, "ledger_end=7 partitions=2"), ledger: (7, 7)) != nil)
    }

    @Test func aLedgerThatRetentionHasEmptiedIsTrusted() {
        let commit = committed(10, "ledger_end=7 partitions=2")
        #expect(objection(commit, commands: (10, 12), ledger: (7, 7)) == nil)
    }

    @Test func countsMustAgreeAndStay() throws {
        func counts(_ ledger: Int, before: Int? = nil, _ metadata: String? = nil) -> String? {
            do throws(UntrustedLedger) {
                let commit = committed(1, metadata)
                try check.counts(
                    commands: 4,
                    ledger: ledger,
                    before: before,
                    committed: commit.map { [place: $0] } ?? [:]
                )
                return nil
            } catch {
                return error.description
            }
        }
        #expect(counts(4) == nil && counts(4, before: 4, "ledger_end=1 partitions=4") == nil)
        #expect(counts(2)?.contains("l has 2 partitions and c has 4") == true)
        #expect(counts(4, before: 2)?.contains("had 2") == true)
        #expect(counts(4, "ledger_end=1 partitions=8")?.contains("had 8") == true)
    }

    @Test func aMissingLedgerIsRefusedUnderWorkedCommands() throws {
        try check.missing(committed: [:])
        try check.missing(committed: [place: #require(committed(0))])
        #expect(throws: UntrustedLedger.self) {
            try check.missing(committed: [place: #require(committed(3))])
        }
    }
}

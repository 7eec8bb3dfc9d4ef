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

    private func objection(_ commit: CommittedOffset?, ledger: LedgerCheck.Log) -> String? {
        do throws(UntrustedLedger) {
            try check.partition(place, committed: commit, ledger: ledger)
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
        #expect(text.contains("every command that c/1 has now") && !text.contains("\n"))
    }

    /// Offsets of commands never begin anew under their ledger.
    @Test(arguments: [(0, 5, true), (5, 5, true), (6, 5, false)] as [(Int64, Int64, Bool)])
    func commandsThatEndBeforeWhatTheLedgerKnowsAreNoticed(
        end: Int64,
        latest: Int64,
        isNoticed: Bool
    ) throws {
        let reason = check.renumbered(place, end: end, latest: latest)
        #expect((reason != nil) == isNoticed)
        guard let reason else { return }
        #expect(reason.contains("c/1 ends at offset \(end)") && reason.contains("at 5"))
        #expect(reason.contains("ASPAYDS_TOPIC_PREFIX") && !reason.contains("\n"))
    }

    @Test func anEmptyLedgerIsRefused() {
        #expect(objection(committed(10), ledger: (0, 0)) != nil)
        #expect(objection(committed(10, "ledger_end=7 partitions=2"), ledger: (0, 0)) != nil)
    }

    /// The first command may be stuck while thousands of later ones are done.
    @Test func aLostLedgerIsNoticedAlthoughNothingIsPassed() throws {
        let commit = committed(0, "ledger_end=7 partitions=2")
        #expect(objection(commit, ledger: (0, 7)) == nil)
        let shorter = try #require(objection(commit, ledger: (0, 0)))
        #expect(shorter.contains("l/1 ends at offset 0") && shorter.contains("up to 7"))
        #expect(objection(commit, ledger: (7, 7))?.contains("l/1 is empty") == true)
        #expect(throws: UntrustedLedger.self) {
            try check.missing(committed: [place: #require(commit)])
        }
    }

    /// Retention empties no ledger while somebody works it; after that, a person has to say so.
    @Test func aLedgerThatRetentionMayHaveEmptiedIsRefusedWithAWayOut() throws {
        let commit = committed(10, "ledger_end=7 partitions=2")
        let text = try #require(objection(commit, ledger: (7, 7)))
        #expect(text.contains("for the ledger's retention (90 days)") && !text.contains("\n"))
        #expect(objection(nil, ledger: (7, 7)) == nil)
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

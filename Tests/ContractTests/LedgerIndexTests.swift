import Aspayds
import Contract
import Testing

/// Records of every kind, with everything set that the kind may have.
enum Ledger {
    static let origin = Event.Origin(
        id: "c",
        source: CommandSource(topic: "t", partition: 1, offset: 1 << 40)
    )

    static let claim = LedgerRecord.Claim(
        domain: .payout,
        group: "g",
        owner: "w",
        number: 7,
        partitions: 12,
        at: 4
    )

    static let details = OrderDetails(
        amount: LedgerTests.order.amount,
        currency: "BDT",
        payoutMethodID: 1,
        recipientAccount: LedgerTests.order.recipientAccount,
        notAfter: 1_800_000_000_001,
        trace: TraceContext(traceparent: traceparent, tracestate: "a=1")
    )

    static let intent = LedgerRecord.Intent(
        domain: .payout,
        reference: "wd-1",
        attempt: 3,
        fingerprint: Fingerprint(PayoutCommand(order: LedgerTests.order)),
        sequence: 5,
        group: "g",
        owner: "w",
        number: 8,
        at: 1_800_000_000_000,
        command: origin,
        offset: 2,
        order: details
    )

    static func outcome(_ state: LedgerRecord.State) -> LedgerRecord.Outcome {
        LedgerRecord.Outcome(
            domain: .payout,
            reference: "wd-1",
            attempt: 3,
            fingerprint: intent.fingerprint,
            command: origin,
            offset: 2,
            state: state,
            sequence: 5,
            owner: "w",
            number: 9,
            at: 1_800_000_000_000
        )
    }

    static var records: [LedgerRecord] {
        var full = outcome(.review)
        full.since = 1_799_999_999_999
        full.finding = 0x0123_4567_89ab_cdef
        full.order = details
        full.providerID = "P"
        full.reason = Event.Reason(code: "timeout")
        full.evidence = Evidence(
            inDoubtSince: 1,
            lookups: 2,
            lastLookupAt: 3,
            lastAnswer: .mismatch,
            transmission: "timeout"
        )
        full.decision = Decision(
            number: .max,
            by: "me",
            why: "because",
            at: 6,
            verdict: .notDone,
            providerID: "P"
        )
        full.event = EventTests.full
        var released = intent
        released.decision = full.decision
        released.decision?.verdict = .release
        return [.claim(claim), .intent(intent), .outcome(full), .intent(released)]
            + LedgerRecord.State.allCases.map { .outcome(outcome($0)) }
    }
}

@Suite struct LedgerIndexTests {
    @Test(arguments: Ledger.records)
    func tellsTheSameAsTheValue(_ record: LedgerRecord) throws {
        let encoded = record.encoded()
        let header = try #require(encoded.headers.first { $0.name == "index" }?.value)
        let value = try #require(encoded.value)
        #expect(header.count == LedgerIndex.length)
        let fromHeader = try #require(header.withUnsafeBytes { LedgerIndex(bytes: $0) })
        let fromValue = try value.withUnsafeBytes { try LedgerIndex(header: nil, value: $0) }
        #expect(fromHeader == LedgerIndex(record))
        #expect(fromValue == fromHeader)
    }

    @Test func holdsEveryField() {
        let index = LedgerIndex(.intent(Ledger.intent))
        #expect(index.kind == .intent && index.attempt == 3 && index.sequence == 5)
        #expect(index.key == ReferenceKey("WD-1"))
        #expect(index.fingerprint == Ledger.intent.fingerprint)
        #expect(index.offset == 2)
        #expect(index.originPartition == 1 && index.originOffset == 1 << 40)
        #expect(index.notAfter == 1_800_000_000_001 && index.at == 1_800_000_000_000)
        #expect(index.since == nil && index.decision == nil)
        // SHA-256 of "w" and "g".
        #expect(index.owner == 0x50e7_21e4_9c01_3f00)
        #expect(index.group == 0xcd0a_a985_6147_b6c5)
        let review = LedgerIndex(Ledger.records[2])
        #expect(review.since == 1_799_999_999_999 && review.decision == .max)
        #expect(review.notAfter == 1_800_000_000_001 && review.group == nil)
        #expect(review.finding == 0x0123_4567_89ab_cdef)
        #expect(LedgerIndex(Ledger.records[3]).decision == .max)
    }

    @Test func kindsSayWhatIsOpen() {
        for state in LedgerRecord.State.allCases {
            #expect(LedgerIndex(.outcome(Ledger.outcome(state))).kind.isOpen == state.isOpen)
        }
    }

    /// Another version, another length, another kind: the value is read instead.
    @Test func isReadFromTheValueWhenTheHeaderIsNoUse() throws {
        let encoded = LedgerRecord.intent(Ledger.intent).encoded()
        let good = LedgerIndex(.intent(Ledger.intent)).encoded()
        var otherVersion = good
        otherVersion[0] = 99
        var otherKind = good
        otherKind[1] = 99
        for header in [[], otherVersion, otherKind, good + [0], good.dropLast()] {
            let header = Array(header)
            #expect(header.withUnsafeBytes { LedgerIndex(bytes: $0) } == nil)
            let index = try header.withUnsafeBytes { header in
                try (encoded.value ?? []).withUnsafeBytes {
                    try LedgerIndex(header: header, value: $0)
                }
            }
            #expect(index.encoded() == good)
        }
        #expect(throws: UnreadableRecord.self) { try LedgerIndex(header: nil, value: nil) }
    }

    @Test func commitMetadataIsReadAsWritten() {
        let metadata = CommitMetadata(ledgerEnd: 1234, partitions: 12)
        #expect(metadata.text == "ledger_end=1234 partitions=12")
        #expect(CommitMetadata(metadata.text) == metadata)
        #expect(CommitMetadata("partitions=12  new=x ledger_end=1234 more") == metadata)
        for foreign in [nil, "", "x", "ledger_end=1", "ledger_end=-1 partitions=1", "=="] {
            #expect(CommitMetadata(foreign) == nil)
        }
    }
}

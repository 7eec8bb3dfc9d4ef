import Contract
import Testing

@testable import aspayds_worker

/// When a dead letter may go back, and as what.
@Suite struct ReplayRulesTests {
    private let rules = ReplayRules(topics: LetterScript.topics, callback: nil)

    private func reason(_ body: () throws -> ReplayDraft) -> String? {
        #expect(throws: ReplayRefusal.self) { try body() }?.reason
    }

    // MARK: The command

    @Test func aValidCommandGoesBackByteForByte() throws {
        let record = LetterScript.record(
            key: "wd-1",
            value: LetterScript.payout(),
            headers: [("x", [1])],
            .misplaced
        )
        let draft = try rules.draft(LetterScript.letter(record, at: 4))
        #expect(draft.record.key == Array("wd-1".utf8))
        #expect(draft.record.value == LetterScript.payout())
        #expect(draft.key == LedgerBook.Key(.payout, "WD-1"))
        #expect(draft.source == LetterScript.source())
        #expect(
            draft.record.headers.map(\.name) == [
                "x", Replay.timeHeader, Replay.header, Forward.header,
            ]
        )
        #expect(draft.record.headers[2].value == Array("t.dead-letters/0/4".utf8))
        #expect(!draft.isNamedAnew)
        #expect(draft.command.summary == "request payout WD-1, 500 to ****5678")
    }

    @Test func whatIsStillWrongIsNamed() {
        let cases: [([UInt8]?, String)] = [
            (Array("no JSON".utf8), "it would be dead-lettered again: not_json: not JSON"),
            (nil, "it would be dead-lettered again: not_json: the record has no value"),
            (
                LetterScript.payout(nil),
                "dead-lettered again: missing_field: transaction_reference is missing"
            ),
            (
                LetterScript.payout(amount: "\"01712345678.001\""),
                "it would be refused: invalid_field: amount \"****5678"
            ),
            (Array(repeating: 32, count: 70_000), "dead-lettered again: too_large"),
        ]
        for (value, told) in cases {
            let letter = LetterScript.letter(LetterScript.record(value: value))
            let found = reason { try rules.draft(letter) }
            #expect(found?.contains(told) == true, "\(found ?? "-")")
        }
    }

    @Test func whatNoWorkerOfOursHasReadIsRefused() {
        let elsewhere = CommandSource(topic: "u.payout.commands", partition: 0, offset: 0)
        let other = LetterScript.record(value: LetterScript.payout(), from: elsewhere)
        #expect(
            reason { try rules.draft(LetterScript.letter(other)) }
                == "it was read from u.payout.commands, which is none of the command topics"
        )
        var forged = LetterScript.record(value: LetterScript.payout())
        forged.headers.removeAll { $0.name == "dead_letter_offset" }
        #expect(
            reason { try rules.draft(LetterScript.letter(forged)) }
                == "its headers do not say where it was read"
        )
    }

    // MARK: Corrections

    private func correct(
        key: String?,
        _ value: String,
        with correction: [UInt8]
    ) throws -> ReplayDraft {
        let record = LetterScript.record(key: key, value: Array(value.utf8))
        return try rules.draft(LetterScript.letter(record), value: correction)
    }

    @Test func aCorrectionKeepsTheReferenceOfTheKey() throws {
        let draft = try correct(key: "wd-1", "{", with: LetterScript.payout())
        #expect(draft.record.key == Array("wd-1".utf8))
        #expect(draft.record.value == LetterScript.payout())
        #expect(!draft.isNamedAnew)
        #expect(
            reason { try correct(key: "wd-1", "{", with: LetterScript.payout("WD-2")) }?
                .hasPrefix("the value is about WD-2, and the dead letter about wd-1") == true
        )
    }

    @Test func aCorrectionKeepsTheReferenceThatTheValueNames() throws {
        let value = #"{"transaction_reference":"WD-1"}"#
        let draft = try correct(key: nil, value, with: LetterScript.payout("wd-1"))
        #expect(draft.record.key == Array("wd-1".utf8))
        #expect(!draft.isNamedAnew)
        #expect(
            reason { try correct(key: nil, value, with: LetterScript.payout("WD-2")) }?
                .contains("the dead letter about WD-1") == true
        )
    }

    @Test(arguments: [nil, "", "not a reference", "ATPAY1"])
    func whereThereIsNoneItNamesTheReference(key: String?) throws {
        let draft = try correct(key: key, "{", with: LetterScript.payout())
        #expect(draft.record.key == Array("WD-1".utf8))
        #expect(draft.isNamedAnew)
    }

    @Test func aCorrectionIsJudgedToo() {
        let found = reason { try correct(key: "WD-1", "{", with: LetterScript.payout(amount: "0")) }
        #expect(found?.hasPrefix("it would be refused: invalid_field: amount") == true)
    }

    // MARK: The ledger

    private func book(_ records: [LedgerRecord]) -> LedgerBook {
        var book = LedgerBook(.some(references: [LedgerBook.Key(.payout, "WD-1")], commands: []))
        book.add(records)
        return book
    }

    /// A plan of one payout, judged by these records; commands of the script lie at `t/1/7`.
    private func plan(_ records: LedgerRecord..., from source: CommandSource? = nil) -> ReplayPlan {
        var plan = ReplayPlan(rules)
        let record = LetterScript.record(
            key: "WD-1",
            value: LetterScript.payout(),
            from: source ?? LetterScript.source()
        )
        plan.add(LetterScript.letter(record))
        plan.judge(by: book(records))
        return plan
    }

    @Test(arguments: LedgerRecord.State.allCases.map(\.rawValue) + ["intent"])
    func whatMayHaveBeenSentStaysWhereItIs(word: String) throws {
        let plan = plan(try LedgerScript.record(word))
        let isNothing = ["refused", "not_sent", "expired", "conflict"].contains(word)
        #expect(plan.drafts.count == (isNothing ? 1 : 0))
        #expect(plan.refused == (isNothing ? 0 : 1))
        let reason = plan.left.first?.reason
        #expect(isNothing || reason?.hasPrefix("the ledger knows payout WD-1: ") == true)
    }

    @Test func nothingKnownIsNoHindrance() throws {
        #expect(plan().drafts.count == 1)
        #expect(plan(try LedgerScript.record("accepted", of: "WD-2")).drafts.count == 1)
    }

    @Test func whatSomebodyLateWroteOfAnAcceptanceCounts() throws {
        let late = plan(
            try LedgerScript.record("claim", by: "b"),
            try LedgerScript.record("refused", by: "b"),
            try LedgerScript.record("accepted", by: "a")
        )
        let reason = late.left.first?.reason
        #expect(reason == "a late record says that payout WD-1 was accepted (l/0/2)")
        // A late intent was never sent.
        let intent = plan(
            try LedgerScript.record("claim", by: "b"),
            try LedgerScript.record("intent", by: "a")
        )
        #expect(intent.drafts.count == 1)
    }

    /// The command of the script's records, were it of a topic of ours.
    private func own(_ word: String, of reference: String = "WD-1") throws -> LedgerRecord {
        let source = LetterScript.source()
        let command = """
            {"id":"c-1","topic":"\(source.topic)","partition":1,"offset":7}
            """
        return try LedgerScript.record(word, of: reference, [("command", command)])
    }

    @Test(arguments: ["refused", "expired", "not_sent", "conflict", "accepted", "in_doubt"])
    func aCommandThatWasTakenUpIsLeftOut(word: String) throws {
        let plan = plan(try own(word))
        #expect(plan.drafts.isEmpty && plan.refused == 0)
        #expect(plan.left.map(\.cause) == [.taken])
        #expect(plan.left[0].reason.hasPrefix("its command is in the ledger already (payout WD-1"))
    }

    @Test func anotherNameForTheSameDeadLetterIsFound() throws {
        var plan = ReplayPlan(rules)
        let record = LetterScript.record(value: Array("{".utf8))
        plan.add(LetterScript.letter(record), value: LetterScript.payout("WD-1"))
        guard case .some(let references, let commands)? = plan.question?.interest else {
            Issue.record("nothing is asked")
            return
        }
        #expect(references == [LedgerBook.Key(.payout, "WD-1")])
        #expect(commands == [LetterScript.source()])
        var book = LedgerBook(.some(references: references, commands: commands))
        book.add([try own("refused", of: "WD-9"), try LedgerScript.record("accepted", of: "WD-8")])
        #expect(book.histories.count == 1)
        plan.judge(by: book)
        #expect(plan.left.map(\.cause) == [.taken])
    }

    @Test func whatWasCorrectedIsPassedOver() throws {
        var plan = ReplayPlan(rules)
        plan.add(LetterScript.letter(LetterScript.record(value: Array("{".utf8))))
        #expect(plan.refused == 1)
        guard case .some([], let commands)? = plan.question?.interest else {
            Issue.record("nothing is asked")
            return
        }
        #expect(commands == [LetterScript.source()])
        var book = LedgerBook(.some(references: [], commands: commands))
        book.add([try own("accepted")])
        plan.judge(by: book)
        #expect((plan.refused, plan.taken) == (0, 1))
    }

    @Test func whatWasSetAsideAgainIsPassedOver() throws {
        var plan = ReplayPlan(rules)
        for (offset, value) in [
            Array("{".utf8), LetterScript.payout(), LetterScript.payout("WD-2"),
        ]
        .enumerated() {
            let record = LetterScript.record(value: value)
            plan.add(LetterScript.letter(record, at: Int64(offset)))
        }
        let later = LetterPlace(partition: 0, offset: 9)
        plan.passOver([
            LetterPlace(partition: 0, offset: 0): later,
            LetterPlace(partition: 0, offset: 1): later,
        ])
        #expect(plan.left.map(\.reason).allSatisfy { $0.hasSuffix("set aside again as 0/9") })
        #expect((plan.taken, plan.refused, plan.drafts.count) == (2, 0, 1))
    }

    // MARK: Several

    @Test func ofOneReferenceOnlyTheOldestGoesBack() {
        var plan = ReplayPlan(rules)
        for (offset, reference, time) in [(0, "WD-2", 3), (1, "wd-1", 2), (2, "WD-1", 1)] {
            let record = LetterScript.record(
                value: LetterScript.payout(reference),
                from: LetterScript.source(.payout, Int64(offset)),
                at: Int64(time)
            )
            plan.add(LetterScript.letter(record, at: Int64(offset)))
        }
        plan.judge(by: nil)
        #expect(plan.drafts.map(\.place.offset) == [2, 0])
        #expect(plan.left.map(\.place.offset) == [1])
        let reason = "0/2 is about the same reference; replay this one later"
        #expect(plan.left.first?.reason == reason)
    }

    @Test func questionsAskNoLedger() throws {
        var plan = ReplayPlan(rules)
        let value = Array(#"{"transaction_reference":"WD-1"}"#.utf8)
        let check = (name: "ce_type", value: Optional(Array("aspayds.payout.check".utf8)))
        for offset in 0..<2 {
            let record = LetterScript.record(value: value, headers: [check])
            plan.add(LetterScript.letter(record, at: Int64(offset)))
        }
        #expect(plan.question == nil)
        plan.judge(by: nil)
        #expect(plan.drafts.map(\.command.summary) == ["check payout WD-1", "check payout WD-1"])
        #expect(
            ReplayText.risk(of: plan.drafts)
                == "This lets workers answer 2 questions (t.payout.commands)."
        )
    }
}

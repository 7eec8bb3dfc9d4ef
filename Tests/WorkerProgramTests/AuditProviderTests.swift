import Aspayds
import Contract
import JSON
import Kafka
import Testing

@testable import aspayds_worker

/// The books against the provider's, and how both are shown.
@Suite struct AuditProviderTests {
    private func word(
        _ reference: String = "WD-1",
        id: String? = nil,
        status: String = "pending",
        amount: Int64 = 400
    ) -> ProviderWord {
        ProviderWord(
            id: id ?? "ATPAY-\(reference)",
            reference: reference,
            status: status,
            amount: Amount(thousandths: amount * 1000)
        )
    }

    private func accepted(_ state: LedgerRecord.State = .accepted) throws -> AuditScene {
        var scene = AuditScene()
        let order = try scene.accept()
        if state != .accepted { scene.publish(scene.settle(order, state, sequence: 2)) }
        return scene
    }

    @Test func whatAgreesIsRight() throws {
        var scene = try accepted()
        #expect(scene.compare(found: [word("wd-1", id: "ATPAY-WD-1")]) == [])
        // It may have moved on.
        #expect(scene.compare(found: [word(status: "completed")]) == [])
        scene = try accepted(.completed)
        #expect(scene.compare(found: [word(status: "completed")]) == [])
        #expect(scene.compare(found: [word(status: "refunded")]) == [])
    }

    @Test func contradictionsAreBreaches() throws {
        var scene = try accepted()
        var breaches = scene.compare(absent: ["WD-1"])
        #expect(breaches.map(\.rule) == [.providerAbsent])
        #expect(breaches.first?.place.description == "t.payout.ledger/0/1")
        breaches = scene.compare(found: [word(id: "ATPAY-2", amount: 4000)])
        #expect(breaches.map(\.rule) == [.providerAbsent, .providerID, .providerAmount])
        scene = try accepted()
        #expect(scene.compare(found: [word(), word()]).map(\.rule) == [.providerTwice])
        for status in ["rejected", "pending"] {
            scene = try accepted(.completed)
            #expect(scene.compare(found: [word(status: status)]).map(\.rule) == [.providerState])
        }
    }

    @Test func whatWasNotAcceptedIsNotThere() throws {
        for state in [LedgerRecord.State.refused, .expired, .notSent] {
            var scene = AuditScene()
            let order = try scene.order()
            scene.intent(order)
            if let event = scene.outcome(order, state) { scene.publish(event) }
            #expect(scene.compare(absent: ["WD-1"]) == [])
            #expect(scene.compare(found: [word()]).map(\.rule) == [.providerHas])
        }
        // Refused before anything was recorded.
        for (code, rules) in [
            ("missing_field", [.providerHas]), ("dry_run", []), ("reference_conflict", []),
        ] as [(String, [Breach.Rule])] {
            var scene = AuditScene()
            let source = scene.command(#"{"transaction_reference":"WD-1"}"#)
            scene.publish(AuditScene.answer(.refused, to: source, code: code))
            #expect(scene.compare(found: [word()]).map(\.rule) == rules, "\(code)")
        }
    }

    @Test func whatIsOpenAndWhatAPersonHasSaidIsNoContradiction() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        #expect(scene.compare(found: [word()]) == [])
        #expect(scene.compare(absent: ["wd-1"]) == [])
        scene = try accepted(.disputed)
        #expect(scene.compare(absent: ["WD-1"]) == [])
        scene = AuditScene()
        let closed = try scene.accept()
        scene.publish(scene.settle(closed, .overdue, sequence: 2))
        let end = scene.settle(closed, .completed, sequence: 3) {
            $0.decision = AuditScene.decision(.done)
        }
        scene.publish(end)
        #expect(scene.compare(absent: ["WD-1"]) == [])
        #expect(scene.compare(found: [word(status: "pending")]) == [])
    }

    @Test func whatIsNotToldIsNotJudged() throws {
        var scene = try accepted()
        #expect(scene.compare() == [])
        #expect(scene.books.findings.unjudged[.provider] == 1)
    }

    // MARK: Shown

    @Test func sumsAreExact() throws {
        var total = Total()
        #expect(total.description == "0")
        for text in ["0.1", "0.2", "999999999999999.99"] { total.add(try Amount(text)) }
        #expect(total.description == "1000000000000000.29")
        for _ in 0..<10_000 { total.add(Amount(thousandths: .max)) }
        #expect(total.description == "92234720368547758070.29")
        var row = Tally.Row()
        row.add(nil)
        #expect(row.sum == nil)
        row.add(try Amount("0.05"))
        #expect((row + row).sum?.description == "0.1")
        #expect((row + row).count == 4)
    }

    @Test func theTableBalances() throws {
        var scene = AuditScene()
        try scene.accept()
        _ = try scene.accept("WD-2")
        scene.publish(
            AuditScene.answer(
                .refused,
                to: scene.command(#"{"transaction_reference":"WD-3"}"#),
                reference: "WD-3",
                code: "missing_field"
            )
        )
        let report = scene.report()
        let lines = report.lines(colour: false)
        #expect(lines.contains("payout  in         3      800     -"))
        #expect(lines.contains("payout  requested  2      800     -"))
        #expect(lines.contains("payout  refused    1      -       -"))
        #expect(lines.contains("payout  accepted    2      800     -"))
        #expect(lines.last?.hasPrefix("the books are right: ") == true)

        let json = try JSONValue.parse(report.json(), duplicates: .refuse).object
        #expect(json?["right"] == .bool(true))
        #expect(json?["breach_count"] == .number("0"))
        let row = json?["references"]?.array?.first?.object
        #expect(row?["state"]?.text == "accepted")
        #expect(row?["amount"] == .number("800"))
    }

    @Test func breachesAreShownInFull() throws {
        var scene = AuditScene()
        _ = try scene.order()
        let report = scene.report()
        let lines = report.lines(colour: false)
        #expect(
            lines.contains(
                "t.payout.commands/0/0  unanswered  WD-1  was passed, and nothing was said of it"
            )
        )
        #expect(lines.last?.hasPrefix("1 breach in ") == true)
        let breach = try JSONValue.parse(report.json(), duplicates: .refuse).object?["breaches"]?
            .array?.first?.object
        #expect(breach?["rule"]?.text == "unanswered")
        #expect(breach?["offset"] == .number("0"))
        #expect(breach?[Reference.field]?.text == "WD-1")
    }

    @Test func whatWasFoundBeforeIsLeftOut() throws {
        for (since, rules) in [
            (AuditScene.start, [.unanswered, .unsaid]), (AuditScene.start + 5, [.unsaid]),
            (AuditScene.start + 10, []),
        ] as [(Int64, [Breach.Rule])] {
            var scene = AuditScene(since: since)
            _ = try scene.order()
            let order = try scene.order("WD-2", at: AuditScene.start + 9)
            scene.intent(order, after: 9)
            scene.outcome(order, .accepted, after: 9)
            let findings = scene.report().findings
            #expect(findings.breaches.map(\.rule) == rules)
            #expect(findings.unjudged[.earlier] ?? 0 == 2 - rules.count)
        }
        #expect(try AuditCommand.time("1970-01-01T00:00:01Z") == 1000)
        let before = Moment.now
        let time = try AuditCommand.time("2m")
        #expect(before - 120_000...Moment.now - 120_000 ~= time)
        #expect(throws: (any Error).self) { try AuditCommand.time("yesterday") }
    }

    @Test func soManyBreachesAreKept() {
        var findings = Findings()
        let place = CommandSource(topic: "t", partition: 0, offset: 0)
        for _ in 0..<(Findings.mostKept + 5) { findings.add(.unreadable, place, nil, "-") }
        #expect(findings.breaches.count == Findings.mostKept)
        #expect(findings.count == Findings.mostKept + 5)
    }

    /// What the README promises.
    @Test func memoryIsBounded() {
        #expect(MemoryLayout<Page>.stride <= 64)
        #expect(MemoryLayout<Account>.stride <= 320)
        #expect(MemoryLayout<Entry>.stride <= 64)
    }
}

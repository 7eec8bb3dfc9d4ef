import Aspayds
import Contract
import Kafka
import Testing

@testable import aspayds_worker

/// No attempt that the one before did not allow; the ledger says what was published.
@Suite struct AuditLedgerTests {
    typealias Change = (inout LedgerRecord.Outcome) -> Void

    private func decided(
        _ verdict: Decision.Verdict,
        after delay: Int64 = AuditScene.wait
    ) -> Change {
        { $0.decision = AuditScene.decision(verdict, after: delay) }
    }

    /// A payout in doubt, or further on its way to another attempt.
    private func doubt(
        _ scene: inout AuditScene,
        _ domain: Domain = .payout
    ) throws
        -> AuditScene.Ordered
    {
        let order = try scene.order("REF-1", domain)
        scene.intent(order)
        scene.publish(scene.outcome(order, .inDoubt))
        return order
    }

    @Test func aSecondAttemptNeedsLeave() throws {
        let states: [LedgerRecord.State?] = [nil, .accepted, .inDoubt, .completed]
        for state in states {
            var scene = AuditScene()
            let order = try scene.order()
            scene.intent(order)
            if state == .completed { scene.publish(scene.outcome(order, .accepted)) }
            if let state { scene.publish(scene.settle(order, state, sequence: 2)) }
            scene.intent(order, attempt: 2, after: AuditScene.wait)
            let breaches = scene.report().findings.breaches
            #expect(breaches.first?.rule == .attempt, "\(String(describing: state))")
            // Nothing was said of the first at all.
            #expect(breaches.dropFirst().map(\.rule) == (state == nil ? [.unanswered] : []))
            #expect(breaches.first?.place.topic == "t.payout.ledger")
            #expect(breaches.first?.reference == "WD-1")
        }
    }

    @Test func aReviewIsReleasedByAPerson() throws {
        var scene = AuditScene()
        let order = try doubt(&scene)
        scene.publish(scene.settle(order, .review, sequence: 2, after: AuditScene.wait))
        scene.outcome(order, .released, sequence: 2, decided(.release))
        scene.intent(order, attempt: 2)
        // A drain gives it back: there is still leave.
        scene.outcome(order, .released, attempt: 2, sequence: 2)
        scene.intent(order, attempt: 3)
        scene.publish(scene.settle(order, .accepted, sequence: 3, attempt: 3))
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("requested") == 1)
    }

    @Test func whatIsHeldIsSentOnlyWhenAPersonLetsItGo() throws {
        for verdict in [Decision.Verdict.release, nil] {
            var scene = AuditScene()
            let order = try scene.order()
            scene.publish(scene.outcome(order, .held))
            if let verdict { scene.outcome(order, .approved, decided(verdict)) }
            scene.intent(order, attempt: 2)
            scene.publish(scene.settle(order, .accepted, sequence: 2, attempt: 2))
            #expect(scene.rules() == (verdict == nil ? [.attempt] : []))
        }
        var scene = AuditScene()
        let order = try scene.order()
        scene.publish(scene.outcome(order, .held))
        scene.outcome(order, .approved)
        #expect(scene.rules() == [.decision])
    }

    @Test func whatIsHeldIsClosedAtOnce() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.publish(scene.outcome(order, .held))
        scene.publish(scene.settle(order, .refused, sequence: 2, decided(.notDone)))
        #expect(scene.rules() == [])
    }

    @Test(arguments: [
        (LedgerRecord.State.released, Decision.Verdict?.none, Int64(0)),
        (.released, .notDone, AuditScene.wait), (.refused, .release, AuditScene.wait),
        (.released, .release, AuditScene.wait - 1), (.refused, .notDone, 0),
    ])
    func aReviewEndsByWhatWasDecided(
        state: LedgerRecord.State,
        verdict: Decision.Verdict?,
        delay: Int64
    ) throws {
        var scene = AuditScene()
        let order = try doubt(&scene)
        scene.publish(scene.settle(order, .review, sequence: 2))
        let event = scene.settle(order, state, sequence: 3) { outcome in
            outcome.decision = verdict.map { AuditScene.decision($0, after: delay) }
        }
        if let event { scene.publish(event) }
        #expect(scene.rules() == [.decision])
    }

    @Test func nobodyIsAskedAboutWhatIsNotInReview() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        scene.publish(scene.settle(order, .completed, sequence: 2, decided(.done)))
        #expect(scene.rules() == [.decision])

        scene = AuditScene()
        let overdue = try scene.accept()
        scene.publish(scene.settle(overdue, .overdue, sequence: 2))
        scene.publish(scene.settle(overdue, .completed, sequence: 3, decided(.done)))
        #expect(scene.rules() == [])
    }

    @Test func absenceLastsForTheWholeWindow() throws {
        for (domain, delay, rules) in [
            (Domain.payment, AuditScene.wait, []), (.payment, AuditScene.wait - 5000, [.attempt]),
            (.payout, AuditScene.wait, [.attempt]),
        ] as [(Domain, Int64, [Breach.Rule])] {
            var scene = AuditScene()
            let order = try doubt(&scene, domain)
            scene.intent(order, attempt: 2, after: delay)
            scene.publish(scene.settle(order, .accepted, sequence: 2, attempt: 2))
            #expect(scene.rules() == rules, "\(domain) \(delay)")
        }
    }

    @Test func whatWasRefusedIsTriedByAnotherCommand() throws {
        var scene = AuditScene()
        let first = try scene.order()
        scene.intent(first)
        scene.publish(scene.outcome(first, .refused))
        scene.intent(first, attempt: 2)
        #expect(scene.rules() == [.attempt])

        scene = AuditScene()
        let refused = try scene.order()
        let second = try scene.order(amount: 500)
        scene.intent(refused)
        scene.publish(scene.outcome(refused, .refused))
        scene.outcome(second, .notSent, attempt: 2)
        // Not one without an intent.
        #expect(scene.rules().first == .noIntent)

        scene = AuditScene()
        let gone = try scene.order()
        let later = try scene.order(amount: 500)
        // One that the provider's methods do not allow is refused without being sent.
        scene.publish(scene.outcome(gone, .refused))
        scene.intent(later, attempt: 2)
        scene.outcome(later, .notSent, attempt: 2)
        scene.intent(later, attempt: 3)
        scene.publish(scene.outcome(later, .accepted, attempt: 3, sequence: 2))
        #expect(scene.rules() == [])
    }

    @Test func anOutcomeHasAnIntent() throws {
        for state in [LedgerRecord.State.accepted, .inDoubt, .review, .notSent, .released] {
            var scene = AuditScene()
            let order = try scene.order()
            if let event = scene.outcome(order, state) { scene.publish(event) }
            #expect(scene.rules().first == .noIntent, "\(state)")
        }
    }

    @Test(arguments: [
        (LedgerRecord.State.accepted, LedgerRecord.State.inDoubt), (.accepted, .refused),
        (.refused, .accepted), (.completed, .rejected), (.completed, .processing),
        (.rejected, .completed), (.disputed, .completed), (.expired, .accepted),
    ])
    func statesOnlyGoForward(from: LedgerRecord.State, to: LedgerRecord.State) throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        if from.isProgress { scene.publish(scene.outcome(order, .accepted)) }
        scene.publish(scene.settle(order, from, sequence: 2))
        scene.publish(scene.settle(order, to, sequence: 3))
        #expect(scene.rules().contains(.ledger))
    }

    @Test func aCustomerWhoCancelsMayStillPay() throws {
        var scene = AuditScene()
        let order = try scene.accept("TRX-1", .payment)
        for (number, state) in [LedgerRecord.State.cancelled, .changed, .cancelled, .completed]
            .enumerated()
        {
            scene.publish(scene.settle(order, state, sequence: number + 2, after: Int64(number)))
        }
        #expect(scene.rules() == [])
    }

    @Test func lateRecordsDoNotCount() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.claim("a")
        scene.intent(order)
        scene.claim("b")
        scene.outcome(order, .refused, by: "a")
        scene.intent(order, attempt: 2, by: "a")
        scene.publish(scene.outcome(order, .inDoubt, by: "b"))
        #expect(scene.rules() == [])
        scene.claim("c", group: "other-payouts")
        #expect(scene.rules() == [.group])
    }

    @Test func theEndOfAnEarlierAttemptIsNotedLate() throws {
        var scene = AuditScene()
        let first = try scene.order()
        let second = try scene.order(amount: 500)
        scene.intent(first)
        scene.publish(scene.outcome(first, .inDoubt))
        scene.publish(scene.settle(first, .review, sequence: 2, after: AuditScene.wait))
        let refused = scene.outcome(first, .refused, sequence: 3) {
            $0.decision = AuditScene.decision(.notDone)
            $0.isUnannounced = true
        }
        scene.publish(refused)
        scene.intent(second, attempt: 2)
        scene.outcome(first, .refused, sequence: 3, decided(.notDone))
        scene.publish(scene.outcome(second, .accepted, attempt: 2, sequence: 4))
        #expect(scene.rules() == [])
        // What was not recorded before is not noted.
        scene.outcome(first, .expired, sequence: 3)
        #expect(scene.rules().first == .ledger)
    }

    @Test func theLedgerHasTheOrderOfTheCommand() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(
            AuditScene.Ordered(
                domain: .payout,
                reference: "WD-1",
                amount: try Amount("4000"),
                fingerprint: order.fingerprint,
                source: order.source
            )
        )
        #expect(scene.rules().first == .order)
    }

    @Test func whatTheLedgerSaysIsPublished() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        scene.outcome(order, .accepted)
        let breaches = scene.report().findings.breaches
        #expect(breaches.map(\.rule) == [.unsaid])
        #expect(breaches.first?.place.description == "t.payout.ledger/0/1")

        // On its way, perhaps.
        for (passed, settledEnd) in [(0, 1000), (1000, 1)] as [(Int64, Int64)] {
            scene = AuditScene(passed: passed, settledEnd: settledEnd)
            let order = try scene.order()
            scene.intent(order)
            scene.outcome(order, .accepted)
            let report = scene.report()
            #expect(report.findings.breaches == [])
            #expect(report.ended("not_said") == 1)
        }
        scene = AuditScene()
        let settled = try scene.accept()
        scene.outcome(settled, .completed, sequence: 2) { $0.isUnannounced = true }
        #expect(scene.rules() == [])
        scene.outcome(settled, .completed, sequence: 2)
        #expect(scene.rules() == [.unsaid])
    }

    @Test func aDoubtThatEndedNeedNotBeSaid() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        scene.outcome(order, .inDoubt)
        scene.publish(scene.settle(order, .accepted, sequence: 2))
        #expect(scene.rules() == [])
    }

    @Test func whatWasDeletedIsNotJudged() throws {
        var scene = AuditScene(low: ["t.payout.ledger": 10, "t.payout.events": 10])
        let order = try scene.order()
        // The intents are gone.
        scene.publish(scene.outcome(order, .accepted, attempt: 2))
        let old = try scene.order("WD-2")
        scene.intent(old, after: -10)
        scene.outcome(old, .accepted, after: -10)
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.findings.unjudged == [.cutHistories: 1, .oldOutcomes: 1])
    }

    @Test func recordsLieAtHome() throws {
        let place = { partition in
            CommandSource(topic: "t.payout.ledger", partition: partition, offset: 0)
        }
        let extents = (0..<3).reduce(into: [TopicPartition: Extents.Extent]()) {
            let partition = TopicPartition(topic: "t.payout.ledger", partition: Int32($1))
            $0[partition] = Extents.Extent(low: 0, end: 9)
        }
        let terms = AuditTerms(
            topics: AuditScene.topics,
            rules: LedgerRules(settleWindow: AuditScene.window, reposts: [])
        )
        var books = AuditBooks(terms, Extents(extents, asOf: 0))
        let home = HomePartition.of("WD-1", partitions: 3)
        let record = try LedgerScript.record("intent")
        books.add(record, at: place(home))
        #expect(books.findings.count == 0)
        books.add(record, at: place((home + 1) % 3))
        #expect(books.findings.breaches.map(\.rule) == [.home])
    }
}

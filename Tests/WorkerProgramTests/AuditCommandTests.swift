import Aspayds
import Contract
import Kafka
import Testing

@testable import aspayds_worker

/// Every command ends once.
@Suite struct AuditCommandTests {
    @Test func rightBooksAreRight() throws {
        var scene = AuditScene(isComplete: true)
        scene.claim("a")
        let order = try scene.accept()
        scene.publish(scene.settle(order, .processing, sequence: 2))
        scene.publish(scene.settle(order, .completed, sequence: 3))
        try scene.accept("TRX-1", .payment)
        let check = scene.command(#"{"transaction_reference":"WD-1"}"#, headers("check"))
        scene.publish(AuditScene.answer(.checked, to: check))
        let methods = scene.command("", headers("methods"))
        scene.publish(AuditScene.answer(.methods, to: methods, reference: nil))
        scene.deadLetter(of: scene.command("no JSON"))
        scene.command(#"{"transaction_reference":"WD-1"}"#, headers("check", trigger: "webhook"))

        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.findings.unjudged == [:])
        for word in ["requested", "created", "checked", "methods", "dead_letter", "hint"] {
            #expect(report.ended(word) == 1, "\(word)")
        }
        #expect(report.isRight)
    }

    private func headers(
        _ type: String,
        trigger: String? = nil
    ) -> [(name: String, value: String)] {
        let type = [(name: "ce_type", value: "aspayds.payout.\(type)")]
        return type + (trigger.map { [(name: Command.triggerHeader, value: $0)] } ?? [])
    }

    @Test func anEventThatComesAgainEndsNothingTwice() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        let event = scene.outcome(order, .accepted)
        for _ in 1...3 { scene.publish(event) }
        #expect(scene.rules() == [])
    }

    @Test func anotherEndIsABreach() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        scene.publish(AuditScene.answer(.refused, to: order.source, code: "invalid_field"))
        let report = scene.report()
        let breach = try #require(report.findings.breaches.first)
        #expect(breach.rule == .endedTwice)
        #expect(breach.place == CommandSource(topic: "t.payout.events", partition: 0, offset: 1))
        #expect(breach.reference == "WD-1")
        #expect(
            breach.line.hasPrefix("t.payout.events/0/1  ended_twice  WD-1  t.payout.commands/0/0")
        )

        scene = AuditScene()
        scene.deadLetter(of: try scene.accept().source)
        #expect(scene.rules() == [.endedTwice])
    }

    @Test func anAnswerGivenAgainSaysTheSame() throws {
        var scene = AuditScene()
        let source = scene.command(#"{"transaction_reference":"WD-1"}"#)
        scene.publish(AuditScene.answer(.refused, to: source, code: "missing_field"))
        var again = AuditScene.answer(.refused, to: source, code: "missing_field")
        again.occurredAt += 5000
        scene.publish(again)
        #expect(scene.rules() == [])
        scene.publish(AuditScene.answer(.refused, to: source, code: "unknown_field"))
        #expect(scene.rules() == [.content])
    }

    @Test func whatWasPassedMustHaveAnAnswer() throws {
        var scene = AuditScene(passed: 1)
        _ = try scene.order()
        _ = try scene.order("WD-2")
        let report = scene.report()
        #expect(report.findings.breaches.map(\.rule) == [.unanswered])
        #expect(report.findings.breaches.first?.place.description == "t.payout.commands/0/0")
        #expect(report.ended("waiting") == 1)
    }

    @Test func whatIsOpenIsABreachOnlyWhereNothingMayBe() throws {
        func scene(isComplete: Bool) throws -> AuditScene {
            var scene = AuditScene(passed: 2, isComplete: isComplete)
            let orders = [try scene.order(), try scene.order("WD-2"), try scene.order("WD-3")]
            for order in orders { scene.intent(order) }
            scene.publish(scene.outcome(orders[0], .inDoubt))
            scene.publish(scene.outcome(orders[1], .inDoubt))
            scene.publish(
                scene.settle(orders[1], .review, sequence: 2, after: AuditScene.wait)
            )
            _ = try scene.order("WD-4")
            return scene
        }
        var open = try scene(isComplete: false)
        let report = open.report()
        #expect(report.findings.breaches == [])
        for word in ["in_doubt", "needs_review", "in_flight", "waiting"] {
            #expect(report.ended(word) == 1, "\(word)")
        }
        var complete = try scene(isComplete: true)
        let breaches = complete.report().findings.breaches
        #expect(breaches.map(\.rule) == [.open, .open, .open])
        #expect(breaches.map(\.reference) == ["WD-1", "WD-3", "WD-4"])
    }

    @Test func theSameOrderAgainIsAnsweredByTheSameEvent() throws {
        var scene = AuditScene()
        let order = try scene.order()
        _ = try scene.order()
        scene.intent(order)
        let event = scene.outcome(order, .accepted)
        scene.publish(event)
        // Two were passed, and one record published.
        #expect(scene.rules() == [.unanswered])
        scene = AuditScene()
        let first = try scene.order()
        _ = try scene.order()
        scene.intent(first)
        let same = scene.outcome(first, .accepted)
        scene.publish(same)
        scene.publish(same)
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("answered_again") == 1)
    }

    @Test func anotherOrderOfTheReferenceHasAnAnswerOfItsOwn() throws {
        var scene = AuditScene()
        try scene.accept()
        let other = try scene.order(amount: 500)
        #expect(scene.rules() == [.unanswered])
        var refusal = AuditScene.answer(.refused, to: other.source, code: "reference_conflict")
        refusal.amount = other.amount
        scene.publish(refusal)
        #expect(scene.report().findings.breaches.count == 1, "that from before")
    }

    @Test func anAnswerFitsItsCommand() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.publish(AuditScene.answer(.checked, to: order.source))
        #expect(scene.rules().first == .wrongAnswer)

        scene = AuditScene()
        let other = try scene.order("WD-2")
        scene.publish(AuditScene.answer(.refused, to: other.source, reference: "WD-1"))
        #expect(scene.rules() == [.wrongAnswer])

        scene = AuditScene()
        let source = try scene.order().source
        var forged = AuditScene.answer(.refused, to: source)
        forged.id += "x"
        scene.publish(forged)
        #expect(scene.rules() == [.content])
    }

    @Test func anAnswerNamesACommandThatIsThere() throws {
        var scene = AuditScene()
        try scene.accept()
        for (topic, offset) in [("t.payout.commands", 99), ("t.other", 0)] as [(String, Int64)] {
            let source = CommandSource(topic: topic, partition: 0, offset: offset)
            scene.publish(AuditScene.answer(.refused, to: source))
        }
        scene.deadLetter(of: CommandSource(topic: "t.payout.commands", partition: 7, offset: 0))
        #expect(scene.rules() == [.noCommand, .noCommand, .noCommand])
    }

    @Test func whatIsNotKeptIsNotJudged() throws {
        var scene = AuditScene(low: ["t.payout.commands": 10, "t.payout.events": 10])
        let old = CommandSource(topic: "t.payout.commands", partition: 0, offset: 3)
        scene.publish(AuditScene.answer(.checked, to: old))
        // Its answers may have been deleted.
        _ = try scene.order(at: AuditScene.start - 1)
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.findings.unjudged == [.goneCommands: 1, .oldCommands: 1])
        #expect(report.ended("not_judged") == 1)
    }

    @Test func copiesBelongToWhatWasReadFirst() throws {
        var scene = AuditScene()
        let value = #"{"transaction_reference":"WD-1"}"#
        let type = (name: "ce_type", value: "aspayds.payout.check")
        let first = scene.command(value, [type])
        let forwarded = [type, (name: Forward.header, value: "\(first)")]
        scene.command(value, forwarded)
        scene.command(value, forwarded)
        scene.publish(AuditScene.answer(.checked, to: first))
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("checked") == 1)

        scene.command(#"{"transaction_reference":"WD-2"}"#, forwarded)
        scene.command(value, [type, (name: Forward.header, value: "t.payout.commands/0/500")])
        #expect(Set(scene.rules()) == [.forward])
        #expect(scene.books.findings.count == 2)
    }

    @Test func aForwardedOrderIsOneOrder() throws {
        var scene = AuditScene()
        let order = try scene.order()
        _ = try scene.order(copyOf: order.source)
        scene.intent(order)
        scene.publish(scene.outcome(order, .accepted))
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("requested") == 1)
        #expect(report.intake.values.map(\.count) == [1])
    }

    @Test func oneReferenceIsJudgedAlone() throws {
        var scene = AuditScene(reference: "WD-2")
        _ = try scene.order()
        scene.deadLetter(of: scene.command("no JSON"))
        scene.deadLetter(of: try scene.order("WD-2", amount: 1).source)
        try scene.accept("wd-2")
        let report = scene.report()
        #expect(report.isRight)
        #expect(report.ended("requested") == 1)
        #expect(report.ended("dead_letter") == 1)
        #expect(report.commands.count == 2)
        #expect(report.references.values.map(\.count) == [1])
    }
}

extension AuditScene {
    @discardableResult
    mutating func command(
        _ value: String,
        _ headers: [(name: String, value: String)]
    ) -> CommandSource {
        command(value, .payout, headers)
    }
}

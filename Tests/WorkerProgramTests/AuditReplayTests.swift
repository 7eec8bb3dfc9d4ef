import Aspayds
import Contract
import Testing

@testable import aspayds_worker

/// A dead letter that is put back ends again, and nothing else does.
@Suite struct AuditReplayTests {
    private let letter = CommandSource(topic: "t.dead-letters", partition: 0, offset: 0)

    /// What cannot be read, and its correction.
    private func replayed(_ scene: inout AuditScene) throws -> AuditScene.Ordered {
        let wrong = scene.command("no JSON")
        return try scene.order(amount: 500, copyOf: wrong, replayOf: letter)
    }

    private func accept(_ order: AuditScene.Ordered, _ scene: inout AuditScene) {
        scene.intent(order)
        scene.publish(scene.outcome(order, .accepted))
    }

    @Test(arguments: [false, true]) func aReplayEndsAgain(isReadLast: Bool) throws {
        var scene = AuditScene(isComplete: true)
        let order = try replayed(&scene)
        if !isReadLast { scene.deadLetter(of: order.source) }
        accept(order, &scene)
        if isReadLast { scene.deadLetter(of: order.source) }
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("requested") == 1 && report.ended("dead_letter") == 0)
        let row = try #require(report.intake.values.first)
        #expect(report.intake.count == 1 && row.count == 1 && row.sum?.description == "500")
    }

    @Test func anotherEndAfterItIsABreach() throws {
        var scene = AuditScene()
        let order = try replayed(&scene)
        scene.deadLetter(of: order.source)
        accept(order, &scene)
        scene.publish(AuditScene.answer(.refused, to: order.source, code: "invalid_field"))
        #expect(scene.rules() == [.endedTwice])
    }

    @Test func withoutTheHeaderItIsABreach() throws {
        var scene = AuditScene()
        let wrong = scene.command("no JSON")
        let order = try scene.order(copyOf: wrong)
        scene.deadLetter(of: wrong)
        accept(order, &scene)
        #expect(Set(scene.rules()) == [.endedTwice, .forward])
    }

    @Test func aReplayNamesADeadLetterOfItsOwn() throws {
        var scene = AuditScene()
        let order = try replayed(&scene)
        accept(order, &scene)
        #expect(scene.rules() == [.forward])

        scene = AuditScene()
        accept(try replayed(&scene), &scene)
        scene.deadLetter(of: scene.command("no JSON either"))
        #expect(scene.rules() == [.forward])
    }

    @Test func whatIsPutBackIsOpenUntilItEnds() throws {
        var scene = AuditScene(passed: 1, isComplete: true)
        let order = try replayed(&scene)
        scene.deadLetter(of: order.source)
        #expect(scene.rules() == [.open])

        scene = AuditScene()
        scene.deadLetter(of: try replayed(&scene).source)
        #expect(scene.rules() == [.unanswered])
    }

    @Test func whatIsSetAsideAgainHasEnded() throws {
        var scene = AuditScene(isComplete: true)
        let wrong = scene.command("no JSON")
        let replay = [(Forward.header, wrong), (Contract.Replay.header, letter)].map {
            (name: $0, value: "\($1)")
        }
        let again = scene.command("still no JSON", replay)
        scene.deadLetter(of: wrong)
        scene.deadLetter(of: again)
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.ended("dead_letter") == 1)
    }

    @Test func whatWasRefusedMayBeReplayedOnceMore() throws {
        func breaches(replays: Int) throws -> [Breach.Rule] {
            var scene = AuditScene(isComplete: true)
            let order = try replayed(&scene)
            for _ in 1..<replays {
                _ = try scene.order(amount: 500, copyOf: order.source, replayOf: letter)
            }
            scene.deadLetter(of: order.source)
            scene.publish(AuditScene.answer(.refused, to: order.source, code: "dry_run"))
            accept(order, &scene)
            return scene.rules()
        }
        #expect(try breaches(replays: 2) == [])
        #expect(try breaches(replays: 1) == [.endedTwice])
    }

    @Test func ofOneReferenceTheReplayIsKnown() throws {
        var scene = AuditScene(reference: "WD-1")
        let order = try replayed(&scene)
        scene.deadLetter(of: order.source)
        accept(order, &scene)
        #expect(scene.rules() == [])
    }
}

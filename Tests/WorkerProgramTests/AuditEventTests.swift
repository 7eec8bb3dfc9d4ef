import Aspayds
import Contract
import JSON
import Kafka
import Testing

@testable import aspayds_worker

/// Events say what the ledger says, go forward, and name one id of the provider's.
@Suite struct AuditEventTests {
    @Test func whatTheLedgerDoesNotHaveIsForged() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        let event = try needed(scene.outcome(order, .accepted))
        scene.publish(event)
        var forged = event
        forged.kind = .completed
        forged.id = Event.stateID(.payout, "WD-1", .completed, attempt: 1)
        forged.sequence = 2
        scene.publish(forged, isNotified: false)
        let breaches = scene.report().findings.breaches
        #expect(breaches.map(\.rule) == [.unrecorded])
        #expect(breaches.first?.place.description == "t.payout.events/0/1")
    }

    @Test func oneIDHasOneContent() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        let event = try needed(scene.outcome(order, .accepted))
        scene.publish(event)
        var other = event
        other.paymentURL = "https://elsewhere.example"
        scene.publish(other)
        #expect(scene.rules() == [.content])

        scene = AuditScene()
        let twice = try scene.accept()
        scene.outcome(twice, .accepted) { $0.event?.fee = .zero }
        #expect(scene.rules().first == .content)
    }

    @Test func aDoubtMayBeSaidAgainWithMoreEvidence() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        scene.publish(scene.outcome(order, .inDoubt))
        scene.publish(scene.settle(order, .inDoubt, sequence: 2, after: 5))
        #expect(scene.rules() == [])
        scene.outcome(order, .inDoubt, sequence: 2, after: 9)
        #expect(scene.rules().first == .content)
    }

    @Test func eventsComeInTheirSequence() throws {
        func crossed(_ claims: Bool) throws -> AuditScene {
            var scene = AuditScene()
            let order = try scene.order()
            scene.claim("a")
            scene.intent(order)
            let doubt = scene.outcome(order, .inDoubt)
            if claims { scene.claim("a") }
            scene.publish(scene.settle(order, .accepted, sequence: 2))
            scene.publish(doubt)
            return scene
        }
        var scene = try crossed(false)
        #expect(scene.rules() == [.sequence, .state])
        // Whoever has lost the partition without knowing it publishes beside its successor.
        scene = try crossed(true)
        #expect(scene.rules() == [])
    }

    @Test func anEndIsNotTakenBack() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        scene.publish(scene.settle(order, .completed, sequence: 2))
        scene.publish(scene.settle(order, .rejected, sequence: 3))
        #expect(scene.rules() == [.ledger, .state])
    }

    @Test func amountsAreThoseOfTheCommand() throws {
        var scene = AuditScene()
        let order = try scene.order()
        scene.intent(order)
        let event = scene.outcome(order, .accepted) {
            $0.event?.amount = Amount(thousandths: 1)
        }
        scene.publish(event)
        #expect(scene.rules() == [.amount])
    }

    @Test func aReferenceHasOneIDOfTheProviders() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        scene.publish(
            scene.settle(order, .completed, sequence: 2) {
                $0.providerID = "ATPAY-2"
                $0.event?.providerID = "ATPAY-2"
            }
        )
        let breaches = scene.report().findings.breaches
        #expect(Set(breaches.map(\.rule)) == [.twoIDs])
        #expect(breaches.first?.what.contains("ATPAY-2") == true)
        #expect(breaches.first?.what.contains("t.payout.ledger/0/1") == true)
    }

    @Test func anIDOfTheProvidersBelongsToOneReference() throws {
        var scene = AuditScene()
        try scene.accept()
        let order = try scene.order("WD-2")
        scene.intent(order)
        scene.publish(
            scene.outcome(order, .accepted) {
                $0.providerID = "ATPAY-WD-1"
                $0.event?.providerID = "ATPAY-WD-1"
            }
        )
        // What a check finds counts too.
        let check = scene.command(
            #"{"transaction_reference":"WD-2"}"#,
            [(name: "ce_type", value: "aspayds.payout.check")]
        )
        var checked = AuditScene.answer(.checked, to: check, reference: "WD-2")
        checked.providerID = "ATPAY-9"
        scene.publish(checked)
        #expect(Set(scene.rules()) == [.sharedID, .twoIDs])
    }

    @Test func notificationsBelongToEvents() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        let completed = try needed(scene.settle(order, .completed, sequence: 2))
        scene.publish(completed, isNotified: false)
        #expect(scene.rules() == [.notification])

        scene = AuditScene()
        try scene.accept()
        let record = try #require(Notification(completed)).encoded()
        scene.notify(record)
        #expect(scene.rules() == [.notification])

        scene = AuditScene()
        let other = try scene.accept()
        var event = try needed(scene.settle(other, .completed, sequence: 2))
        scene.publish(event)
        event.amount = Amount(thousandths: 1)
        event.providerID = "ATPAY-2"
        scene.notify(try #require(Notification(event)).encoded())
        #expect(scene.rules() == [.notification, .twoIDs])
    }

    @Test func whatIsNotKeptIsNotJudged() throws {
        var scene = AuditScene(low: ["t.payout.ledger": 10])
        scene.claim("a")
        let order = try scene.order()
        var event = try needed(scene.outcome(order, .accepted, attempt: 2))
        scene.publish(event)
        event.kind = .completed
        event.id = Event.stateID(.payout, "WD-1", .completed, attempt: 2)
        event.occurredAt = AuditScene.start - 1
        scene.publish(event, isNotified: false)
        let report = scene.report()
        #expect(report.findings.breaches == [])
        #expect(report.findings.unjudged == [.cutHistories: 1, .oldEvents: 1])
    }

    @Test func whatCannotBeReadIsNamed() throws {
        var scene = AuditScene()
        let order = try scene.accept()
        let place = CommandSource(topic: "t.payout.events", partition: 0, offset: 7)
        var books = scene.books
        books.addUnreadable(place, "not JSON")
        var event = try needed(scene.outcome(order, .accepted))
        event.reference = nil
        books.add(event, at: place)
        #expect(books.findings.breaches.map(\.rule) == [.unreadable, .unreadable])
        #expect(books.findings.breaches.map(\.place) == [place, place])
    }
}

import Engine
import Synchronization
import Testing

@testable import Workers

@Suite struct MailboxTests {
    @Test func manyMessagesAreOneWakeUpInTheirOrder() async {
        let mailbox = Mailbox<Int>()
        mailbox.post([1, 2])
        mailbox.post(3)
        #expect(await mailbox.next(until: Clock.uptime + .seconds(60)) == [1, 2, 3])
    }

    @Test func aSignalWakesWithoutAMessage() async {
        let mailbox = Mailbox<Int>()
        mailbox.signal()
        #expect(await mailbox.next(until: Clock.uptime + .seconds(60)).isEmpty)
    }

    @Test func aMessageWakesAReaderThatWaits() async {
        let mailbox = Mailbox<Int>()
        async let read = mailbox.next(until: Clock.uptime + .seconds(60))
        await Task.yield()
        mailbox.post(7)
        #expect(await read == [7])
    }

    @Test func whoDeliversWaitsUntilItIsHandled() async {
        let mailbox = Mailbox<Int>()
        let handled = Steps()
        await withTaskGroup { group in
            group.addTask {
                await mailbox.deliver(1)
                #expect(handled.count == 1)
                await mailbox.deliver(2)
            }
            #expect(await mailbox.next(until: Clock.uptime + .seconds(60)) == [1])
            handled.step()
            #expect(await mailbox.next(until: Clock.uptime + .seconds(60)) == [2])
            mailbox.close()
        }
        await mailbox.deliver(3)
    }

    private final class Steps: Sendable {
        private let steps = Atomic(0)

        var count: Int { steps.load(ordering: .sequentiallyConsistent) }

        func step() { steps.add(1, ordering: .sequentiallyConsistent) }
    }

    @Test func theDeadlineWakesTooAndMayBeMoved() async {
        let mailbox = Mailbox<Int>()
        for delay in [Duration.milliseconds(50), .milliseconds(5), .milliseconds(20)] {
            let deadline = Clock.uptime + delay
            #expect(await mailbox.next(until: deadline).isEmpty)
            // An early ring is allowed (an earlier deadline was set before); a late one is a hang.
            #expect(Clock.uptime < deadline + .seconds(5))
        }
    }
}

@Suite struct LeaseTests {
    @Test func permitsUntilItsDeadlineOrItsEnd() {
        let lease = Lease()
        #expect(lease.permits(until: Clock.uptime + .seconds(5)))
        #expect(!lease.permits(until: Clock.uptime))
        lease.end()
        #expect(!lease.permits(until: Clock.uptime + .seconds(5)))
    }
}

@Suite struct TellingTests {
    @Test func readinessKeepsOneReasonForEachSubject() {
        let readiness = Readiness()
        #expect(readiness.all.isEmpty)
        #expect(readiness.set("kafka", "down"))
        #expect(!readiness.set("kafka", "down"))
        readiness.set("payouts", "reading the ledger")
        #expect(readiness.all == ["kafka: down", "payouts: reading the ledger"])
        readiness.set("kafka", nil)
        #expect(!readiness.isSet("kafka") && readiness.isSet("payouts"))
    }
}

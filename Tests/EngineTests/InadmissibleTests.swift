import Testing

@testable import Engine

/// Orders of which it is known that the provider would refuse them.
@Suite struct InadmissibleTests {
    private func inadmissible(_ reference: UInt64, body: UInt64 = 7) -> Order {
        var order = order(reference, body: body)
        order.isInadmissible = true
        return order
    }

    @Test func isRefusedBehindAFenceAndNeverSent() {
        let script = Script.ready()
        let fence = script.step(received(0, inadmissible(1)))
        #expect(fence.appends.isEmpty && fence.publications.isEmpty)
        let refusing = script.accept(fence)
        #expect(refusing.appends.map(\.write.said) == [Said(1, .refused, 1)])
        #expect(script.settle(refusing)?.said == Said(1, .refused, 1))
        #expect(script.summary.unfinished == 0)
    }

    @Test func isRefusedWhileNothingCanBeSent() {
        let script = Script.ready()
        script.step(.received(record(0), .methods))
        script.step(.probed(.unauthorized))
        #expect(
            script.settle(script.accept(script.step(received(1, inadmissible(1)))))?.state
                == .refused
        )
    }

    @Test func whatTheLedgerKnowsIsAnsweredFromIt() {
        let script = Script.ready(start: 0, ledger: [entry(1, at: 0, .accepted)])
        let again = script.step(received(0, inadmissible(1)))
        #expect(again.appends.isEmpty)
        guard case .replay(let write, _)? = again.publications.first?.publication else {
            Issue.record("not answered again: \(again)")
            return
        }
        #expect(write.state == .accepted)
    }

    @Test func readAgainItIsRefusedAgainAlthoughItWouldDoNow() {
        let script = Script.ready(start: 0, ledger: [entry(1, at: 0, .refused)])
        let again = script.step(received(0, order(1)))
        guard case .replay(let write, _)? = again.publications.first?.publication else {
            Issue.record("not answered again: \(again)")
            return
        }
        #expect(write.state == .refused && again.appends.isEmpty)
    }

    @Test func aLaterCommandMayBeSent() {
        let script = Script.ready()
        _ = script.settle(script.accept(script.step(received(0, inadmissible(1)))))
        let second = script.step(received(1, order(1)))
        #expect(second.appends.map(\.write.said) == [Said(2, .intent, 1)])
    }

    @Test func aDrainLeavesItToTheNextOwner() {
        let script = Script.ready()
        script.step(received(0, inadmissible(1)))
        let drained = script.step(.revoking([0]))
        #expect(drained.appends.isEmpty && drained.publications.isEmpty)
        #expect(script.summary.unfinished == 0)
    }
}

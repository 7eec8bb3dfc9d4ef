import Testing

@testable import Engine

/// Drain, loss, stop (DESIGN.md §4, §7).
@Suite struct AssignmentTests {
    @Test func commitsNothingMoreOfWhatWasLost() throws {
        let script = Script(EngineSettings(rateLimit: 1000, partitionCount: 2))
        script.assign(0)
        script.assign(1)
        script.pass(.seconds(1))
        let ticket = try #require(script.send(record(3), order(1)))
        #expect(script.settle(script.step(.transmitted(ticket, .accepted))) != nil)
        script.step(.lost([0]))
        let later = script.run(script.pass(.seconds(2)), for: .seconds(5))
        #expect(later.flatMap { [$0.effect].commits }.isEmpty)
    }

    @Test func aDrainWaitsForWhatIsInFlightAndCommitsIt() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let draining = script.step(.revoking([0]))
        #expect(draining.contains(.pause([0])) && !draining.contains(.relinquish([0])))
        let recording = script.step(.transmitted(sent, .accepted))
        let publishing = script.step(script.stored(recording.appends[0].ticket))
        let last = script.step(.published(publishing.publications[0].ticket, acknowledged: true))
        let commit = try #require(last.commits.first)
        #expect(commit.offsets == [0: 1])
        #expect(!last.contains(.relinquish([0])))
        #expect(
            script.step(.committed(commit.number, accepted: [0: false])).contains(.relinquish([0]))
        )
    }

    @Test func whatHasNotBegunIsLeftToTheNextOwner() throws {
        let script = Script.ready(EngineSettings(rateLimit: 1000, maxInFlight: 1))
        let sent = try #require(script.send(record(0), order(1)))
        let waiting = script.step(
            received(1, order(2)),
            .received(record(2), .check(key(2)))
        )
        #expect(waiting.isEmpty)
        let draining = script.step(.revoking([0]))
        #expect(draining.contains(.forget(record(1))) && draining.contains(.forget(record(2))))
        _ = script.settle(script.step(.transmitted(sent, .accepted)))
        #expect(script.committedOffset() == 1)
        #expect(script.summary.partitions.isEmpty)
    }

    @Test func intentsThatWereNotSentAreClosed() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.transmitted(sent, .notSent(.noConnection, retryAfter: nil)))
        let fencing = try #require(
            script.step(received(1, order(2))).appends.first
        )
        let fence = script.step(script.stored(fencing.ticket))
        let commit = try #require(fence.commits.first)
        let drain = script.step(.revoking([0]))
        #expect(drain.appends.map(\.write.state) == [.notSent, .notSent])
        // The fence may still be accepted: nothing is sent any more.
        #expect(script.step(.committed(commit.number, accepted: [0: true])).transmissions.isEmpty)
        script.step(script.stored(drain.appends[0].ticket))
        let end = script.step(script.stored(drain.appends[1].ticket))
        #expect(end.contains(.relinquish([0])))
    }

    @Test func anIntentAcknowledgedDuringTheDrainIsClosedToo() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        script.step(.revoking([0]))
        let closing = script.step(script.stored(intent.ticket))
        #expect(closing.appends.map(\.write.state) == [.notSent])
        #expect(closing.commits.isEmpty)
    }

    @Test func aDrainThatTakesTooLongIsGivenUp() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.revoking([0]))
        let end = script.passUntil(.seconds(21)) { $0 == .relinquish([0]) }
        #expect(end.contains(.alert(.drainTimedOut([0]))))
        #expect(script.step(.transmitted(sent, .accepted)).isEmpty)
    }

    @Test func lossForgetsAtOnceAndIgnoresLateAnswers() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let intent = try #require(
            script.step(received(1, order(2))).appends.first
        )
        let commit = try #require(script.step(script.stored(intent.ticket)).commits.first)
        let lost = script.step(.lost([0]))
        #expect(lost.appends.isEmpty && lost.transmissions.isEmpty)
        #expect(script.step(.committed(commit.number, accepted: [0: true])).transmissions.isEmpty)
        #expect(script.step(.transmitted(sent, .accepted)).isEmpty)
        // The same partition comes back; the old transmission is none of the new work's business.
        script.assign(0, ledger: [entry(1, at: 0, .intent)])
        #expect(script.step(.transmitted(sent, .accepted)).isEmpty)
        #expect(script.summary.inFlight == 0)
    }

    @Test func stopDrainsEverythingAndSaysSo() {
        let script = Script()
        script.assign(0)
        script.assign(1)
        let effects = script.step(.stop)
        #expect(effects.contains(.relinquish([0, 1])))
        #expect(effects.last == .stopped)
    }

    @Test func linesThatCrossPartitionsSurviveADrain() throws {
        let script = Script()
        script.assign(0)
        script.assign(1)
        script.pass(.seconds(1))
        let first = script.step(received(0, 0, order(1))).appends
        script.step(received(0, 1, order(1)))
        script.step(.received(record(1, 0), .check(ReferenceKey(high: 1, low: 0))))
        // Partition 1 goes and comes back before its turn.
        #expect(script.step(.revoking([1])).contains(.relinquish([1])))
        script.assign(1)
        script.step(received(0, 1, order(1)))
        let sent = try #require(script.fence(script.step(script.stored(first[0].ticket))))
        let recording = script.step(.transmitted(sent, .accepted))
        let publishing = script.step(script.stored(recording.appends[0].ticket))
        let next = script.step(.published(publishing.publications[0].ticket, acknowledged: true))
        #expect(next.appends.map(\.ticket.record) == [record(0, 1)])
    }
}

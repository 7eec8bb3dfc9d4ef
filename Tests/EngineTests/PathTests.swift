import Testing

@testable import Engine

/// The way of one command, step by step (DESIGN.md §3, §4).
@Suite struct PathTests {
    @Test func intentThenFenceThenTransmissionThenOutcomeThenEventThenOffset() throws {
        let script = Script.ready()

        let journal = script.step(received(0, order(1)))
        let intent = try #require(journal.appends.first)
        #expect(intent.write.said == Said(1, .intent, 0))
        #expect(journal.transmissions.isEmpty && journal.commits.isEmpty)

        let fence = script.step(script.stored(intent.ticket))
        let commit = try #require(fence.commits.first)
        #expect(commit.offsets == [0: 0])
        #expect(fence.transmissions.isEmpty)

        let sending = script.step(.committed(commit.number, accepted: [0: true]))
        let transmission = try #require(sending.transmissions.first)

        let recording = script.step(.transmitted(transmission, .accepted))
        let outcome = try #require(recording.appends.first)
        #expect(outcome.write.said == Said(1, .accepted, 1))
        #expect(recording.publications.isEmpty)

        let publishing = script.step(script.stored(outcome.ticket))
        let event = try #require(publishing.publications.first)
        #expect(event.publication == .recorded(outcome.write))
        #expect(script.committedOffset() == 0)

        #expect(
            script.step(.published(event.ticket, acknowledged: true)).contains(.forget(record(0)))
        )
        #expect(script.committedOffset() == 1)
    }

    @Test func transmissionExpiresAfterTheSendDeadline() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        let commit = try #require(script.step(script.stored(intent.ticket)).commits.first)
        let effects = script.step(.committed(commit.number, accepted: [0: true]))
        let deadline = script.now.uptime + .seconds(5)
        #expect(
            effects.contains {
                if case .transmit(_, 1, let expires) = $0 { expires == deadline } else { false }
            }
        )
    }

    @Test func oneCommitFencesAllIntentsThatWait() throws {
        let script = Script.ready()
        let journal = script.step(
            received(0, order(1)),
            received(1, order(2)),
            received(2, order(3))
        )
        let intents = journal.appends
        #expect(intents.count == 3)
        let first = script.step(script.stored(intents[0].ticket))
        let early = try #require(first.commits.first)
        // A commit is under way: the others wait for the next, together.
        #expect(script.step(script.stored(intents[1].ticket)).commits.isEmpty)
        #expect(script.step(script.stored(intents[2].ticket)).commits.isEmpty)
        let second = script.step(.committed(early.number, accepted: [0: true]))
        #expect(second.transmissions.map(\.record) == [record(0)])
        let late = try #require(second.commits.first)
        let third = script.step(.committed(late.number, accepted: [0: true]))
        #expect(third.transmissions.map(\.record) == [record(1), record(2)])
    }

    @Test func aFenceThatIsRefusedTransmitsNothingAndIsTriedAgain() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        let commit = try #require(script.step(script.stored(intent.ticket)).commits.first)
        let refused = script.step(.committed(commit.number, accepted: [0: false]))
        #expect(refused.transmissions.isEmpty)
        let again = try #require(script.pass(.milliseconds(101)).commits.first)
        let sending = script.step(.committed(again.number, accepted: [0: true]))
        #expect(sending.transmissions.count == 1)
    }

    @Test func aCommitThatIsNotAnsweredInTimeTransmitsNothing() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        let commit = try #require(script.step(script.stored(intent.ticket)).commits.first)
        #expect(script.pass(.seconds(11)).transmissions.isEmpty)
        let late = script.step(.committed(commit.number, accepted: [0: true]))
        #expect(late.transmissions.isEmpty)
    }

    @Test func theAgeOfAFenceCountsFromItsCommit() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        let commit = try #require(script.step(script.stored(intent.ticket)).commits.first)
        let deadline = script.now.uptime + .seconds(5)
        script.pass(.seconds(3))
        let sending = script.step(.committed(commit.number, accepted: [0: true]))
        #expect(
            sending.contains {
                if case .transmit(_, 1, let expires) = $0 { expires == deadline } else { false }
            }
        )
    }

    @Test func whatKafkaDoesNotTakeIsOfferedAgain() throws {
        let script = Script.ready()
        let intent = try #require(
            script.step(received(0, order(1))).appends.first
        )
        #expect(script.step(.appended(intent.ticket, offset: nil)).commits.isEmpty)
        let again = try #require(script.pass(.seconds(1)).appends.first)
        #expect(again.ticket.record == record(0) && again.write == intent.write)
        #expect(script.step(script.stored(again.ticket)).commits.count == 1)
    }

    @Test func nothingIsBuiltOnARecordOfUnknownPlace() throws {
        let script = Script.ready()
        let intent = try #require(script.step(received(0, order(1))).appends.first)
        // It is stored, but where is not known: a duplicate of a lost acknowledgement.
        script.writeForeign(records: 1)
        #expect(script.step(.appended(intent.ticket, offset: -1)).commits.isEmpty)
        let again = try #require(script.pass(.seconds(1)).appends.first)
        #expect(again.write == intent.write)
        let gap = script.step(script.stored(again.ticket))
        let first = entry(1, at: 0, .intent, by: Script.owner)
        #expect(script.fence(script.readGap(gap, [.record(first)])) != nil)
    }

    @Test func sameKeyStaysInOrderAndOthersOvertake() throws {
        let script = Script.ready()
        let effects = script.step(
            received(0, order(1)),
            .received(record(1), .check(ReferenceKey(high: 1, low: 0))),
            received(2, order(2))
        )
        #expect(effects.appends.map(\.ticket.record) == [record(0), record(2)])
        #expect(effects.asked.isEmpty)

        let sent = try #require(
            script.fence(script.step(script.stored(effects.appends[0].ticket)))
        )
        let recording = script.step(.transmitted(sent, .accepted))
        let publishing = script.step(script.stored(recording.appends[0].ticket))
        let event = try #require(publishing.publications.first)
        let next = script.step(.published(event.ticket, acknowledged: true))
        #expect(next.asked.map(\.record) == [record(1)])
    }

    @Test func offsetsPassOnlyContiguously() throws {
        let script = Script.ready()
        let effects = script.step(
            .received(record(0), .malformed),
            .received(record(1), .malformed),
            .received(record(4), .malformed)
        )
        let tickets = effects.publications.map(\.ticket)
        script.step(.published(tickets[1], acknowledged: true))
        #expect(script.committedOffset() == 0)
        script.step(.published(tickets[0], acknowledged: true))
        #expect(script.committedOffset() == 2)
        script.step(.published(tickets[2], acknowledged: true))
        #expect(script.committedOffset() == 5)
    }

    @Test func malformedAndInvalidAreAnsweredWithoutTheProvider() {
        let script = Script.ready()
        let effects = script.step(
            .received(record(0), .malformed),
            .received(record(1), .invalid(ReferenceKey(high: 9, low: 9)))
        )
        #expect(effects.publications.map(\.publication) == [.deadLetter, .invalid])
    }

    @Test func recordsReadTwiceAreTakenOnce() {
        let script = Script.ready()
        let first = script.step(received(3, order(1)))
        #expect(first.appends.count == 1)
        #expect(script.step(received(3, order(1))).isEmpty)
        #expect(script.step(received(2, order(2))) == [.forget(record(2))])
    }

    @Test func answersToEarlierRequestsAreIgnored() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(0), order(1)))
        let stale = Ticket(record: sent.record, number: sent.number - 1)
        #expect(script.step(.transmitted(stale, .accepted)).isEmpty)
        #expect(script.step(.transmitted(sent, .accepted)).appends.count == 1)
        #expect(script.step(.transmitted(sent, .accepted)).isEmpty)
    }
}

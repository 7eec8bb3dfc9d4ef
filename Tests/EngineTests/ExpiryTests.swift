import Testing

@testable import Engine

/// `not_after` (DESIGN.md §5, "Freshness").
@Suite struct ExpiryTests {
    @Test func anOrderThatComesTooLateIsNotSentAndSaidSoBehindAFence() {
        let script = Script.ready()
        let late = order(1, notAfter: script.now.wallClock - 1)
        let fence = script.step(received(0, late))
        #expect(fence.appends.isEmpty && fence.publications.isEmpty)
        let expired = script.accept(fence)
        #expect(expired.transmissions.isEmpty)
        let published = script.settle(expired)
        #expect(published?.said == Said(1, .expired, 1))
    }

    @Test func nobodyButTheOwnerSaysThatAnOrderHasExpired() throws {
        let script = Script.ready()
        let late = order(1, notAfter: script.now.wallClock - 1)
        let fence = script.step(received(0, late))
        let commit = try #require(fence.commits.first)
        let refused = script.step(.committed(commit.number, accepted: [0: false]))
        #expect(refused.publications.isEmpty)
        #expect(script.step(.lost([0])).publications.isEmpty)
    }

    @Test func anOrderThatWaitsExpiresOnTime() throws {
        let script = Script.ready()
        let sent = try #require(script.send(record(1), order(2)))
        // Nothing can start: the provider asked for a pause of an hour.
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: .seconds(3600))))
        let waiting = order(3, notAfter: script.now.wallClock + 10_000)
        let preparing = script.step(received(2, waiting))
        let history = script.run(preparing, for: .seconds(11)).map(\.effect)
        #expect(history.transmissions.isEmpty)
        #expect(history.appends.map(\.ticket.record) == [record(2), record(2)])
        #expect(history.appends.map(\.write.said) == [Said(1, .intent, 0), Said(1, .expired, 1)])
    }

    @Test func theIntentIsClosedByTheExpiry() throws {
        let script = Script.ready()
        let sent = try #require(
            script.send(record(0), order(1, notAfter: script.now.wallClock + 2_000))
        )
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: .seconds(60))))
        let closing = script.accept(script.pass(.milliseconds(2_001)))
        #expect(closing.publications.isEmpty)
        let published = script.settle(closing)
        #expect(published?.said == Said(1, .expired, 1))
    }

    @Test func aTimeBeyondTheClockNeverComes() {
        let script = Script.ready()
        script.step(received(0, order(1, notAfter: .max)))
        #expect(script.wakeAt.map { $0 < Instant(nanoseconds: .max) } ?? true)
    }

    @Test func theEndIsRecordedBeforeItIsSaidAndALaterCommandMayBeSent() throws {
        let script = Script.ready()
        let late = order(1, notAfter: script.now.wallClock - 1)
        let expired = script.accept(script.step(received(0, late)))
        #expect(expired.publications.isEmpty)
        let write = try #require(expired.appends.first)
        #expect(write.write.said == Said(1, .expired, 1))
        let publishing = script.step(script.stored(write.ticket))
        #expect(publishing.publications.map(\.publication) == [.recorded(write.write)])
        script.step(.published(publishing.publications[0].ticket, acknowledged: true))
        let later = script.step(received(1, order(1)))
        #expect(later.appends.map(\.write.said) == [Said(2, .intent, 1)])
    }

    @Test func whatHasExpiredIsSaidAgainWhenItsCommandIsReadAgain() {
        let script = Script.ready(ledger: [entry(1, at: 0, .expired)])
        let again = script.step(received(0, order(1)))
        #expect(
            again.publications.map(\.publication) == [
                .replay(LedgerWrite(attempt: 1, state: .expired, sequence: 1), ledgerOffset: 5)
            ]
        )
    }

    @Test func whatMayHaveArrivedIsForAPersonInstead() throws {
        let script = Script()
        var old = entry(1, at: 0, .released)
        old.notAfter = script.now.wallClock - 1
        let fence = script.assign(0, start: 1, ledger: [old])
        #expect(script.accept(fence).appends.map(\.write.state) == [.review])
    }
}

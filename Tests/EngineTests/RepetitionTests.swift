import Testing

@testable import Engine

/// What is not over is written again every 30 days (DESIGN.md §4).
@Suite struct RepetitionTests {
    private static let month = Duration.seconds(30 * 86_400)
    private static let day = Duration.seconds(86_400)

    private func repetitions(_ effects: [Effect]) -> [(ticket: Ticket, write: LedgerWrite)] {
        effects.appends.filter { $0.write.repeats != nil }
    }

    private static let open: [LedgerState] = [
        .disputed, .overdue, .accepted, .processing, .changed, .review, .inDoubt,
    ]

    @Test(arguments: open)
    func whatIsOpenIsWrittenAgainWithoutAnEvent(state: LedgerState) throws {
        let script = Script.ready(
            start: 1,
            ledger: [entry(1, at: 0, state, ledgerOffset: 5, sequence: 3)]
        )
        script.pass(.seconds(1))
        // The entry is written at 0, the clock of a script begins later.
        script.pass(Self.month - .seconds(2000))
        #expect(repetitions(script.pass(.seconds(900))).isEmpty)
        let due = repetitions(script.pass(.seconds(1_000)) + script.pass(Self.day))
        let again = try #require(due.first)
        #expect(due.count == 1 && again.write.repeats == 5 && again.write.sequence == 3)
        #expect(script.step(script.stored(again.ticket)).publications.isEmpty)

        #expect(repetitions(script.pass(Self.month - .seconds(60))).isEmpty)
        let next = try #require(repetitions(script.pass(Self.day)).first)
        // What was written last is what is written again: the claim stands between them.
        #expect(next.write.repeats == 7)
    }

    @Test(arguments: [LedgerState.completed, .rejected, .refused, .expired, .cancelled])
    func whatIsOverIsNot(state: LedgerState) {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, state)])
        #expect(repetitions(script.pass(Self.month + Self.day)).isEmpty)
    }

    /// Its answer may be owed, and the command would take this for it.
    @Test func whatIsYetToBeReadIsNot() throws {
        let script = Script.ready(start: 0, ledger: [entry(1, at: 0, .disputed)])
        #expect(repetitions(script.pass(Self.month + Self.day)).isEmpty)
        let answer = try #require(script.step(received(0, order(1))).publications.first)
        script.step(.published(answer.ticket, acknowledged: true))
        #expect(repetitions(script.pass(Self.day)).count == 1)
    }

    @Test func whatIsFollowedIsReadWhereItWasWrittenLast() throws {
        let script = Script.ready(
            EngineSettings(rateLimit: 1000, pollHorizon: Self.month * 3),
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5),
                entry(1, at: 0, .processing, ledgerOffset: 6, sequence: 2),
            ]
        )
        let before = try #require(script.pass(.seconds(600)).polls.first)
        #expect(before.subjects == [Followed(record: record(0), ledgerOffset: 6)])
        let again = try #require(repetitions(script.pass(Self.month + Self.day)).first)
        #expect(again.write.repeats == 6)
        script.step(script.stored(again.ticket))
        let sightings = [record(0): Sighting.status(.processing)]
        script.step(.polled(before.number, sightings, failure: nil))
        let after = try #require(script.pass(.seconds(601)).polls.first)
        #expect(after.subjects == [Followed(record: record(0), ledgerOffset: 8)])
    }

    @Test func aDisputeIsAsOldAsItWas() {
        var again = entry(1, at: 0, .disputed, since: 500_000)
        again.at = 900_000
        let script = Script.ready(start: 1, ledger: [again])
        let decision = ReviewDecision(number: 77, attempt: 1, verdict: .done, at: 600_000)
        let effects = script.step(.decided(partition: 0, key(1), decision))
        #expect(effects.appends.map(\.write.state) == [.completed])
    }

    @Test func fewAreWrittenAtOnce() {
        let ledger = (0..<250 as Range<Int64>).map {
            entry(UInt64($0), at: $0, .disputed, ledgerOffset: $0)
        }
        let script = Script.ready(start: 250, ledger: ledger)
        var effects = script.pass(Self.month + Self.day)
        var counts: [Int] = []
        for _ in 0..<4 {
            let due = repetitions(effects)
            counts.append(due.count)
            for again in due { script.step(script.stored(again.ticket)) }
            effects = script.pass(.seconds(1))
        }
        #expect(counts == [100, 100, 50, 0])
    }
}

import Testing

@testable import Engine

/// What was accepted is followed until its end is known (DESIGN.md §6).
@Suite struct TrackingTests {
    /// A reference that was accepted just now.
    private func accepted(_ settings: EngineSettings = Script.roomy) throws -> Script {
        let script = Script.ready(settings)
        let sent = try #require(script.send(record(0), order(1)))
        #expect(script.settle(script.step(.transmitted(sent, .accepted)))?.state == .accepted)
        return script
    }

    /// Sleeps until the next poll; how long that took.
    private func nextPoll(_ script: Script) -> (after: Duration, number: LookupNumber)? {
        let start = script.now.uptime
        let effects = script.passUntil(.seconds(90_000)) {
            if case .poll = $0 { true } else { false }
        }
        return effects.polls.first.map { (script.now.uptime - start, $0.number) }
    }

    /// Answers the next poll; what follows.
    private func poll(_ script: Script, _ status: ProviderStatus) throws -> [Effect] {
        try look(script, .status(status))
    }

    private func look(_ script: Script, _ sighting: Sighting) throws -> [Effect] {
        let poll = try #require(nextPoll(script))
        return script.step(.polled(poll.number, [record(0): sighting], failure: nil))
    }

    @Test func isAskedForEverMoreSeldom() throws {
        let script = try accepted()
        var delays: [Int64] = []
        for _ in 0..<9 {
            let poll = try #require(nextPoll(script))
            delays.append(poll.after.wholeNanoseconds / 1_000_000_000)
            script.step(.polled(poll.number, [record(0): .status(.pending)], failure: nil))
        }
        #expect(delays == [5, 15, 30, 60, 120, 300, 600, 600, 600])
    }

    @Test func itsEndIsRecordedSaidAndMarked() throws {
        let script = try accepted()
        let recording = try poll(script, .completed)
        let write = try #require(recording.appends.first).write
        #expect(write.said == Said(1, .completed, 2) && write.isUnannounced && write.cause == .poll)
        #expect(script.settle(recording)?.said == Said(1, .completed, 2))
        #expect(nextPoll(script) == nil)
        #expect(script.summary.unfinished == 0)
    }

    @Test func statesGoForwardOnly() throws {
        let script = try accepted()
        #expect(script.settle(try poll(script, .processing))?.said == Said(1, .processing, 2))
        for status in [ProviderStatus.pending, .processing] {
            #expect(try poll(script, status).appends.isEmpty)
        }
        #expect(script.settle(try poll(script, .rejected))?.said == Said(1, .rejected, 3))
    }

    @Test func anUnknownWordIsSaidOnceAndIsNotTheEnd() throws {
        let script = try accepted()
        #expect(script.settle(try poll(script, .other(1)))?.said == Said(1, .changed, 2))
        #expect(try poll(script, .other(1)).appends.isEmpty)
        #expect(script.settle(try poll(script, .other(2)))?.said == Said(1, .changed, 3))
        #expect(script.settle(try poll(script, .completed))?.said == Said(1, .completed, 4))
    }

    @Test func anUnknownWordDoesNotReopenWhatWasSaid() throws {
        let script = try accepted()
        #expect(script.settle(try poll(script, .processing))?.said == Said(1, .processing, 2))
        #expect(script.settle(try poll(script, .other(1)))?.said == Said(1, .changed, 3))
        for status in [ProviderStatus.processing, .pending, .other(1), .processing] {
            #expect(try poll(script, status).appends.isEmpty)
        }
        #expect(script.settle(try poll(script, .other(2)))?.said == Said(1, .changed, 4))
        #expect(try poll(script, .other(1)).appends.isEmpty)
        #expect(script.settle(try poll(script, .completed))?.said == Said(1, .completed, 5))
    }

    @Test func theNextOwnerKnowsWhatWasSaid() throws {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5),
                entry(1, at: 0, .processing, ledgerOffset: 6, sequence: 2),
                entry(1, at: 0, .changed, ledgerOffset: 7, sequence: 3, finding: 1),
            ]
        )
        for status in [ProviderStatus.processing, .other(1)] {
            #expect(try poll(script, status).appends.isEmpty)
        }
        #expect(script.settle(try poll(script, .other(2)))?.said == Said(1, .changed, 4))
    }

    @Test func aCustomerWhoCancelledMayStillPay() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, isCancellingFinal: false))
        #expect(script.settle(try poll(script, .cancelled))?.said == Said(1, .cancelled, 2))
        #expect(script.settle(try poll(script, .completed))?.said == Said(1, .completed, 3))
        #expect(nextPoll(script) == nil)
    }

    @Test func theCancellationOfAPayoutIsItsEnd() throws {
        let script = try accepted()
        #expect(script.settle(try poll(script, .cancelled))?.said == Said(1, .cancelled, 2))
        #expect(nextPoll(script) == nil)
    }

    @Test func oneOfTwoEndsIsWrong() throws {
        let script = try accepted()
        #expect(script.settle(try poll(script, .completed)) != nil)
        let hinted = script.step(.received(record(1), .hint(key(1), .webhook)))
        let poll = try #require(hinted.polls.first)
        let sightings = [record(0): Sighting.status(.rejected)]
        let effects = script.step(.polled(poll.number, sightings, failure: nil))
        let disputed = try #require(effects.appends.first).write
        #expect(disputed.said == Said(1, .disputed, 3) && disputed.cause == .webhook)
    }

    @Test func whatAHintDidNotFindIsNotCreditedToItLater() throws {
        let script = try accepted()
        let hinted = script.step(.received(record(1), .hint(key(1), .webhook)))
        let poll = try #require(hinted.polls.first)
        let sightings = [record(0): Sighting.status(.pending)]
        script.step(.polled(poll.number, sightings, failure: nil))
        let end = try #require(try self.poll(script, .completed).appends.first)
        #expect(end.write.cause == .poll)
    }

    @Test func whatHasNotEndedAtTheHorizonIsForAPerson() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, pollHorizon: .seconds(60)))
        var said: [LedgerWrite] = []
        for status in [ProviderStatus.processing, .pending, .pending, .pending] {
            if let write = script.settle(try poll(script, status)) { said.append(write) }
        }
        #expect(said.map(\.said) == [Said(1, .processing, 2), Said(1, .overdue, 3)])
        #expect(nextPoll(script) == nil)
    }

    @Test func ofWhatIsOverdueOnlyItsEndIsNews() throws {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .overdue)])
        var said: [Said] = []
        for (offset, status) in [ProviderStatus.processing, .other(1), .completed].enumerated() {
            var effects = script.step(.received(record(Int64(offset) + 1), .hint(key(1), .webhook)))
            if effects.polls.isEmpty {
                effects = script.passUntil(.seconds(90)) { ![$0].polls.isEmpty }
            }
            let poll = try #require(effects.polls.first)
            let sightings = [record(0): Sighting.status(status)]
            effects = script.step(.polled(poll.number, sightings, failure: nil))
            if let write = script.settle(effects) { said.append(write.said) }
        }
        #expect(said == [Said(1, .completed, 2)])
    }

    @Test func whatCouldNotBeAskedForAtTheHorizonIsAskedForAgain() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, pollHorizon: .seconds(10)))
        let failures: [Outcome?] = [
            .inDoubt(.providerFailed), .notSent(.noConnection, retryAfter: nil), .refused, nil,
        ]
        for failure in failures {
            let poll = try #require(nextPoll(script))
            #expect(script.step(.polled(poll.number, [:], failure: failure)).appends.isEmpty)
        }
        #expect(script.settle(try poll(script, .pending))?.said == Said(1, .overdue, 2))
    }

    @Test func somethingElseUnderItsReferenceIsForAPerson() throws {
        let script = try accepted()
        let effects = try look(script, .differs(9))
        #expect(effects.appends.map(\.write.said) == [Said(1, .disputed, 2)])
    }

    @Test func absenceCountsWhenItLasts() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        // By now it is asked for every ten minutes.
        for _ in 0..<8 { #expect(try look(script, .status(.pending)).appends.isEmpty) }
        let gone = script.now.uptime
        var looks = 0
        var effects: [Effect] = []
        while effects.appends.isEmpty, looks < 20 {
            effects = try look(script, .absent)
            looks += 1
        }
        #expect(effects.appends.map(\.write.said) == [Said(1, .disputed, 2)])
        #expect(looks >= 4 && script.now.uptime - gone >= .seconds(60))
    }

    /// An answer that came while nobody owned the partition may have said that it is there.
    @Test func absenceIsCountedAnewWhereThePartitionComesBack() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        #expect(try look(script, .status(.pending)).appends.isEmpty)
        #expect(try look(script, .absent).appends.isEmpty)
        #expect(script.committedOffset() == 1)
        #expect(script.step(.revoking([0])).contains(.relinquish([0])))
        script.pass(.seconds(120))
        script.step(.assigned(partition: 0, start: 1))
        let end = script.knownLedger().end
        #expect(end > 0)
        script.claim(script.step(.restored(partition: 0, end: end)))
        #expect(try look(script, .absent).appends.isEmpty)
        var effects: [Effect] = []
        while effects.appends.isEmpty { effects = try look(script, .absent) }
        #expect(effects.appends.map(\.write.said) == [Said(1, .disputed, 2)])
    }

    @Test func whatIsSeenAgainIsNotGone() throws {
        let script = try accepted(EngineSettings(rateLimit: 1000, settleWindow: .seconds(60)))
        for _ in 0..<10 {
            #expect(try look(script, .status(.pending)).appends.isEmpty)
            #expect(try look(script, .absent).appends.isEmpty)
        }
    }

    /// A person has said that it was executed, and the provider may never have had it.
    @Test func whatWasNeverSeenIsNotGone() throws {
        let script = try accepted(
            EngineSettings(rateLimit: 1000, settleWindow: .seconds(60), pollHorizon: .seconds(900))
        )
        var effects: [Effect] = []
        while effects.appends.isEmpty { effects = try look(script, .absent) }
        #expect(effects.appends.map(\.write.state) == [.overdue])
    }

    /// The last owner may have died before it said that it was accepted.
    @Test func whatIsNotAnsweredYetIsAnsweredFirst() throws {
        let script = Script.ready(ledger: [entry(1, at: 0, .accepted)])
        script.pass(.seconds(600))
        let number = try #require(script.lastPoll)
        let sightings = [record(0): Sighting.status(.completed)]
        #expect(script.step(.polled(number, sightings, failure: nil)).appends.isEmpty)
        let answer = script.step(received(0, order(1)))
        let event = try #require(answer.publications.first)
        #expect(
            event.publication
                == .replay(LedgerWrite(attempt: 1, state: .accepted, sequence: 1), ledgerOffset: 5)
        )
    }

    @Test func aPollThatFailedSaysNothing() throws {
        let script = try accepted()
        let poll = try #require(nextPoll(script))
        let failure = Outcome.inDoubt(.providerFailed)
        #expect(script.step(.polled(poll.number, [:], failure: failure)).appends.isEmpty)
        #expect(nextPoll(script)?.after == .seconds(15))
    }

    @Test(arguments: [LedgerState.accepted, .processing, .changed])
    func isFollowedAfterARestart(state: LedgerState) throws {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5),
                entry(1, at: 0, state, ledgerOffset: 6, sequence: 2),
            ]
        )
        #expect(try #require(nextPoll(script)).after <= .seconds(600))
    }

    @Test(arguments: [LedgerState.completed, .rejected, .cancelled, .overdue, .disputed, .refused])
    func whatHasEndedIsNotFollowedAfterARestart(state: LedgerState) {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5),
                entry(1, at: 0, state, ledgerOffset: 6, sequence: 2),
            ]
        )
        #expect(nextPoll(script) == nil)
    }

    @Test func aDuplicateIsAnsweredByTheAcceptance() throws {
        let script = Script.ready(
            start: 1,
            ledger: [
                entry(1, at: 0, .accepted, ledgerOffset: 5),
                entry(1, at: 0, .completed, ledgerOffset: 6, sequence: 2),
            ]
        )
        let answer = try #require(script.step(received(1, order(1))).publications.first)
        let write = LedgerWrite(attempt: 1, state: .accepted, sequence: 2)
        #expect(answer.publication == .replay(write, ledgerOffset: 5))
    }

    @Test func whatIsNotFollowedAnyMoreIsForgotten() throws {
        let cancelling = EngineSettings(
            rateLimit: 1000,
            pollHorizon: .seconds(30),
            isCancellingFinal: false
        )
        let cancelled = try accepted(cancelling)
        #expect(cancelled.settle(try poll(cancelled, .cancelled)) != nil)
        #expect(cancelled.isFollowing(1))
        var effects: [Effect] = []
        while cancelled.isFollowing(1) { effects = try poll(cancelled, .cancelled) }
        #expect(effects.contains(.forget(record(0))))

        let ended = Script.ready(start: 1, ledger: [entry(1, at: 0, .completed)])
        let hinted = ended.step(.received(record(1), .hint(key(1), .webhook)))
        #expect(ended.isFollowing(1))
        let first = try #require(hinted.polls.first)
        let sightings = [record(0): Sighting.status(.completed)]
        effects = ended.step(.polled(first.number, sightings, failure: nil))
        while ended.isFollowing(1) { effects = try poll(ended, .completed) }
        #expect(effects.contains(.forget(record(0))))
    }

    @Test func aStormOfHintsCostsAHandfulOfPolls() throws {
        let script = try accepted()
        var polls = 0
        for offset in 1...10_000 as ClosedRange<Int64> {
            var effects = script.step(.received(record(offset), .hint(key(1), .webhook)))
            effects += script.pass(.milliseconds(2))
            for poll in effects.polls {
                polls += 1
                script.step(.polled(poll.number, [record(0): .status(.pending)], failure: nil))
            }
        }
        #expect(1...5 ~= polls)
        #expect(script.summary.unfinished == 0)
    }

    @Test func aHintOfWhatWasNotAcceptedAsksNothing() {
        let script = Script.ready(start: 1, ledger: [entry(1, at: 0, .refused)])
        #expect(script.step(.received(record(1), .hint(key(1), .return))).polls.isEmpty)
        #expect(nextPoll(script) == nil && script.summary.unfinished == 0)
    }

    @Test func aHintOfWhatIsNotKnownIsAskedForAsACheckIs() {
        let script = Script.ready()
        let effects = script.step(.received(record(0), .hint(key(1), .webhook)))
        #expect(effects.contains { if case .ask = $0 { true } else { false } })
    }

    /// Answers polls for a time: each that has a poison in it fails, all others say pending; what was
    /// answered, and how many the requests with the poison asked for.
    private func pollAround(
        _ poison: RecordID,
        _ failure: Outcome,
        of count: Int64,
        for time: Duration
    ) -> (answered: Set<RecordID>, poisoned: [Int]) {
        let script = Script()
        script.assign(
            0,
            start: count,
            ledger: (0..<count).map { entry(UInt64($0), at: $0, .accepted, ledgerOffset: $0) }
        )
        let end = script.now.uptime + time
        var answered: Set<RecordID> = []
        var poisoned: [Int] = []
        // All are due at the first look.
        var polls = script.pass(.seconds(600)).polls
        while script.now.uptime < end {
            guard !polls.isEmpty else {
                polls = script.pass(.seconds(30)).polls
                continue
            }
            let (number, subjects) = polls.removeFirst()
            let records = subjects.map(\.record)
            let isPoisoned = records.contains(poison)
            if isPoisoned { poisoned.append(records.count) } else { answered.formUnion(records) }
            let sightings = isPoisoned ? [] : records.map { ($0, Sighting.status(.pending)) }
            let input = Input.polled(
                number,
                .init(uniqueKeysWithValues: sightings),
                failure: isPoisoned ? failure : nil
            )
            polls += script.step(input).polls
        }
        return (answered, poisoned)
    }

    @Test(arguments: [Outcome.inDoubt(.providerFailed), .inDoubt(.unclearAnswer), .unjudged])
    func whatSpoilsItsRequestIsFoundAndGoesAlone(failure: Outcome) {
        let (answered, poisoned) = pollAround(record(7), failure, of: 300, for: .seconds(3600))
        #expect(answered.count == 299)
        #expect(poisoned.starts(with: [100, 50, 25, 12, 6, 3, 1, 1]))
    }

    @Test func whatIsRefusedAsAWholeGoesAloneNextTime() {
        let (answered, poisoned) = pollAround(record(7), .refused, of: 20, for: .seconds(1800))
        #expect(answered.count == 19 && poisoned.starts(with: [20, 1]))
    }

    @Test func aProviderThatIsNotReachedSpoilsNothing() throws {
        let ledger = (0..<100 as Range<Int64>).map {
            entry(UInt64($0), at: $0, .accepted, ledgerOffset: $0)
        }
        let script = Script()
        script.assign(0, start: 100, ledger: ledger)
        for _ in 0..<8 {
            let effects = script.pass(.seconds(601))
            let poll = try #require(effects.polls.first)
            #expect(poll.subjects.count == 100)
            let failure = Outcome.notSent(.rateLimited, retryAfter: nil)
            script.step(.polled(poll.number, [:], failure: failure))
        }
    }

    @Test func aThousandAreAskedForInTenRequests() {
        let ledger = (0..<1000 as Range<Int64>).map {
            entry(UInt64($0), at: $0, .accepted, ledgerOffset: $0)
        }
        let script = Script()
        script.assign(0, start: 1000, ledger: ledger)
        var asked: [RecordID: Int] = [:]
        var requests = 0
        var waiting = script.pass(.seconds(600)).polls
        while asked.count < 1000, !waiting.isEmpty {
            let poll = waiting.removeFirst()
            requests += 1
            for subject in poll.subjects { asked[subject.record, default: 0] += 1 }
            waiting += script.step(.polled(poll.number, [:], failure: nil)).polls
            waiting += script.pass(.milliseconds(10)).polls
        }
        #expect(asked.count == 1000 && requests == 10)
    }
}

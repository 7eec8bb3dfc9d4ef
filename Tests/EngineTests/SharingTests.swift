import Testing

@testable import Engine

/// What a replica does not need, it lends; what it borrows, it gives up in time.
@Suite struct SharingTests {
    private static let settings = EngineSettings(
        rateLimit: 100,
        partitionCount: 4,
        loanTerm: .seconds(15),
        maxInFlight: 1000
    )
    private let other: UInt64 = 20
    private let third: UInt64 = 30

    /// A replica with a quarter of the partitions.
    private func replica() -> Script {
        let script = Script(Self.settings)
        script.assign(0)
        return script
    }

    private func hear(
        _ script: Script,
        _ number: UInt64,
        from peer: UInt64? = nil,
        base: Millionths = 250_000,
        wants: Millionths = 1_000_000,
        loans: [ShareNotice.Loan] = []
    ) {
        let notice = ShareNotice(
            number: number,
            base: base,
            wants: wants,
            term: .seconds(15),
            loans: loans
        )
        script.step(.heard(notice, from: peer ?? other))
    }

    /// A loan to the replica under test.
    private func loan(_ part: Millionths, answering number: UInt64) -> [ShareNotice.Loan] {
        [ShareNotice.Loan(to: Script.owner, answers: number, part: part)]
    }

    /// A replica that has given a notice and been lent a quarter.
    private func borrower() throws -> Script {
        let script = replica()
        let notice = try #require(script.beat())
        hear(script, 1, loans: loan(250_000, answering: notice.number))
        return script
    }

    // MARK: Lending

    @Test func lendsWhatItDoesNotNeedToWhoWantsMore() {
        let script = replica()
        hear(script, 7)
        #expect(
            script.beat()
                == ShareNotice(
                    number: 1,
                    base: 250_000,
                    wants: 12_500,
                    term: .seconds(15),
                    loans: [.init(to: other, answers: 7, part: 237_500)]
                )
        )
        #expect(script.summary.share == 1.25)
    }

    @Test func lendsOnlyBehindAFence() {
        let script = replica()
        hear(script, 1)
        #expect(script.step(.beat).notices.isEmpty)
        #expect(script.summary.share == 25)
        let refused = replica()
        hear(refused, 1)
        #expect(refused.beat(accepted: false) == nil)
        #expect(refused.summary.share == 25)
    }

    @Test func answersNoNoticeThatCameAfterTheFence() throws {
        let script = replica()
        hear(script, 1)
        let commit = try #require(script.step(.beat).commits.first)
        script.pass(.milliseconds(1))
        hear(script, 2)
        hear(script, 1, from: third)
        let told = script.step(
            .committed(commit.number, accepted: commit.offsets.mapValues { _ in true })
        )
        let loans = try #require(told.notices.first ?? nil).loans
        #expect(loans.map(\.to) == [other] && loans.map(\.answers) == [1])
    }

    @Test func takesBackWhenTheTermIsSurelyOver() {
        let script = replica()
        hear(script, 1)
        script.pass(.seconds(4))
        #expect(script.beat()?.loans.count == 1)
        // The term and a tenth, from when the other one was heard.
        script.pass(.milliseconds(12_499))
        #expect(script.summary.share == 1.25)
        #expect(script.wakeAt == script.now.uptime + .milliseconds(1))
        script.pass(.milliseconds(1))
        #expect(script.summary.share == 25)
    }

    @Test func owesTheHighestLoanUntilItsTermIsOver() {
        let script = replica()
        hear(script, 1)
        _ = script.beat()
        script.pass(.seconds(5))
        hear(script, 2, wants: 300_000)
        #expect(script.beat()?.loans.map(\.part) == [50_000])
        #expect(script.summary.share == 1.25)
        script.pass(.milliseconds(11_500))
        #expect(script.summary.share == 20)
        script.pass(.seconds(5))
        #expect(script.summary.share == 25)
    }

    @Test func lendsToAnotherOnlyWhatIsFree() {
        let script = replica()
        hear(script, 1)
        _ = script.beat()
        script.pass(.seconds(5))
        hear(script, 2)
        hear(script, 1, from: third)
        // The other one's half is lent anew; the rest is owed to it for a while.
        #expect(script.beat()?.loans.map(\.to) == [other])
        script.pass(.milliseconds(11_500))
        hear(script, 3)
        hear(script, 2, from: third)
        #expect(script.beat()?.loans.map(\.part) == [118_750, 118_750])
        #expect(script.summary.share == 1.25)
    }

    @Test func lendsNothingWhenHeartbeatsAreMissingOrContradictOneAnother() {
        let stale = replica()
        hear(stale, 1)
        stale.pass(.seconds(15))
        #expect(stale.beat()?.loans == [])
        let contradictory = replica()
        hear(contradictory, 1, base: 500_000)
        hear(contradictory, 1, from: third, base: 500_000)
        #expect(contradictory.beat()?.loans == [])
        #expect(contradictory.summary.share == 25)
    }

    @Test func olderNewsSaysNothing() {
        let script = replica()
        hear(script, 2, wants: 250_000)
        hear(script, 1)
        hear(script, 2)
        #expect(script.beat()?.loans == [])
    }

    @Test func whoWorksAllTheTimeKeepsItsOwn() {
        let script = replica()
        let begin = script.step((0..<400).map { received($0, order(UInt64($0))) })
        _ = script.run(begin, for: .seconds(5))
        hear(script, 1)
        let notice = script.beat()
        #expect(notice?.wants == 1_000_000 && notice?.loans == [])
        #expect(script.summary.share == 25)
    }

    @Test func whoWorksALittleKeepsThatAndSomeMore() throws {
        let script = replica()
        _ = script.beat()
        for second in Int64(0)..<5 {
            let numbers = (second * 10)..<(second * 10 + 10)
            let begin = script.step(numbers.map { received($0, order(UInt64($0))) })
            _ = script.run(begin, for: .seconds(1))
            script.pass(.seconds(1) - .nanoseconds(script.now.uptime.nanoseconds % 1_000_000_000))
            if second == 4 { hear(script, 1) }
            let notice = try #require(script.beat())
            #expect(notice.wants < 120_000)
        }
        // Ten a second is a tenth of the limit, and an eighth on top.
        #expect(script.summary.share > 10 && script.summary.share < 12)
    }

    // MARK: Borrowing

    @Test func usesWhatItIsLent() throws {
        let script = try borrower()
        #expect(script.summary.share == 50)
    }

    @Test func theTermRunsFromItsOwnFence() throws {
        let script = replica()
        let notice = try #require(script.beat())
        script.pass(.seconds(10))
        // Ten seconds on its way.
        hear(script, 1, loans: loan(250_000, answering: notice.number))
        script.pass(.milliseconds(4999))
        #expect(script.summary.share == 50)
        script.pass(.milliseconds(1))
        #expect(script.summary.share == 25)
        hear(script, 2, loans: loan(250_000, answering: notice.number))
        #expect(script.summary.share == 25)
    }

    @Test func takesOnlyWhatIsMeantForItAndAnswersIt() throws {
        let script = replica()
        let notice = try #require(script.beat())
        hear(script, 1, loans: loan(250_000, answering: notice.number + 1))
        hear(script, 2, loans: [.init(to: third, answers: notice.number, part: 250_000)])
        #expect(script.summary.share == 25)
    }

    @Test func aLoanThatIsNotRenewedLastsToItsEnd() throws {
        let script = try borrower()
        script.pass(.seconds(14))
        hear(script, 2)
        #expect(script.summary.share == 50)
        script.pass(.seconds(1))
        #expect(script.summary.share == 25)
    }

    @Test func givesLoansUpWithItsPartitions() throws {
        let revoked = try borrower()
        let number = try #require(revoked.beat()).number
        revoked.step(.revoking([0]))
        revoked.assign(0)
        #expect(revoked.summary.share == 25)
        // What answers the time before counts for nothing.
        hear(revoked, 2, loans: loan(250_000, answering: number))
        #expect(revoked.summary.share == 25)
        let lost = try borrower()
        lost.step(.lost([0]))
        #expect(lost.summary.share == 0)
    }

    @Test func aRevocationTakesTheLoanBeforeThePartitionsAreDrained() throws {
        let script = try borrower()
        script.pass(.seconds(1))
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.revoking([0]))
        #expect(script.summary.share == 25)
        script.step(.transmitted(sent, .accepted))
    }

    @Test func whoStoodStillGetsNoTokenOfALoanThatIsOver() throws {
        let script = try borrower()
        let begin = script.step((0..<100).map { received($0, order(UInt64($0))) })
        let acknowledged = begin.appends.map { script.stored($0.ticket) }
        let commit = try #require(script.step(acknowledged).commits.first)
        let fenced = commit.offsets.mapValues { _ in true }
        // The loan alone would have filled the bucket of 2.5 tokens.
        script.pass(.seconds(14) + .milliseconds(990))
        script.step(.rateLimit(100))
        let sent = script.step(.committed(commit.number, accepted: fenced))
        #expect(sent.transmissions.isEmpty)
    }

    // MARK: Other limits

    @Test func aLentPartFollowsTheLimitThatIsOrdered() throws {
        let script = try borrower()
        script.step(.rateLimit(10))
        #expect(script.summary.share == 5)
    }

    @Test func whoIsSlowedDownNeitherLendsNorAsksForMore() throws {
        let script = replica()
        script.pass(.seconds(1))
        let sent = try #require(script.send(record(0), order(1)))
        script.step(.transmitted(sent, .notSent(.rateLimited, retryAfter: nil)))
        hear(script, 1)
        let notice = script.beat()
        #expect(notice?.wants == 250_000 && notice?.loans == [])
        // Once it has its rate back, it lends.
        script.accept(script.pass(.seconds(10)))
        hear(script, 2)
        #expect(script.beat()?.loans.count == 1)
    }

    @Test func nothingIsSharedWhereThatIsNotWanted() {
        let script = Script(EngineSettings(rateLimit: 100, partitionCount: 4))
        script.assign(0)
        let told = script.step(.beat)
        #expect(told.notices == [nil] && told.commits.isEmpty)
    }

    @Test func aHeartbeatWaitsForNothingWithoutPartitions() {
        let script = Script(Self.settings)
        #expect(script.step(.beat).notices == [nil])
        script.restore(0)
        #expect(script.step(.beat).notices == [nil])
    }

    @Test func aHeartbeatThatWaitsIsSentWhenThePartitionsAreLost() {
        let script = replica()
        script.step(.beat)
        #expect(script.step(.lost([0])).notices == [nil])
    }

    @Test func aNewAssignmentOwesNothing() {
        let script = replica()
        hear(script, 1)
        _ = script.beat()
        script.step(.lost([0]))
        script.assign(0)
        #expect(script.summary.share == 25)
    }
}

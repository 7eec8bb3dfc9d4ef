import Contract
import Testing

@testable import aspayds_worker

/// When an operator may decide, and what became of it.
@Suite struct ReviewRulesTests {
    private let rules = ReviewRules(settleWindow: .seconds(900))
    /// The send deadline and the settle window after the doubt began.
    private static let settled = LedgerScript.start + 905_000

    static func order(_ verdict: Decision.Verdict, at: Int64 = settled) -> ReviewOrder {
        ReviewOrder(
            domain: .payout,
            reference: "WD-1",
            attempt: 1,
            verdict: verdict,
            by: "amina",
            why: "the bank says no",
            at: at
        )
    }

    private func ledger(_ records: LedgerRecord...) -> History? {
        var book = LedgerBook(.reference("WD-1"))
        book.add(records)
        return book.histories[LedgerBook.Key(.payout, "WD-1")]
    }

    @Test(arguments: [
        (Decision.Verdict.release, settled - 1, false), (.release, settled, true),
        (.notDone, settled - 1, false), (.notDone, settled, true), (.done, settled - 1, true),
    ])
    func nothingIsAllowedWhileItMayBeOnItsWay(
        _ verdict: Decision.Verdict,
        now: Int64,
        isAllowed: Bool
    ) throws {
        let history = try #require(ledger(try LedgerScript.review()))
        do {
            let review = try rules.reviewed(history, verdict, now: now)
            #expect(isAllowed && review.attempt == 1)
        } catch {
            #expect(!isAllowed)
            #expect(error.message?.contains("until 2026-02-09T21:45:05Z") == true)
        }
    }

    @Test(arguments: [
        (1, Decision.Verdict.release, false), (1, .notDone, false), (1, .done, true),
        (0, .release, false), (2, .release, true), (2, .notDone, true),
    ])
    func nothingIsAllowedAgainstALateAcceptance(
        _ attempt: Int,
        _ verdict: Decision.Verdict,
        isAllowed: Bool
    ) throws {
        let history = try #require(
            ledger(
                try LedgerScript.record("claim", by: "a"),
                try LedgerScript.review(),
                try LedgerScript.record("accepted", attempt: attempt, by: "late")
            )
        )
        do {
            _ = try rules.reviewed(history, verdict, now: Self.settled)
            #expect(isAllowed)
        } catch {
            #expect(!isAllowed)
            #expect(error.message?.contains("accepted attempt \(attempt) of payout WD-1") == true)
        }
    }

    /// Nothing would come of it: the worker sends nothing past `not_after`.
    @Test(arguments: [(Int64(0), true), (1, false)])
    func nothingIsReleasedPastNotAfter(late: Int64, isAllowed: Bool) throws {
        let order = """
            {"amount":400,"not_after":"\(RFC3339.format(Self.settled))"}
            """
        let history = try #require(ledger(try LedgerScript.review(order: order)))
        let now = Self.settled + late
        _ = try rules.reviewed(history, .done, now: now)
        _ = try rules.reviewed(history, .notDone, now: now)
        let page = ReviewText(rules: rules, now: now).page(history, ordered: nil, colour: false)
            .joined(separator: "\n")
        #expect(page.contains("review release WD-1") == isAllowed)
        let document = ReviewText(rules: rules, now: now).document(history, ordered: nil)
        #expect(document.contains(#""release_until":"2026-02-09T21:45:05.000Z""#))
        do {
            _ = try rules.reviewed(history, .release, now: now)
            #expect(isAllowed)
        } catch {
            #expect(!isAllowed && !page.contains("review release"))
            #expect(
                error.message?.hasPrefix("not_after of payout WD-1 was 2026-02-09T21:45:05Z")
                    == true
            )
        }
    }

    @Test(arguments: [
        "intent", "in_doubt", "accepted", "refused", "not_sent", "released", "expired",
    ])
    func onlyAReviewIsDecided(word: String) throws {
        let history = try #require(
            ledger(try LedgerScript.review(), try LedgerScript.record(word, attempt: 2))
        )
        let failure = #expect(throws: Failure.self) {
            try rules.reviewed(history, .done, now: .max)
        }
        #expect(failure?.message?.hasPrefix("payout WD-1 is not in review: ") == true)
    }

    @Test(arguments: ["overdue", "disputed"])
    func whatWasAcceptedIsClosedAtOnceAndNeverReleased(word: String) throws {
        let history = try #require(ledger(try LedgerScript.record(word)))
        for verdict in [Decision.Verdict.done, .notDone] {
            let review = try rules.reviewed(history, verdict, now: LedgerScript.start)
            #expect(review.isDispute)
        }
        let failure = #expect(throws: Failure.self) {
            try rules.reviewed(history, .release, now: .max)
        }
        #expect(failure?.message?.contains("nothing lets it be sent again") == true)
        let page = ReviewText(rules: rules, now: LedgerScript.start)
            .page(history, ordered: nil, colour: false).joined(separator: "\n")
        #expect(page.contains("--done") && page.contains("--not-done") && !page.contains("release"))
    }

    @Test func aReviewThatCameTooLateIsNone() throws {
        let claims = [
            try LedgerScript.record("claim", by: "b"), try LedgerScript.record("intent", by: "b"),
            try LedgerScript.review(by: "a"),
        ]
        let history = try #require(ledger(claims[0], claims[1], claims[2]))
        #expect(throws: Failure.self) { try rules.reviewed(history, .done, now: .max) }
    }

    @Test func theSameOrderTwiceIsRefused() throws {
        let first = Self.order(.release)
        let second = Self.order(.release, at: Self.settled + 60_000)
        let failure = #expect(throws: Failure.self) {
            try rules.checkRepetition(of: second, after: first)
        }
        #expect(failure?.message?.contains("ordered already (release, by amina at") == true)
        let other = try rules.checkRepetition(of: Self.order(.notDone), after: first)
        #expect(other?.contains("an order already (release, by amina") == true)
        #expect(try rules.checkRepetition(of: first, after: nil) == nil)
    }

    @Test(arguments: Decision.Verdict.allCases)
    func theLedgerTellsWhatBecameOfAnOrder(_ verdict: Decision.Verdict) throws {
        let order = Self.order(verdict)
        func fate(_ records: LedgerRecord...) -> String {
            var book = LedgerBook(.reference("WD-1"))
            book.add(records)
            let history = book.histories[LedgerBook.Key(.payout, "WD-1")]
            return switch rules.fate(of: order, in: history) {
            case .pending: "pending"
            case .taken(let line): "taken \(line.place.offset)"
            case .overtaken(let line): "overtaken \(line.place.offset)"
            }
        }
        let review = try LedgerScript.review()
        let taken = try LedgerScript.taken(order)
        let other = try LedgerScript.taken(Self.order(verdict, at: 1))
        let next = try LedgerScript.record("intent", attempt: 2)
        let claim = try LedgerScript.record("claim", by: "b")
        #expect(fate() == "pending")
        #expect(fate(review) == "pending")
        #expect(fate(review, try LedgerScript.review()) == "pending")
        #expect(fate(review, taken) == "taken 1")
        #expect(fate(review, taken, next) == "taken 1")
        let sent = try LedgerScript.record("intent", attempt: 2, [LedgerScript.decision(order)])
        #expect(fate(review, taken, sent) == "taken 1")
        #expect(fate(review, other) == "overtaken 1")
        #expect(fate(review, try LedgerScript.record("accepted")) == "overtaken 1")
        // Written by somebody who had lost the partition: a release that nobody acts upon.
        #expect(fate(claim, try LedgerScript.review(by: "b"), taken) == "pending")
        #expect(fate(review, try LedgerScript.review(attempt: 2)) == "overtaken 1")
    }

    @Test func risksAreSaid() throws {
        let review = try #require(ledger(try LedgerScript.review())?.review)
        let overdue = try #require(ledger(try LedgerScript.record("overdue"))?.review)
        let risks: [(Decision.Verdict, LedgerRecord.Outcome, String)] = [
            (.release, review, "the recipient is paid twice"),
            (.notDone, review, "the recipient is paid twice"),
            (.done, review, "nobody gets the money"),
            (.done, overdue, "as completed"), (.notDone, overdue, "as cancelled"),
        ]
        for (verdict, review, told) in risks {
            #expect(ReviewRules.risk(of: Self.order(verdict), about: review).contains(told))
        }
    }

    @Test func spansAreRoundedDown() {
        #expect(
            [-5, 119_999, 120_000, 7_199_999, 7_200_000, 172_800_000].map { Moment.span($0) }
                == ["0s", "119s", "2m", "119m", "2h", "2d"]
        )
    }
}

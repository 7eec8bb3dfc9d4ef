import Aspayds
import Contract
import Engine
import Testing

@testable import Workers

/// Events say what is known, and no more.
@Suite struct EventMakerTests {
    private let maker = EventMaker(domain: .payout)
    private let command = Command(
        id: "cmd-1",
        source: CommandSource(topic: "t", partition: 3, offset: 42),
        body: .requestPayout(
            PayoutCommand(
                order: PayoutOrder(
                    transactionReference: "wd-1",
                    payoutMethodID: 1,
                    amount: Amount(thousandths: 500_000),
                    recipientName: "Rahim",
                    recipientAccount: "01712345678"
                )
            )
        ),
        trace: TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    )

    private func event(_ state: LedgerState, _ finding: Job.Finding?) throws -> Event {
        let job = Job(content: .command(command))
        job.finding = finding
        let order = try #require(job.order)
        let write = LedgerWrite(attempt: 2, state: state, sequence: 3)
        return try #require(maker.event(for: write, of: order, job, at: 5))
    }

    @Test func accepted() throws {
        let receipt = Receipt(providerID: "ATPAY1", fee: Amount(thousandths: 5000))
        let event = try event(.accepted, .receipt(receipt))
        #expect(event.kind == .requested && event.certainty == .accepted)
        #expect(event.id == "payout/WD-1/requested/2")
        #expect(event.providerID == "ATPAY1" && event.fee == Amount(thousandths: 5000))
        // The create answer's state is not to be trusted (DESIGN.md §7).
        #expect(event.status == nil && event.reason == nil)
        #expect(event.sequence == 3 && event.attempt == 2 && event.trigger == .command)
        #expect(
            event.trace == command.trace && event.trace != nil && event.command?.source.offset == 42
        )
    }

    @Test func inDoubtSaysWhy() throws {
        let error = AspaydsError(code: .timeout, message: "no answer")
        let event = try event(.inDoubt, .failure(error))
        #expect(event.kind == .inDoubt && event.certainty == .inDoubt)
        #expect(event.reason?.code == "timeout")
        let restored = try self.event(.inDoubt, nil)
        #expect(restored.reason?.code == "interrupted")
    }

    @Test func refusedNamesTheField() throws {
        let error = AspaydsError(
            code: .validation,
            httpStatus: 422,
            field: "amount",
            message: "too much"
        )
        let event = try event(.refused, .failure(error))
        #expect(event.kind == .refused && event.certainty == .refused)
        #expect(event.reason?.field == "amount" && event.reason?.httpStatus == 422)
    }

    @Test func foundIsPolled() throws {
        let state = ProviderState(providerID: "ATPAY1", reference: "WD-1", status: "pending")
        let event = try event(.accepted, .sighting(state))
        #expect(event.trigger == .poll && event.status == "pending")
        #expect(event.providerID == "ATPAY1")
    }

    @Test func reviewsAreNeverCalledFailures() throws {
        for finding in [Job.Finding.absent, .mismatch(field: "amount")] {
            let event = try event(.review, finding)
            #expect(event.kind == .needsReview && event.certainty == .inDoubt)
            #expect(event.reason != nil)
        }
    }

    private func event(_ write: LedgerWrite, _ job: Job) throws -> Event {
        let order = try #require(job.order)
        return try #require(maker.event(for: write, of: order, job, at: 5))
    }

    @Test func aReviewShowsItsEvidence() throws {
        let job = Job(content: .command(command))
        job.note(AspaydsError(code: .timeout, message: "no answer"), at: 0)
        job.note(lookup: .absent, at: 7)
        job.finding = .absent
        let write = LedgerWrite(attempt: 1, state: .review, sequence: 2, since: 3, lookups: 4)
        let event = try event(write, job)
        let evidence = try #require(event.evidence)
        #expect(evidence.inDoubtSince == 3 && evidence.lookups == 4)
        #expect(evidence.lastLookupAt == 7 && evidence.lastAnswer == .absent)
        #expect(evidence.transmission == "timeout: no answer, at 1970-01-01T00:00:00.000Z")
        // A failed lookup says nothing, and only a review asks for evidence.
        job.note(lookup: nil, at: 8)
        #expect(job.evidence.lastAnswer == Evidence.Answer.none)
        let doubt = LedgerWrite(attempt: 1, state: .inDoubt, sequence: 1, since: 3)
        #expect(try self.event(doubt, job).evidence == nil)
    }

    @Test func anOperatorsDecisionSaysWhoAndWhy() throws {
        let job = Job(content: .command(command))
        job.finding = .absent
        job.decision = Decision(
            number: 9,
            by: "nadia",
            why: "seen in the statement",
            at: 1,
            verdict: .done,
            providerID: "ATPAY9"
        )
        var write = LedgerWrite(attempt: 1, state: .accepted, sequence: 3, decision: 9)
        let done = try event(write, job)
        #expect(done.trigger == .operator && done.providerID == "ATPAY9")
        #expect(done.reason?.code == "closed" && done.certainty == .accepted)
        #expect(done.reason?.message == "by nadia: seen in the statement")
        // Another decision has nothing to do with it.
        write.decision = 8
        #expect(try event(write, job).trigger != .operator)
    }

    @Test func disputesHaveAnIDOfTheirOwnEach() throws {
        let rejected = ProviderState(status: "rejected")
        let disputes: [(LedgerState, Job.Finding?, String)] = [
            (.overdue, .sighting(ProviderState(status: "pending")), "overdue"),
            (.disputed, .mismatch(field: "amount_paid"), "mismatch:amount_paid"),
            (.disputed, .sighting(rejected), "contradiction:rejected"),
            (.disputed, .absent, "vanished"),
        ]
        for (state, finding, word) in disputes {
            let event = try event(state, finding)
            #expect(event.kind == .needsReview && event.certainty == .accepted)
            #expect(event.id == "payout/WD-1/needs_review:\(word)/2")
        }
    }

    @Test func aDisputeThatIsClosedTwiceIsSaidTwice() throws {
        let job = Job(content: .command(command))
        job.decision = Decision(number: 9, by: "nadia", why: "paid", at: 1, verdict: .done)
        let ids = try [4, 6].map { sequence in
            let write = LedgerWrite(attempt: 1, state: .completed, sequence: sequence, decision: 9)
            return try event(write, job).id
        }
        #expect(ids == ["payout/WD-1/completed:closed:4/1", "payout/WD-1/completed:closed:6/1"])
    }

    @Test func aReleasedAttemptKeepsTheProvidersWord() throws {
        let job = Job(content: .command(command))
        job.decision = Decision(number: 9, by: "nadia", why: "lost", at: 1, verdict: .release)
        job.finding = .failure(AspaydsError(code: .validation, field: "amount"))
        let refused = LedgerWrite(attempt: 2, state: .refused, sequence: 3, decision: 9)
        let event = try event(refused, job)
        #expect(event.trigger == .operator && event.reason?.field == "amount")
        #expect(event.reason?.message == "released by nadia: lost")
        job.finding = .failure(AspaydsError(code: .timeout, message: "no answer"))
        let doubt = LedgerWrite(attempt: 2, state: .inDoubt, sequence: 3, decision: 9)
        let doubted = try self.event(doubt, job)
        #expect(doubted.trigger == .operator && doubted.reason?.code == "timeout")
        #expect(doubted.reason?.message == "no answer; released by nadia: lost")
        job.finding = .receipt(Receipt(providerID: "ATPAY1"))
        let accepted = LedgerWrite(attempt: 2, state: .accepted, sequence: 3, decision: 9)
        #expect(try self.event(accepted, job).reason?.code == "released")
    }

    @Test func theWordOfALateOwnerIsUsedForItsAttemptOnly() throws {
        let job = Job(content: .command(command))
        job.finding = .absent
        job.lateAcceptance = (1, Receipt(providerID: "ATPAY1"), nil)
        let first = LedgerWrite(attempt: 1, state: .accepted, sequence: 2)
        #expect(try event(first, job).providerID == "ATPAY1")
        let second = LedgerWrite(attempt: 2, state: .accepted, sequence: 2)
        #expect(try event(second, job).providerID == nil)
    }

    @Test func thePersonWhoseWordALateOwnerHasRecordedIsNamed() throws {
        let job = Job(content: .command(command))
        job.decision = Decision(number: 9, by: "nadia", why: "lost", at: 1, verdict: .release)
        let done = Decision(number: 7, by: "amina", why: "seen", at: 2, verdict: .done)
        job.lateAcceptance = (1, Receipt(providerID: "ATPAY1"), done)
        let event = try event(
            LedgerWrite(attempt: 1, state: .accepted, sequence: 2, decision: 7),
            job
        )
        #expect(event.trigger == .operator && event.providerID == "ATPAY1")
        #expect(event.reason?.message == "by amina: seen")
    }

    @Test func aConflictTellsTheRealState() throws {
        let order = try #require(OrderSummary(command))
        let event = maker.conflict(order, with: .inDoubt, at: 5)
        #expect(event.kind == .refused && event.status == "in_doubt" && event.sequence == nil)
        #expect(event.reason?.code == "reference_conflict")
        #expect(event.id == "t/3/42/refused")
    }

    @Test func whatCannotBeAskedHasNoState() {
        let source = CommandSource(topic: "t", partition: 0, offset: 1)
        let check = Command(id: "c", source: source, body: .checkPayout(.reference("WD-1")))
        let event = maker.answer(to: check, nil, at: 5)
        #expect(event.kind == .checked && event.reason?.code == "unavailable")
        #expect(event.status == nil && event.certainty == nil)
    }

    @Test func accountsAreMasked() throws {
        let order = try #require(OrderSummary(command))
        #expect(order.maskedAccount == "****5678")
        #expect(!"\(order)".contains("01712345678"))
    }
}

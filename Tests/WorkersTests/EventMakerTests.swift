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
        traceparent: "00-1-2-01"
    )

    private func event(_ state: LedgerState, _ finding: Job.Finding?) throws -> Event {
        var job = Job(content: .command(command))
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
        #expect(event.traceparent == "00-1-2-01" && event.command?.source.offset == 42)
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

    @Test func aConflictTellsTheRealState() throws {
        let order = try #require(OrderSummary(command))
        let event = maker.conflict(order, with: .inDoubt, at: 5)
        #expect(event.kind == .refused && event.status == "in_doubt" && event.sequence == nil)
        #expect(event.reason?.code == "reference_conflict")
        #expect(event.id == "t/3/42/refused")
    }

    @Test func accountsAreMasked() throws {
        let order = try #require(OrderSummary(command))
        #expect(order.maskedAccount == "****5678")
        #expect(!"\(order)".contains("01712345678"))
    }
}

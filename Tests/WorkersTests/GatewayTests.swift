import Aspayds
import Contract
import Engine
import Telemetry
import Testing

@testable import Workers

/// Answers of a provider, written down.
struct CannedTransport: Transport {
    let status: Int
    let body: String

    func send(_ request: TransportRequest) async -> TransportResult {
        .answered(status: status, retryAfter: nil, body: Array(body.utf8))
    }
}

/// What lookups make of the provider's answers: found, mismatch, absent, or not known.
@Suite struct GatewayTests {
    private let payout = PayoutCommand(
        order: PayoutOrder(
            transactionReference: "WD-1",
            payoutMethodID: 1,
            amount: Amount(thousandths: 500_000),
            recipientName: "Rahim",
            recipientAccount: "01712345678"
        ),
        currency: "BDT"
    )

    private var command: Command {
        Command(
            id: "c",
            source: CommandSource(topic: "t", partition: 0, offset: 1),
            body: .requestPayout(payout)
        )
    }

    private func gateway(_ status: Int, _ body: String) -> Gateway {
        Gateway(
            domain: .payout,
            client: AspaydsClient(
                credentials: Credentials(key: "k", secret: "s"),
                transport: CannedTransport(status: status, body: body)
            ),
            instruments: Instruments(.payout, MetricsRegistry()),
            spans: SpanMaker(.payout, group: "g")
        )
    }

    private func lookUp(_ payouts: String, notFound: String = "") async -> Sighting? {
        let body =
            #"{"status":"success","total_requested":1,"total_found":1,"payouts":[\#(payouts)],"#
            + #""not_found_ids":[\#(notFound)]}"#
        let id = RecordID(partition: 0, offset: 1)
        guard let order = OrderSummary(command) else { return nil }
        return try? await gateway(200, body).lookUp([id: order]).get()[id]?.sighting
    }

    @Test func foundWhenEveryFieldAgrees() async {
        let sighting = await lookUp(
            #"{"payout_id":"ATPAY1","transaction_reference":"wd-1","status":"pending","amount":500.00}"#
        )
        #expect(sighting == .found)
    }

    @Test(arguments: [
        #"{"payout_id":"P","transaction_reference":"WD-1","status":"pending","amount":501}"#,
        #"{"payout_id":"P","transaction_reference":"WD-1","status":"pending","amount":500,"recipient_account":"01799999999"}"#,
        #"{"payout_id":"P","transaction_reference":"WD-1","status":"x"},{"payout_id":"Q","transaction_reference":"WD-1","status":"x"}"#,
    ])
    func somethingElseIsAMismatch(_ payouts: String) async {
        #expect(await lookUp(payouts) == .mismatch)
    }

    /// What a poll of a payment of 100 makes of an answer.
    private func follow(_ invoice: String) async throws -> Job.Finding? {
        let payment = PaymentCommand(
            order: PaymentOrder(
                transactionReference: "T1",
                amount: Amount(thousandths: 100_000),
                customerName: "Rahim",
                callbackURL: "https://shop.example/cb"
            )
        )
        let source = CommandSource(topic: "t", partition: 0, offset: 1)
        let command = Command(id: "c", source: source, body: .createPayment(payment))
        let id = RecordID(partition: 0, offset: 1)
        let order = try #require(OrderSummary(command))
        let body =
            #"{"status":"success","total_requested":1,"total_found":1,"invoices":[{"invoice_id":"I","#
            + #""transaction_reference":"T1",\#(invoice)}],"not_found_ids":[]}"#
        let gateway = Gateway(
            domain: .payment,
            client: AspaydsClient(
                credentials: Credentials(key: "k", secret: "s"),
                transport: CannedTransport(status: 200, body: body)
            ),
            instruments: Instruments(.payment, MetricsRegistry()),
            spans: SpanMaker(.payment, group: "g")
        )
        return try await gateway.follow([id: order]).get()[id]
    }

    @Test(arguments: [
        #""status":"paid","amount":100,"amount_paid":99.99"#,
        #""status":"paid","amount_paid":99"#,
        #""status":"paid","amount_paid":0"#,
        #""status":"completed","amount_paid":100.01"#,
    ])
    func anotherAmountThanAskedForIsNotPaid(_ invoice: String) async throws {
        guard case .mismatch("amount_paid")? = try await follow(invoice) else {
            Issue.record("\(invoice) passes")
            return
        }
    }

    @Test(arguments: [
        #""status":"paid","amount":100,"amount_paid":100.00"#,
        #""status":"paid","amount_paid":100"#,
        #""status":"paid","amount":"100.000""#,
        // Not paid yet.
        #""status":"pending","amount":100,"amount_paid":0"#,
    ])
    func whatAgreesPasses(_ invoice: String) async throws {
        guard case .sighting? = try await follow(invoice) else {
            Issue.record("\(invoice) does not pass")
            return
        }
    }

    private func confirm(_ status: Int, _ body: String) async -> Sighting? {
        guard let order = OrderSummary(command) else { return nil }
        return try? await gateway(status, body).confirm(order).get().sighting
    }

    @Test func confirmedWhenNothingThatIsSaidDiffers() async {
        let full =
            #"{"payout_id":"P","transaction_reference":"wd-1","status":"pending","amount":"500.000","#
            + #""recipient_name":" RAHIM ","recipient_account":"01712345678"}"#
        for body in [full, #"{"payout_id":"P","status":"pending"}"#] {
            #expect(await confirm(200, body) == .found)
        }
    }

    @Test(arguments: [
        #"{"payout_id":"P","transaction_reference":"WD-1","status":"pending","amount":500.01}"#,
        #"{"payout_id":"P","status":"pending","recipient_account":"01799999999"}"#,
        #"{"payout_id":"P","status":"pending","recipient_name":"Karim"}"#,
        // The reference is the id of something else, or the answer is about something else.
        #"{"payout_id":"WD-1","transaction_reference":"WD-7","status":"pending"}"#,
        #"{"payout_id":"P","transaction_reference":"WD-7","status":"pending"}"#,
        #"{"transaction_reference":"WD-7","status":"pending"}"#,
    ])
    func whatDiffersIsNotConfirmed(_ body: String) async {
        #expect(await confirm(200, body) == .mismatch)
    }

    @Test func confirmingSaysNoMoreThanTheProvider() async {
        #expect(await confirm(404, #"{"message":"no such payout"}"#) == .absent)
        #expect(await confirm(500, "{}") == nil)
        #expect(await confirm(401, "{}") == nil)
        #expect(await confirm(200, "<html>") == nil)
    }

    @Test func absentOnlyWhenTheProviderSaysSo() async {
        #expect(await lookUp("", notFound: #""wd-1""#) == .absent)
        #expect(await lookUp("") == nil)
    }

    @Test(arguments: [
        (200, #"{"status":"success","data":[]}"#, ProbeResult.healthy), (401, "{}", .unauthorized),
        (403, "{}", .forbidden), (404, "{}", .forbidden), (429, "{}", .healthy),
        (500, "{}", .failed), (422, "{}", .healthy),
    ])
    func theProbeTellsOutagesFromCredentials(status: Int, body: String, result: ProbeResult) async {
        #expect(await gateway(status, body).probe().result == result)
    }

    private func ask(
        _ subjects: [Command.Subject],
        _ status: Int,
        _ body: String
    ) async
        -> [Command.Subject: String]?
    {
        var questions: [Ticket: Command] = [:]
        for (number, subject) in subjects.enumerated() {
            let ticket = Ticket(record: RecordID(partition: 0, offset: Int64(number)), number: 1)
            let source = CommandSource(topic: "t", partition: 0, offset: Int64(number))
            questions[ticket] = Command(id: "c", source: source, body: .checkPayout(subject))
        }
        guard let findings = try? await gateway(status, body).ask(questions).get() else {
            return nil
        }
        var said: [Command.Subject: String] = [:]
        for (ticket, finding) in findings {
            said[subjects[Int(ticket.record.offset)]] =
                switch finding {
                case .sighting(let state): state.status
                case .absent: "absent"
                case .failure(let error): error.code.rawValue
                default: "?"
                }
        }
        return said
    }

    @Test func manyQuestionsAreAnsweredByReferenceAndById() async {
        let body =
            #"{"status":"success","total_requested":5,"total_found":2,"payouts":["#
            + #"{"payout_id":"ATPAY1","transaction_reference":"WD-1","status":"pending"},"#
            + #"{"payout_id":"ATPAY2","transaction_reference":"WD-2","status":"completed"}],"#
            + #""not_found_ids":["wd-3"]}"#
        let said = await ask(
            [
                .reference("wd-1"), .id("atpay2"), .reference("WD-3"), .reference("WD-4"),
                // An id is no reference.
                .id("WD-1"),
            ],
            200,
            body
        )
        let expected: [Command.Subject: String] = [
            .reference("wd-1"): "pending", .id("atpay2"): "completed", .reference("WD-3"): "absent",
        ]
        #expect(said == expected)
    }

    @Test func whatIsRefusedForManyIsAFailureAndForOneTheAnswer() async {
        let body = #"{"message":"no"}"#
        #expect(await ask([.reference("WD-1"), .reference("WD-2")], 422, body) == nil)
        let alone = await ask([.reference("WD-1")], 422, body)
        #expect(alone == [.reference("WD-1"): AspaydsError.Code.unexpectedStatus.rawValue])
    }

    @Test func everyErrorHasAnOutcomeOfItsOwnCertainty() {
        for code in AspaydsError.Code.allCases {
            let outcome = AspaydsError(code: code).outcome
            switch (code.certainty, outcome) {
            case (.refused, .refused), (.notSent, .notSent), (.inDoubt, .inDoubt): break
            // Judged by the probe.
            case (.inDoubt, .unjudged): #expect([.forbidden, .notFound].contains(code))
            default: Issue.record("\(code) became \(outcome)")
            }
        }
    }
}

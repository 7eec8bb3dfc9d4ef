import Aspayds
import Contract
import Synchronization
import Testing

@testable import aspayds_worker

/// The provider asked directly: what it says, and what is said when it does not.
@Suite struct ProviderTests {
    /// A provider that gives the same answers, one after the other.
    private final class Answers: Transport {
        private let left: Mutex<[TransportResult]>

        init(_ answers: [TransportResult]) { left = Mutex(answers) }

        func send(_ request: TransportRequest) async -> TransportResult {
            left.withLock { left in
                left.isEmpty ? .lost(.timeout, detail: "no more") : left.removeFirst()
            }
        }
    }

    private static func answer(_ status: Int, _ body: String) -> TransportResult {
        .answered(status: status, retryAfter: nil, body: Array(body.utf8))
    }

    private static let absent = answer(404, #"{"message":"no"}"#)
    private static let payout = """
        {"payout_id":"ATPAY1","transaction_reference":"WD-1","status":"completed","amount":500,\
        "fee":5.5,"total_amount":505.5,"recipient_name":"Karim","recipient_account":"01712345678"}
        """

    private func desk(_ answers: TransportResult...) -> ProviderDesk {
        let credentials = Credentials(key: "key-1", secret: "secret-1")
        return ProviderDesk(
            client: AspaydsClient(credentials: credentials, transport: Answers(answers))
        )
    }

    @Test func anAccountIsShownByItsEnd() async throws {
        let payout = try await desk(Self.answer(200, Self.payout)).payout("wd-1")
        let page = ProviderText.page(payout, asked: "wd-1", colour: false)
        #expect(page.first == "payout wd-1: completed")
        #expect(page.contains("  account       ****5678"))
        #expect(
            ProviderText.json(payout)
                == #"{"transaction_reference":"WD-1","payout_id":"ATPAY1","status":"completed","#
                + #""amount":500,"fee":5.5,"total_amount":505.5,"recipient_name":"Karim","#
                + #""recipient_account":"****5678"}"#
        )
        #expect(!page.joined().contains("01712345678"))
    }

    @Test func whatItSaysSteersNoTerminal() async throws {
        let answer = Self.answer(200, #"{"invoice_id":"A\u001b[2J","status":"paid\n\u001b[1m"}"#)
        let payment = try await desk(answer).payment("TRX-1")
        let page = ProviderText.page(payment, asked: "TRX-1", colour: false)
        #expect(page == ["payment TRX-1: paid??[1m", "  invoice       A?[2J"])
    }

    @Test func whatOnlyTheBatchFindsIsFound() async throws {
        let batch = Self.answer(200, #"{"status":"success","payouts":[\#(Self.payout)]}"#)
        #expect(try await desk(Self.absent, batch).payout("WD-1").status == "completed")
    }

    @Test(arguments: [
        (
            [absent, answer(200, #"{"payouts":[],"not_found_ids":["WD-1"]}"#)],
            "the provider knows no payout WD-1"
        ),
        (
            [absent, answer(200, #"{"payouts":[],"not_found_ids":[]}"#)],
            "payout WD-1: the provider gave no answer that says what is so: malformed_answer: "
                + "neither found nor not found"
        ),
        (
            [absent, absent],
            "payout WD-1: this is not the provider's API; look at ASPAYDS_BASE_URL: "
                + "not_found (HTTP 404): no"
        ),
        (
            [answer(401, "{}")],
            "payout WD-1: the provider does not accept the API key and secret: "
                + "unauthorized (HTTP 401)"
        ),
        (
            [.lost(.timeout, detail: "30 s")],
            "payout WD-1: the provider gave no answer that says what is so: timeout: 30 s"
        ),
        (
            [answer(500, "<html>")],
            "payout WD-1: the provider gave no answer that says what is so: server_error (HTTP 500)"
        ),
        (
            [answer(429, "{}")],
            "payout WD-1: the provider did not take the question: rate_limited (HTTP 429)"
        ),
    ])
    func aFailureIsOneClearLine(_ answers: [TransportResult], _ told: String) async {
        let client = AspaydsClient(
            credentials: Credentials(key: "key-1", secret: "secret-1"),
            transport: Answers(answers)
        )
        let failure = await #expect(throws: Failure.self) {
            try await ProviderDesk(client: client).payout("WD-1")
        }
        #expect(failure?.message == told)
    }

    @Test func methodsAreATable() async throws {
        let methods = try await desk(
            Self.answer(
                200,
                #"{"status":"success","data":[{"id":1,"name":"bKash","min_amount":100}]}"#
            )
        ).methods()
        #expect(
            ProviderText.table(methods) == [
                "ID  NAME   TYPE  ACCOUNT  CURRENCY  MIN  MAX",
                "1   bKash  -     -        -         100  -",
            ]
        )
        #expect(methods.map(ProviderText.json) == [#"{"id":1,"name":"bKash","min_amount":100}"#])
    }

    @Test func onlyTheAPIsSettingsAreNeeded() {
        func problems(_ environment: [String: String]) -> [String] {
            Resolution(SettingInputs(environment: environment), need: .provider)
                .problems.map(\.message)
        }
        let keys = ["ASPAYDS_API_KEY": "key-1", "ASPAYDS_API_SECRET": "secret-1"]
        #expect(problems(keys) == [])
        // Also where this process would only be the receiver.
        #expect(problems(["ASPAYDS_ROLES": "webhooks"]).count == 2)
    }
}

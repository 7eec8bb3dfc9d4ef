import Aspayds
import Sandbox
import Testing

/// The client against every fault of the sandbox: what it says of an order is true by the
/// provider's own ledger (DESIGN.md §4, table).
@Suite(.serialized) struct SandboxFaultTests {
    private static let payout = PayoutOrder(
        transactionReference: "WD-1",
        payoutMethodID: 1,
        amount: Amount(thousandths: 500_000),
        recipientName: "Rahim",
        recipientAccount: "01712345678"
    )
    private static let payment = PaymentOrder(
        transactionReference: "TRX-1",
        amount: Amount(thousandths: 100_000),
        customerName: "Rahim",
        callbackURL: "https://shop.example/cb"
    )

    /// Runs a body against a sandbox that answers every create with a fault.
    private func withSandbox(
        _ rules: [FaultRule],
        timeout: Duration = .seconds(20),
        _ body: (AspaydsClient, SandboxServer) async throws -> Void
    ) async throws {
        let server = SandboxServer()
        server.setFaults(rules)
        let transport = HTTPTransport()
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            let client = AspaydsClient(
                baseURL: try await server.baseURL,
                credentials: Credentials(key: "sandbox-key", secret: "sandbox-secret"),
                transport: transport,
                requestTimeout: timeout
            )
            try await body(client, server)
            group.cancelAll()
        }
        await transport.shutdown()
    }

    /// What the client may say of an order that a fault has struck.
    private func expected(_ fault: Fault) -> AspaydsError.Code? {
        switch fault {
        case .tooManyRequests: .rateLimited
        case .unauthorized: .unauthorized
        case .redirect: .redirected
        case .serverError, .unavailable, .serverErrorAfter: .serverError
        case .timeoutBefore, .timeoutAfter, .slowBody, .latency: .timeout
        case .resetBefore, .resetAfter: .connectionLost
        case .malformedJSON: .malformedAnswer
        case .duplicateKeys: .contradiction
        case .extraFields: nil
        }
    }

    @Test(arguments: Fault.allCases)
    func everyFaultIsCalledWhatItIs(_ fault: Fault) async throws {
        let isSlow = expected(fault) == .timeout
        let rule = FaultRule(fault, endpoint: .create, latency: isSlow ? .seconds(5) : nil)
        let timeout = Duration.seconds(isSlow ? 1 : 20)
        try await withSandbox([rule], timeout: timeout) { client, server in
            for domain in ["payment", "payout"] {
                var code: AspaydsError.Code?
                do throws(AspaydsError) {
                    if domain == "payment" {
                        _ = try await client.createPayment(Self.payment)
                    } else {
                        _ = try await client.requestPayout(Self.payout)
                    }
                } catch {
                    code = error.code
                    #expect(!"\(error)".contains("01712345678"))
                    #expect(!"\(error)".contains("sandbox-secret"))
                }
                if fault != .duplicateKeys { #expect(code == expected(fault)) }
                let reference = domain == "payment" ? "TRX-1" : "WD-1"
                let executions = server.executions(of: reference).count
                #expect(executions <= 1)
                switch code?.certainty {
                case nil: #expect(executions == 1)
                case .notSent, .refused: #expect(executions == 0)
                case .inDoubt: #expect(executions == (fault.isBeforeExecuting ? 0 : 1))
                }
            }
        }
    }

    @Test func retryAfterIsRead() async throws {
        try await withSandbox([FaultRule(.tooManyRequests, retryAfter: 7)]) { client, _ in
            await #expect(throws: AspaydsError.self) { try await client.payoutMethods() }
            do throws(AspaydsError) {
                _ = try await client.requestPayout(Self.payout)
            } catch {
                #expect(error.retryAfter == .seconds(7))
            }
        }
    }

    @Test func everyEndpointWorks() async throws {
        try await withSandbox([]) { client, _ in
            #expect(try await client.payoutMethods().contains { $0.id == 1 && $0.name == "bKash" })
            let invoice = try await client.createPayment(Self.payment)
            let receipt = try await client.requestPayout(Self.payout)
            for id in ["trx-1", invoice.invoiceID] {
                let status = try await client.payment(id)
                #expect(status.invoiceID == invoice.invoiceID && status.status == "pending")
            }
            for id in ["wd-1", receipt.payoutID] {
                let status = try await client.payout(id)
                #expect(status.payoutID == receipt.payoutID)
                #expect(status.amount == Self.payout.amount)
            }
            let payments = try await client.paymentStatuses(["TRX-1", "NONE"])
            #expect(payments.found.map(\.invoiceID) == [invoice.invoiceID])
            #expect(payments.notFound == ["NONE"])
            let payouts = try await client.payoutStatuses(["WD-1", "NONE"])
            #expect(payouts.found.map(\.payoutID) == [receipt.payoutID])
            #expect(payouts.notFound == ["NONE"])
        }
    }

    @Test func aRefusalNamesItsField() async throws {
        try await withSandbox([]) { client, server in
            var order = Self.payout
            order.amount = Amount(thousandths: 1_000)
            do throws(AspaydsError) {
                _ = try await client.requestPayout(order)
                Issue.record("it was accepted")
            } catch {
                #expect(error.certainty == .refused)
                #expect(error.field == "amount")
                #expect(error.httpStatus == 422)
            }
            #expect(server.executions.isEmpty)
        }
    }

    /// A reference that the provider says is taken may be taken by this very order.
    @Test func aTakenReferenceIsInDoubt() async throws {
        try await withSandbox([]) { client, server in
            server.duplicates = .reject
            _ = try await client.requestPayout(Self.payout)
            do throws(AspaydsError) {
                _ = try await client.requestPayout(Self.payout)
                Issue.record("it was accepted")
            } catch {
                #expect(error.code == .referenceTaken)
                #expect(error.certainty == .inDoubt)
            }
        }
    }
}

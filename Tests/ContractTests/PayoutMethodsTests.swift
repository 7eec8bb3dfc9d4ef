import Aspayds
import Testing

@testable import Contract

/// Payouts are judged by what the provider has listed.
@Suite struct PayoutMethodsTests {
    private let methods = PayoutMethods([
        PayoutMethod(
            id: 1,
            name: "bKash",
            currency: "BDT",
            minAmount: Amount(thousandths: 100_000),
            maxAmount: Amount(thousandths: 50_000_000)
        ),
        PayoutMethod(id: 2, name: "Bank\u{7}"),
    ])

    private func objection(
        method: Int64 = 1,
        amount: Int64 = 100_000,
        currency: String? = nil,
        _ methods: PayoutMethods? = nil
    ) -> Event.Reason? {
        let order = PayoutOrder(
            transactionReference: "WD-1",
            payoutMethodID: method,
            amount: Amount(thousandths: amount),
            recipientName: "Rahim",
            recipientAccount: "01712345678"
        )
        let payout = PayoutCommand(order: order, currency: currency)
        return (methods ?? self.methods).objection(to: payout)
    }

    @Test func whatTheMethodTakesIsNotObjectedTo() {
        #expect(objection() == nil)
        #expect(objection(amount: 50_000_000, currency: "BDT") == nil)
        // Where nothing is said, everything goes.
        #expect(objection(method: 2, amount: 1, currency: "USD") == nil)
    }

    @Test func theReasonNamesTheFieldTheValueAndWhatIsAllowed() {
        let cases = [
            (
                objection(method: 9), "payout_method_id",
                "payout_method_id is 9; the provider has 1 (bKash), 2 (Bank\u{FFFD})"
            ),
            (objection(amount: 99_999), "amount", "amount is 99.999; bKash takes 100 to 50000"),
            (
                objection(amount: 50_000_001), "amount",
                "amount is 50000.001; bKash takes 100 to 50000"
            ),
            (objection(currency: "USD"), "currency", "currency is USD; bKash pays out in BDT"),
        ]
        for (reason, field, message) in cases {
            #expect(reason?.code == "invalid_field")
            #expect(reason?.field == field)
            #expect(reason?.message == message)
        }
    }

    @Test func anEmptyListJudgesNothing() {
        #expect(objection(method: 9, PayoutMethods([])) == nil)
    }

    @Test func aLongListIsShortened() {
        let many = PayoutMethods((1...20).map { PayoutMethod(id: $0, name: "m") })
        #expect(objection(method: 99, many)?.message?.hasSuffix("10 (m), …") == true)
    }
}

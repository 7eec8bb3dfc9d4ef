/// A way to pay out that the imagined store has configured.
struct PayoutMethod: Sendable {
    let id: Int
    let name: String
    let type: String
    let accountType: String
    let minAmount: Int
    let maxAmount: Int
    let logo: String

    /// The documented bKash, and two more of the same kind.
    static let all = [
        PayoutMethod(
            id: 1,
            name: "bKash",
            type: "mobile_banking",
            accountType: "Personal",
            minAmount: 100,
            maxAmount: 50_000,
            logo: "bkash"
        ),
        PayoutMethod(
            id: 2,
            name: "Nagad",
            type: "mobile_banking",
            accountType: "Personal",
            minAmount: 50,
            maxAmount: 25_000,
            logo: "nagad"
        ),
        PayoutMethod(
            id: 3,
            name: "City Bank",
            type: "bank",
            accountType: "Savings",
            minAmount: 1_000,
            maxAmount: 500_000,
            logo: "city-bank"
        ),
    ]

    var json: JSON {
        [
            "id": .integer(id), "name": .string(name), "type": .string(type),
            "account_type": .string(accountType), "currency": "BDT",
            "min_amount": .integer(minAmount), "max_amount": .integer(maxAmount),
            "logo": .string("https://payment.aspayds.net/storage/payout/\(logo).png"),
        ]
    }
}

package import Aspayds
import Contract

/// What may be sent without a person (DESIGN.md §5).
package struct Guardrails: Sendable {
    /// The largest amount; nil for any.
    package var maxAmount: Amount?
    /// What the orders of a day (UTC) may come to, over all replicas; nil for anything.
    package var dailyLimit: Amount?
    /// Partitions of the commands, of which each has an equal part of that.
    var partitions = 1

    /// Limits; none where nothing is said.
    package init(maxAmount: Amount? = nil, dailyLimit: Amount? = nil) {
        self.maxAmount = maxAmount
        self.dailyLimit = dailyLimit
    }

    /// A partition's part of the daily limit.
    var dailyPart: Amount? {
        dailyLimit.map { Amount(thousandths: $0.thousandths / Int64(max(1, partitions))) }
    }

    /// Why an order was held.
    func reason(for order: OrderSummary) -> Event.Reason {
        if let maxAmount, order.amount > maxAmount {
            return Event.Reason(
                code: "above_maximum",
                message: "not sent: \(order.amount) is more than ASPAYDS_PAYOUT_MAX_AMOUNT, "
                    + "\(maxAmount)",
                field: "amount"
            )
        }
        return Event.Reason(
            code: "daily_limit",
            message: "not sent: with \(order.amount), this partition's payouts of the day come "
                + "to more than its part of ASPAYDS_PAYOUT_DAILY_LIMIT: \(dailyPart ?? .zero)",
            field: "amount"
        )
    }
}

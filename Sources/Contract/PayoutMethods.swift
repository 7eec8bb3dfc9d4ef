package import Aspayds

/// What the provider has said of its payout methods, by which payouts are judged before they are sent.
///
/// An empty list judges nothing: the provider then decides.
package struct PayoutMethods: Sendable, Equatable {
    /// The methods, as the provider lists them.
    package let list: [PayoutMethod]

    package init(_ list: [PayoutMethod]) {
        self.list = list
    }

    /// Why the provider would not take a payout, if the list says so.
    package func objection(to payout: PayoutCommand) -> Event.Reason? {
        if list.isEmpty { return nil }
        let order = payout.order
        guard let method = list.first(where: { $0.id == order.payoutMethodID }) else {
            return reason(
                "payout_method_id",
                "is \(order.payoutMethodID); the provider has \(offer)"
            )
        }
        if let currency = payout.currency, let own = method.currency, currency != own {
            return reason("currency", "is \(currency); \(Self.name(method)) pays out in \(own)")
        }
        let range = Self.range(method)
        if let least = method.minAmount, order.amount < least {
            return reason("amount", "is \(order.amount); \(Self.name(method)) takes \(range)")
        }
        if let most = method.maxAmount, order.amount > most {
            return reason("amount", "is \(order.amount); \(Self.name(method)) takes \(range)")
        }
        return nil
    }

    private func reason(_ field: String, _ message: String) -> Event.Reason {
        Event.Reason(
            code: Rejection.Code.invalidField.rawValue,
            message: "\(field) \(message)",
            field: field
        )
    }

    private static let shown = 10

    private var offer: String {
        let first = list.prefix(Self.shown).map { "\($0.id) (\(Self.name($0)))" }
        return first.joined(separator: ", ") + (list.count > Self.shown ? ", …" : "")
    }

    private static func name(_ method: PayoutMethod) -> String {
        Problem.shown(method.name, atMost: 32)
    }

    private static func range(_ method: PayoutMethod) -> String {
        switch (method.minAmount, method.maxAmount) {
        case (let least?, let most?): "\(least) to \(most)"
        case (let least?, nil): "at least \(least)"
        case (nil, let most?): "at most \(most)"
        case (nil, nil): "any amount"
        }
    }
}

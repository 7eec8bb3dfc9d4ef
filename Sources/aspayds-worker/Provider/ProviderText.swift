import Aspayds
import Contract
import JSON

/// What the provider says, for people and for programs; accounts are masked.
enum ProviderText {
    /// The state of a payment, and all that is told of it.
    static func page(_ payment: PaymentStatus, asked id: String, colour: Bool) -> [String] {
        page(
            .payment,
            asked: id,
            payment.status,
            [
                ("invoice", payment.invoiceID), ("reference", payment.transactionReference),
                ("amount", amount(payment.amount, payment.currency)),
                ("paid", amount(payment.amountPaid, payment.currency)), ("paid at", payment.paidAt),
            ],
            colour
        )
    }

    /// The state of a payout, and all that is told of it.
    static func page(_ payout: PayoutStatus, asked id: String, colour: Bool) -> [String] {
        page(
            .payout,
            asked: id,
            payout.status,
            [
                ("payout", payout.payoutID), ("reference", payout.transactionReference),
                ("amount", amount(payout.amount)), ("fee", amount(payout.fee)),
                ("total", amount(payout.totalAmount)), ("recipient", payout.recipientName),
                ("account", payout.recipientAccount.map(masked(account:))),
                ("created at", payout.createdAt), ("processed at", payout.processedAt),
            ],
            colour
        )
    }

    /// One line for each method.
    static func table(_ methods: [PayoutMethod]) -> [String] {
        var table = Table(["ID", "NAME", "TYPE", "ACCOUNT", "CURRENCY", "MIN", "MAX"])
        for method in methods {
            table.add([
                "\(method.id)", printable(method.name), printable(method.type ?? "-"),
                printable(method.accountType ?? "-"), printable(method.currency ?? "-"),
                amount(method.minAmount) ?? "-", amount(method.maxAmount) ?? "-",
            ])
        }
        return table.lines()
    }

    private static func page(
        _ domain: Domain,
        asked id: String,
        _ status: String,
        _ facts: [(name: String, value: String?)],
        _ colour: Bool
    ) -> [String] {
        let state = style(status).paint(printable(status), when: colour)
        return ["\(domain.rawValue) \(id): \(state)"]
            + facts.compactMap { name, value in
                value.map { "  \(name.padding(14))\(printable($0))" }
            }
    }

    private static func amount(_ amount: Amount?, _ currency: String? = nil) -> String? {
        amount.map { "\($0)\(currency.map { " \($0)" } ?? "")" }
    }

    private static func style(_ status: String) -> Style {
        switch status {
        case "paid", "completed": .good
        case "rejected", "cancelled": .bad
        default: .attention
        }
    }
}

// MARK: JSON

extension ProviderText {
    /// One object, its fields named as in events.
    static func json(_ payment: PaymentStatus) -> String {
        CompactJSON.line { w in
            w.field(Reference.field, payment.transactionReference)
            w.field(Domain.payment.idField, payment.invoiceID)
            w.field("status", payment.status)
            w.field("amount", raw: payment.amount?.description)
            w.field("amount_paid", raw: payment.amountPaid?.description)
            w.field("currency", payment.currency)
            w.field("paid_at", payment.paidAt)
        }
    }

    /// One object, its fields named as in events.
    static func json(_ payout: PayoutStatus) -> String {
        CompactJSON.line { w in
            w.field(Reference.field, payout.transactionReference)
            w.field(Domain.payout.idField, payout.payoutID)
            w.field("status", payout.status)
            w.field("amount", raw: payout.amount?.description)
            w.field("fee", raw: payout.fee?.description)
            w.field("total_amount", raw: payout.totalAmount?.description)
            w.field("recipient_name", payout.recipientName)
            w.field("recipient_account", payout.recipientAccount.map(masked(account:)))
            w.field("created_at", payout.createdAt)
            w.field("processed_at", payout.processedAt)
        }
    }

    /// One object, its fields named as in the event `aspayds.payout.methods`.
    static func json(_ method: PayoutMethod) -> String {
        CompactJSON.line { method.write(to: &$0) }
    }
}

/// The documented shapes of what is told about a record (aspayds-api.txt, the examples).
extension Record {
    /// The answer that creates it.
    func created(paymentURL: String) -> Answer {
        switch details {
        case .payment:
            Answer(
                200,
                [
                    "status": "success", "invoice_id": .string(id),
                    "payment_url": .string(paymentURL),
                ]
            )
        case .payout:
            // Two members named `status`, in this order: so it is documented.
            Answer(
                201,
                [
                    "status": "success", "message": "Payout request created successfully",
                    "payout_id": .string(id), "transaction_reference": .string(reference),
                    "amount": .amount(amount), "fee": 0, "total_amount": .amount(amount),
                    "status": "pending",
                ]
            )
        }
    }

    /// `GET /payment/{id}` and `GET /payout/{id}`.
    var detailed: JSON {
        switch details {
        case .payment:
            [
                "invoice_id": .string(id), "status": .string(status.rawValue),
                "amount_paid": .amount(amountPaid), "paid_at": settledTime,
            ]
        case .payout(let recipient):
            [
                "payout_id": .string(id), "transaction_reference": .string(reference),
                "status": .string(status.rawValue), "amount": .amount(amount), "fee": 0,
                "total_amount": .amount(amount), "recipient_name": .string(recipient.name),
                "recipient_account": .string(recipient.account), "processed_at": settledTime,
                "created_at": .string(timestamp(createdAt)),
            ]
        }
    }

    /// One line of a batch answer.
    var listed: JSON {
        switch details {
        case .payment:
            [
                "invoice_id": .string(id), "transaction_reference": .string(reference),
                "status": .string(status.rawValue), "amount": .amount(amount),
                "amount_paid": .amount(amountPaid),
            ]
        case .payout:
            [
                "payout_id": .string(id), "transaction_reference": .string(reference),
                "status": .string(status.rawValue), "amount": .amount(amount),
            ]
        }
    }

    private var amountPaid: Money { status == .paid ? underpaid ?? amount : .zero }
    private var settledTime: JSON { .optional(settledAt.map(timestamp)) }
}

extension Answer {
    /// `POST /…/batch/status`.
    static func batch(
        _ domain: Domain,
        asked: Int,
        found: [Record],
        missing: [String]
    ) -> Answer {
        Answer(
            200,
            .object([
                .init(name: "status", value: "success"),
                .init(name: "total_requested", value: .integer(asked)),
                .init(name: "total_found", value: .integer(found.count)),
                .init(
                    name: domain == .payment ? "invoices" : "payouts",
                    value: .array(found.map(\.listed))
                ),
                .init(name: "not_found_ids", value: .array(missing.map(JSON.string))),
            ])
        )
    }

    /// `GET /payout/methods`.
    static func methods(_ list: some Sequence<PayoutMethod>) -> Answer {
        Answer(200, ["status": "success", "data": .array(list.map(\.json))])
    }
}

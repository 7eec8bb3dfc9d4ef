package import Aspayds
package import Contract

/// A payout, and what a worker would have written of it: material for the benchmarks.
package struct SamplePayout {
    /// The partition where its command was read.
    package let partition: Int32
    /// Counts the payouts of a partition; the offset of its command there.
    package let number: Int64

    /// The consumer group whose ledger it is in.
    package static let group = "aspayds-payouts"
    /// Who has written of it.
    package static let owner = "worker-7d9f/1/0badcafe"
    /// When the first of them was read: milliseconds since 1970.
    package static let start: Int64 = 1_790_000_000_000

    package init(partition: Int32, number: Int64) {
        self.partition = partition
        self.number = number
    }

    /// Its reference.
    package var reference: String { "WD-\(partition)-\(1_000_000 + number)" }

    /// What was asked for.
    package var order: PayoutOrder {
        PayoutOrder(
            transactionReference: reference,
            payoutMethodID: 1,
            amount: Amount(thousandths: 500_000 + 10 * number),
            recipientName: "Rahim Uddin",
            recipientAccount: "01712345678"
        )
    }

    /// Where its command was read.
    package var source: CommandSource {
        CommandSource(topic: "aspayds.payout.commands", partition: partition, offset: number)
    }

    /// The intent of its only attempt.
    package var intent: LedgerRecord.Intent {
        let order = order
        return LedgerRecord.Intent(
            domain: .payout,
            reference: reference,
            attempt: 1,
            fingerprint: Fingerprint(PayoutCommand(order: order)),
            sequence: 0,
            group: Self.group,
            owner: Self.owner,
            number: 2 + 3 * UInt64(number),
            at: Self.start + number,
            command: Event.Origin(id: "shop/\(reference)", source: source),
            offset: number,
            order: OrderDetails(
                amount: order.amount,
                currency: "BDT",
                payoutMethodID: order.payoutMethodID,
                recipientAccount: order.recipientAccount,
                notAfter: Self.start + number + 86_400_000
            )
        )
    }

    /// What became of the attempt, or of what was accepted.
    package func outcome(
        _ state: LedgerRecord.State,
        announcing kind: Event.Kind,
        sequence: Int = 1
    ) -> LedgerRecord.Outcome {
        let intent = intent
        var outcome = LedgerRecord.Outcome(
            domain: .payout,
            reference: reference,
            attempt: 1,
            fingerprint: intent.fingerprint,
            command: intent.command,
            offset: intent.offset,
            state: state,
            sequence: sequence,
            owner: Self.owner,
            number: intent.number + UInt64(sequence),
            at: intent.at + 250 * Int64(sequence)
        )
        outcome.order = state.keepsOrder ? intent.order : nil
        outcome.since = state.keepsOrder ? outcome.at : nil
        outcome.providerID = "ATPAY\(partition)00\(number)"
        outcome.event = event(kind, of: outcome, intent)
        return outcome
    }

    private func event(
        _ kind: Event.Kind,
        of outcome: LedgerRecord.Outcome,
        _ intent: LedgerRecord.Intent
    ) -> Event {
        var event = Event(
            domain: .payout,
            kind: kind,
            id: Event.stateID(.payout, reference, kind, attempt: 1),
            reference: reference,
            occurredAt: outcome.at
        )
        event.providerID = outcome.providerID
        event.certainty = kind == .inDoubt ? .inDoubt : .accepted
        event.amount = intent.order.amount
        event.fee = Amount(thousandths: 10_000)
        event.totalAmount = Amount(thousandths: 510_000)
        event.currency = "BDT"
        event.sequence = Int64(outcome.sequence)
        event.attempt = 1
        event.trigger = .command
        event.command = intent.command
        event.trace = TraceContext(
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
        return event
    }
}

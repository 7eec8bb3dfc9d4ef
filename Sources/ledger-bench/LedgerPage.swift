import Aspayds
import Contract
import Kafka

/// What a worker would have written to one partition: payouts, each with its intent, its outcome and its end.
struct LedgerPage {
    var topic = ledgerTopic
    var group = ledgerGroup
    let partition: Int32
    var partitions = 32
    /// Whether one order in a hundred is still in doubt.
    let hasDoubts: Bool

    private static let owner = "worker-7d9f/1/0badcafe"
    private static let start: Int64 = 1_790_000_000_000

    /// The claim, and then the orders without end.
    var messages: some Sequence<Message> {
        (Int64(0)...).lazy.flatMap { $0 == 0 ? [.claim(claim)] : records(of: $0 - 1) }.map(message)
    }

    private func records(of number: Int64) -> [LedgerRecord] {
        let intent = intent(number)
        let states: [LedgerRecord.State] =
            hasDoubts && number % 100 == 99 ? [.inDoubt] : [.accepted, .completed]
        let outcomes = zip(states, 1...).map { outcome(of: intent, $0, sequence: $1) }
        return [.intent(intent)] + outcomes.map(LedgerRecord.outcome)
    }

    private func message(_ record: LedgerRecord) -> Message {
        let encoded = record.encoded()
        return Message(
            topic: topic,
            partition: partition,
            key: encoded.key,
            value: encoded.value,
            headers: encoded.headers.map { Header(name: $0.name, value: $0.value) }
        )
    }

    private var claim: LedgerRecord.Claim {
        LedgerRecord.Claim(
            domain: .payout,
            group: group,
            owner: Self.owner,
            number: 1,
            partitions: partitions,
            at: Self.start
        )
    }

    private func intent(_ number: Int64) -> LedgerRecord.Intent {
        let order = PayoutOrder(
            transactionReference: "WD-\(partition)-\(1_000_000 + number)",
            payoutMethodID: 1,
            amount: Amount(thousandths: 500_000 + 10 * number),
            recipientName: "Rahim Uddin",
            recipientAccount: "01712345678"
        )
        let source = CommandSource(
            topic: "aspayds.payout.commands",
            partition: partition,
            offset: number
        )
        return LedgerRecord.Intent(
            domain: .payout,
            reference: order.transactionReference,
            attempt: 1,
            fingerprint: Fingerprint(PayoutCommand(order: order)),
            sequence: 0,
            group: group,
            owner: Self.owner,
            number: 2 + 3 * UInt64(number),
            at: Self.start + number,
            command: Event.Origin(id: "shop/\(order.transactionReference)", source: source),
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

    private func outcome(
        of intent: LedgerRecord.Intent,
        _ state: LedgerRecord.State,
        sequence: Int
    ) -> LedgerRecord.Outcome {
        var outcome = LedgerRecord.Outcome(
            domain: .payout,
            reference: intent.reference,
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
        outcome.order = state == .completed ? nil : intent.order
        outcome.since = state == .completed ? nil : outcome.at
        outcome.providerID = "ATPAY\(partition)00\(intent.offset)"
        let kinds: [LedgerRecord.State: Event.Kind] = [.inDoubt: .inDoubt, .accepted: .requested]
        outcome.event = event(outcome, intent, kinds[state] ?? .completed)
        return outcome
    }

    private func event(
        _ outcome: LedgerRecord.Outcome,
        _ intent: LedgerRecord.Intent,
        _ kind: Event.Kind
    ) -> Event {
        var event = Event(
            domain: .payout,
            kind: kind,
            id: Event.stateID(.payout, intent.reference, kind, attempt: 1),
            reference: intent.reference,
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

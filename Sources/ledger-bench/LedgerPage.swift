import Contract
import Kafka
import Samples

/// What a worker would have written to one partition: payouts, each with its intent, its outcome and its end.
struct LedgerPage {
    var topic = ledgerTopic
    var group = SamplePayout.group
    let partition: Int32
    var partitions = 32
    /// Whether one order in a hundred is still in doubt.
    let hasDoubts: Bool

    /// The claim, and then the orders without end.
    var messages: some Sequence<Message> {
        (Int64(0)...).lazy.flatMap { $0 == 0 ? [.claim(claim)] : records(of: $0 - 1) }.map(message)
    }

    private func records(of number: Int64) -> [LedgerRecord] {
        let payout = SamplePayout(partition: partition, number: number)
        var intent = payout.intent
        intent.group = group
        let ends: [(LedgerRecord.State, Event.Kind)] =
            hasDoubts && number % 100 == 99
            ? [(.inDoubt, .inDoubt)] : [(.accepted, .requested), (.completed, .completed)]
        let outcomes = zip(ends, 1...).map { end, sequence in
            payout.outcome(end.0, announcing: end.1, sequence: sequence)
        }
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
            owner: SamplePayout.owner,
            number: 1,
            partitions: partitions,
            at: SamplePayout.start
        )
    }
}

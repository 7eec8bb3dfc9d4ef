import ArgumentParser
import Aspayds
import Contract
import Kafka

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Holds a ledger in an embedded Kafka, as a worker would have written it.
struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold a ledger in an embedded Kafka until standard input ends."
    )

    @Option(help: "The partitions; each holds about 4 MiB, the most that the embedded Kafka keeps.")
    var partitions: Int32 = 32

    func run() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic(ledgerTopic, partitions: partitions)
        let producer = try Producer(
            KafkaConfiguration(properties: ["bootstrap.servers": cluster.bootstrapServers])
        ) { print("the producer died of \($0)") }
        for partition in 0..<partitions {
            let messages = LedgerPage(partition: partition).messages
            for report in await producer.send(messages) { _ = try report.get() }
        }
        print(cluster.bootstrapServers)
        fflush(nil)
        while readLine() != nil {}
        await producer.close(timeout: .seconds(5))
        cluster.close()
    }
}

/// What one partition holds: intents, each with its outcome; one in a hundred is still in doubt.
struct LedgerPage {
    let partition: Int32
    private static let limit = 4 << 20
    private static let owner = "worker-7d9f/1/0badcafe"
    private static let start: Int64 = 1_790_000_000_000

    var messages: [Message] {
        var messages = [message(.claim(claim))]
        var bytes = 0
        var number: Int64 = 0
        while bytes < Self.limit {
            let intent = intent(number)
            for record in [LedgerRecord.intent(intent), .outcome(outcome(of: intent, number))] {
                let message = message(record)
                bytes += (message.value?.count ?? 0) + (message.key?.count ?? 0) + 160
                messages.append(message)
            }
            number += 1
        }
        return messages
    }

    private func message(_ record: LedgerRecord) -> Message {
        let encoded = record.encoded()
        return Message(
            topic: ledgerTopic,
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
            partitions: 32,
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
            number: 2 + 2 * UInt64(number),
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
        _ number: Int64
    ) -> LedgerRecord.Outcome {
        let isInDoubt = number % 100 == 99
        var outcome = LedgerRecord.Outcome(
            domain: .payout,
            reference: intent.reference,
            attempt: 1,
            fingerprint: intent.fingerprint,
            command: intent.command,
            offset: intent.offset,
            state: isInDoubt ? .inDoubt : .accepted,
            sequence: 1,
            owner: Self.owner,
            number: intent.number + 1,
            at: intent.at + 250
        )
        outcome.order = isInDoubt ? intent.order : nil
        outcome.since = isInDoubt ? outcome.at : nil
        outcome.providerID = "ATPAY\(partition)00\(number)"
        outcome.event = event(outcome, intent, isInDoubt ? .inDoubt : .requested)
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
        event.sequence = 1
        event.attempt = 1
        event.trigger = .command
        event.command = intent.command
        event.trace = TraceContext(
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
        return event
    }
}

import Aspayds
import Contract
import Engine
import Kafka

/// What the shell keeps of a command while the engine works on it.
struct Job {
    /// What is to be done.
    enum Content {
        /// A valid command.
        case command(Command)
        /// A record that breaks the contract, as it came.
        case rejected(Record, Rejection)
        /// An order known from the ledger alone.
        case restored(LedgerRecord.Intent)
    }

    /// The latest that is known of it, from which events are made.
    enum Finding {
        /// The provider accepted the order.
        case receipt(Receipt)
        /// The transmission ended in an error.
        case failure(AspaydsError)
        /// A lookup found a state.
        case sighting(ProviderState)
        /// A lookup found something else under the reference: the field that differs.
        case mismatch(field: String)
        /// A lookup found nothing.
        case absent
        /// The payout methods.
        case methods([PayoutMethod])
    }

    let content: Content
    var finding: Finding?
    /// What the last transmission ended with, kept for the review.
    var doubt: AspaydsError?
    /// Made for the ledger; published when the ledger has acknowledged it.
    var event: Event?
}

extension Job.Finding {
    /// What the finding of a lookup means for the engine.
    var sighting: Sighting? {
        switch self {
        case .sighting: .found
        case .mismatch: .mismatch
        case .absent: .absent
        case .receipt, .failure, .methods: nil
        }
    }
}

/// What a create answered, the same for both domains.
struct Receipt: Sendable, Hashable {
    var providerID: String
    var paymentURL: String?
    var fee: Amount?
    var totalAmount: Amount?
}

/// What a lookup told, the same for both domains.
struct ProviderState: Sendable, Hashable {
    var providerID: String?
    var reference: String?
    var status: String
    var amount: Amount?
    var amountPaid: Amount?
    var fee: Amount?
    var totalAmount: Amount?
    var currency: String?
    var account: String?
}

extension ProviderState {
    init(_ status: PaymentStatus) {
        self.init(
            providerID: status.invoiceID,
            reference: status.transactionReference,
            status: status.status,
            amount: status.amount,
            amountPaid: status.amountPaid,
            currency: status.currency
        )
    }

    init(_ status: PayoutStatus) {
        self.init(
            providerID: status.payoutID,
            reference: status.transactionReference,
            status: status.status,
            amount: status.amount,
            fee: status.fee,
            totalAmount: status.totalAmount,
            account: status.recipientAccount
        )
    }
}

/// The part of an order by which it is known again.
struct OrderSummary: Sendable {
    var reference: String
    var amount: Amount
    var currency: String?
    var payoutMethodID: Int64?
    var maskedAccount: String?
    var fingerprint: Contract.Fingerprint
    var notAfter: Int64?
    var command: Event.Origin
    var traceparent: String?

    /// The field in which what the provider has differs from the order, if one does.
    func difference(from state: ProviderState) -> String? {
        if let amount = state.amount, amount != self.amount { return "amount" }
        if let currency, let other = state.currency, currency != other { return "currency" }
        if let account = state.account, let own = maskedAccount, masked(account: account) != own {
            return "recipient_account"
        }
        return nil
    }
}

extension Job {
    /// The event already made for a ledger record, if it was.
    func event(of write: LedgerWrite) -> Event? {
        guard let event, event.attempt == write.attempt, event.sequence == Int64(write.sequence)
        else { return nil }
        return event
    }

    /// The order, if it is one.
    var order: OrderSummary? {
        switch content {
        case .command(let command): OrderSummary(command)
        case .restored(let intent): OrderSummary(intent)
        case .rejected: nil
        }
    }
}

extension OrderSummary {
    init?(_ command: Command) {
        let origin = Event.Origin(id: command.id, source: command.source)
        switch command.body {
        case .createPayment(let payment):
            self.init(
                reference: payment.order.transactionReference,
                amount: payment.order.amount,
                currency: payment.currency,
                fingerprint: Contract.Fingerprint(payment),
                notAfter: payment.notAfter,
                command: origin
            )
        case .requestPayout(let payout):
            self.init(
                reference: payout.order.transactionReference,
                amount: payout.order.amount,
                currency: payout.currency,
                payoutMethodID: payout.order.payoutMethodID,
                maskedAccount: masked(account: payout.order.recipientAccount),
                fingerprint: Contract.Fingerprint(payout),
                notAfter: payout.notAfter,
                command: origin
            )
        case .checkPayment, .checkPayout, .payoutMethods: return nil
        }
        traceparent = command.traceparent
    }

    init(_ intent: LedgerRecord.Intent) {
        self.init(
            reference: intent.reference,
            amount: intent.order.amount,
            currency: intent.order.currency,
            payoutMethodID: intent.order.payoutMethodID,
            maskedAccount: intent.order.maskedAccount,
            fingerprint: intent.fingerprint,
            notAfter: intent.order.notAfter,
            command: intent.command
        )
    }

    /// What the ledger keeps of it.
    var details: OrderDetails {
        OrderDetails(
            amount: amount,
            currency: currency,
            payoutMethodID: payoutMethodID,
            recipientAccount: maskedAccount,
            notAfter: notAfter
        )
    }
}

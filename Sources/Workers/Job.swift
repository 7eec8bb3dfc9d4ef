import Aspayds
import Contract
import Engine
import Kafka

/// What the shell keeps of a command while the engine works on it.
///
/// A class, because it is far too large to be copied whenever one asks for a part of it.
final class Job {
    /// What is to be done.
    enum Content {
        /// A valid command.
        case command(Command)
        /// A record that breaks the contract, as it came.
        case rejected(Record, Rejection)
        /// A command whose home is another partition, as it came.
        case stray(Record, home: Int32)
        /// An order known from the ledger alone.
        case restored
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
        /// The command is not in the log any more, and cannot be sent.
        case commandGone
        /// The payout methods.
        case methods([PayoutMethod])
    }

    var content: Content
    /// The span of its processing, until it is answered; nil where nobody traces.
    var span: WorkSpan?
    /// When it was read, until it is answered.
    var receivedAt: Instant?
    /// The order, if it is one.
    let order: OrderSummary?
    /// The latest attempt that is known of.
    var attempt: Int?
    var finding: Finding?
    /// Why the provider would not take it, as far as that is known before it is sent.
    var objection: Event.Reason?
    /// What the last transmission ended with, while it may have arrived.
    var doubt: AspaydsError?
    /// What is known of the doubt, for the review.
    var evidence = Evidence()
    /// What an operator has decided last.
    var decision: Decision?
    /// What a late owner has recorded of an attempt that the provider accepted, by its own word or a
    /// person's.
    var lateAcceptance: (attempt: Int, receipt: Receipt, decision: Decision?)?
    /// Made for the ledger; published when the ledger has acknowledged it.
    var event: Event?

    private init(_ content: Content, _ order: OrderSummary?) {
        self.content = content
        self.order = order
    }
}

extension Job {
    /// A job for what was read from the commands.
    convenience init(content: Content) {
        let order: OrderSummary? =
            if case .command(let command) = content { OrderSummary(command) } else { nil }
        self.init(content, order)
    }

    /// A job for what is known from the ledger alone.
    convenience init(_ order: OrderSummary) {
        self.init(.restored, order)
    }

    /// The trace to which belongs whatever becomes of it.
    var trace: TraceContext? {
        if let order { return order.trace }
        return switch content {
        case .command(let command): command.trace
        case .rejected(_, let rejection): rejection.trace
        case .stray, .restored: nil
        }
    }

    /// A job for what the ledger says is open; nil for a claim, and for an order that it does not
    /// tell any more.
    convenience init?(_ record: LedgerRecord) {
        switch record {
        case .claim: return nil
        case .intent(let intent):
            self.init(OrderSummary(intent))
            attempt = intent.attempt
            decision = intent.decision
        case .outcome(let outcome):
            guard let summary = OrderSummary(outcome) else { return nil }
            self.init(summary)
            attempt = outcome.attempt
            evidence = outcome.evidence ?? Evidence()
            decision = outcome.decision
            event = outcome.event
        }
    }

    /// Notes how a transmission ended that may have arrived: `timeout …, at TIME`.
    func note(_ error: AspaydsError, at now: Int64) {
        doubt = error
        evidence = Evidence(transmission: "\(error), at \(RFC3339.format(now))")
    }

    /// Notes what a lookup found; nil when it found nothing out.
    func note(lookup finding: Finding?, at now: Int64) {
        evidence.lastLookupAt = now
        evidence.lastAnswer =
            switch finding {
            case .absent: .absent
            case .mismatch: .mismatch
            default: Evidence.Answer.none
            }
    }
}

extension Job.Finding {
    /// What the finding of a lookup means for the engine.
    var sighting: Sighting? {
        switch self {
        case .sighting: .found
        case .mismatch: .mismatch
        case .absent: .absent
        case .receipt, .failure, .methods, .commandGone: nil
        }
    }

    /// When it was paid or processed, as the provider said it.
    var settledAt: String? { if case .sighting(let state) = self { state.settledAt } else { nil } }
}

extension ProviderState {
    /// How far it is, by the documented words; payments have "paid", and "completed" in webhooks.
    func status(_ domain: Domain) -> ProviderStatus {
        switch (domain, status) {
        case (_, "pending"): .pending
        case (.payment, "paid"), (_, "completed"): .completed
        case (.payout, "processing"): .processing
        case (.payout, "rejected"): .rejected
        case (_, "cancelled"): .cancelled
        default: .other(LedgerIndex.hash(of: status))
        }
    }

    func isCompleted(_ domain: Domain) -> Bool { status(domain) == .completed }
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
    var recipientName: String?
    var account: String?
    var settledAt: String?
}

extension Receipt {
    /// What the record of somebody else tells of a success.
    init(_ outcome: LedgerRecord.Outcome) {
        self.init(
            providerID: outcome.providerID ?? outcome.event?.providerID ?? "",
            paymentURL: outcome.event?.paymentURL,
            fee: outcome.event?.fee,
            totalAmount: outcome.event?.totalAmount
        )
    }
}

extension ProviderState {
    init(_ status: PaymentStatus) {
        self.init(
            providerID: status.invoiceID,
            reference: status.transactionReference,
            status: status.status,
            amount: status.amount,
            amountPaid: status.amountPaid,
            currency: status.currency,
            settledAt: status.paidAt
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
            recipientName: status.recipientName,
            account: status.recipientAccount,
            settledAt: status.processedAt
        )
    }
}

/// The part of an order by which it is known again.
struct OrderSummary: Sendable {
    var reference: String
    var amount: Amount
    var currency: String?
    var payoutMethodID: Int64?
    var recipientName: String?
    var maskedAccount: String?
    var fingerprint: Contract.Fingerprint
    var notAfter: Int64?
    var command: Event.Origin
    /// The trace to which belongs whatever becomes of it.
    var trace: TraceContext?

    /// The field in which what the provider has differs from the order, if one does.
    ///
    /// What either of the two does not say is no difference: an order known from the ledger alone
    /// has no name and only the end of an account.
    func difference(from state: ProviderState) -> String? {
        if let reference = state.reference,
            Reference.uppercased(reference) != Reference.uppercased(self.reference)
        {
            return Reference.field
        }
        if let amount = state.amount, amount != self.amount { return "amount" }
        if let currency, let other = state.currency, currency != other { return "currency" }
        if let account = state.account, let own = maskedAccount, masked(account: account) != own {
            return "recipient_account"
        }
        if let recipientName, let other = state.recipientName, !isSameName(recipientName, other) {
            return "recipient_name"
        }
        return nil
    }
}

/// White space around a name, its amount within, and case do not count: what is stored is tidied up.
private func isSameName(_ left: String, _ right: String) -> Bool {
    func tidy(_ name: String) -> [String] {
        name.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
    }
    return tidy(left) == tidy(right)
}

extension Job {
    /// The event already made for a ledger record, if it was.
    func event(of write: LedgerWrite) -> Event? {
        guard let event, event.attempt == write.attempt, event.sequence == Int64(write.sequence),
            event.kind == Event.Kind(write.state, event.domain)
        else { return nil }
        return event
    }

    /// The operator's decision that a ledger record follows, if it follows one.
    func decision(of write: LedgerWrite) -> Decision? {
        [decision, lateAcceptance?.decision].compactMap(\.self)
            .first { $0.number == write.decision }
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
                recipientName: payout.order.recipientName,
                maskedAccount: masked(account: payout.order.recipientAccount),
                fingerprint: Contract.Fingerprint(payout),
                notAfter: payout.notAfter,
                command: origin
            )
        case .checkPayment, .checkPayout, .payoutMethods: return nil
        }
        trace = command.trace
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
            command: intent.command,
            trace: intent.order.trace
        )
    }

    /// What an outcome tells of its order; nil when it tells no amount.
    init?(_ outcome: LedgerRecord.Outcome) {
        guard let amount = outcome.order?.amount ?? outcome.event?.amount else { return nil }
        self.init(
            reference: outcome.reference,
            amount: amount,
            currency: outcome.order?.currency ?? outcome.event?.currency,
            payoutMethodID: outcome.order?.payoutMethodID,
            maskedAccount: outcome.order?.maskedAccount,
            fingerprint: outcome.fingerprint,
            notAfter: outcome.order?.notAfter,
            command: outcome.command,
            trace: outcome.order?.trace ?? outcome.event?.trace
        )
    }

    /// What the ledger keeps of it.
    var details: OrderDetails {
        OrderDetails(
            amount: amount,
            currency: currency,
            payoutMethodID: payoutMethodID,
            recipientAccount: maskedAccount,
            notAfter: notAfter,
            trace: trace
        )
    }
}

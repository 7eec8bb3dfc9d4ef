/// An invoice that was created.
public struct Invoice: Hashable, Sendable {
    /// The provider's id.
    public let invoiceID: String
    /// Where the customer pays.
    public let paymentURL: String?

    /// An answer with these fields.
    public init(
        invoiceID: String,
        paymentURL: String? = nil
    ) {
        self.invoiceID = invoiceID
        self.paymentURL = paymentURL
    }
}

/// A payout that was accepted; its state is never taken from this answer.
public struct PayoutReceipt: Hashable, Sendable {
    /// The provider's id.
    public let payoutID: String
    /// The provider's fee.
    public let fee: Amount?
    /// What the payout costs in all.
    public let totalAmount: Amount?

    /// An answer with these fields.
    public init(
        payoutID: String,
        fee: Amount? = nil,
        totalAmount: Amount? = nil
    ) {
        self.payoutID = payoutID
        self.fee = fee
        self.totalAmount = totalAmount
    }
}

/// The state of an invoice, as the provider tells it.
public struct PaymentStatus: Hashable, Sendable {
    /// The provider's id.
    public let invoiceID: String?
    /// The merchant's reference.
    public let transactionReference: String?
    /// The state, as it came.
    public let status: String
    /// What was asked.
    public let amount: Amount?
    /// What was paid.
    public let amountPaid: Amount?
    /// When it was paid, as it came.
    public let paidAt: String?
    /// The currency.
    public let currency: String?

    /// An answer with these fields.
    public init(
        invoiceID: String? = nil,
        transactionReference: String? = nil,
        status: String,
        amount: Amount? = nil,
        amountPaid: Amount? = nil,
        paidAt: String? = nil,
        currency: String? = nil
    ) {
        self.invoiceID = invoiceID
        self.transactionReference = transactionReference
        self.status = status
        self.amount = amount
        self.amountPaid = amountPaid
        self.paidAt = paidAt
        self.currency = currency
    }
}

/// The state of a payout, as the provider tells it.
public struct PayoutStatus: Hashable, Sendable {
    /// The provider's id.
    public let payoutID: String?
    /// The merchant's reference.
    public let transactionReference: String?
    /// The state, as it came.
    public let status: String
    /// What the recipient receives.
    public let amount: Amount?
    /// The provider's fee.
    public let fee: Amount?
    /// What the payout costs in all.
    public let totalAmount: Amount?
    /// The recipient's name.
    public let recipientName: String?
    /// The recipient's account, unmasked.
    public let recipientAccount: String?
    /// When it was processed, as it came.
    public let processedAt: String?
    /// When it was requested, as it came.
    public let createdAt: String?

    /// An answer with these fields.
    public init(
        payoutID: String? = nil,
        transactionReference: String? = nil,
        status: String,
        amount: Amount? = nil,
        fee: Amount? = nil,
        totalAmount: Amount? = nil,
        recipientName: String? = nil,
        recipientAccount: String? = nil,
        processedAt: String? = nil,
        createdAt: String? = nil
    ) {
        self.payoutID = payoutID
        self.transactionReference = transactionReference
        self.status = status
        self.amount = amount
        self.fee = fee
        self.totalAmount = totalAmount
        self.recipientName = recipientName
        self.recipientAccount = recipientAccount
        self.processedAt = processedAt
        self.createdAt = createdAt
    }
}

/// A way to pay out that is configured in the store.
public struct PayoutMethod: Hashable, Sendable {
    /// The id that a payout names.
    public let id: Int64
    /// Its name.
    public let name: String
    /// Such as `mobile_banking`.
    public let type: String?
    /// Such as `Personal`.
    public let accountType: String?
    /// The currency.
    public let currency: String?
    /// The smallest payout.
    public let minAmount: Amount?
    /// The largest payout.
    public let maxAmount: Amount?
    /// A picture.
    public let logo: String?

    /// An answer with these fields.
    public init(
        id: Int64,
        name: String,
        type: String? = nil,
        accountType: String? = nil,
        currency: String? = nil,
        minAmount: Amount? = nil,
        maxAmount: Amount? = nil,
        logo: String? = nil
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.accountType = accountType
        self.currency = currency
        self.minAmount = minAmount
        self.maxAmount = maxAmount
        self.logo = logo
    }
}

/// The answer to a batch of look-ups.
public struct StatusBatch<Status: Hashable & Sendable>: Hashable, Sendable {
    /// What was found.
    public let found: [Status]
    /// What the provider says it does not have; an id in neither list is simply not known.
    public let notFound: [String]
    /// How many entries could not be read; they are in neither list.
    public let unreadable: Int

    /// An answer with these fields.
    public init(
        found: [Status],
        notFound: [String],
        unreadable: Int
    ) {
        self.found = found
        self.notFound = notFound
        self.unreadable = unreadable
    }
}

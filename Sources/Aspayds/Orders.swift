import JSON

/// An invoice to be created (`POST /payment/create`).
public struct PaymentOrder: Hashable, Sendable {
    /// The merchant's reference, at most 20 characters.
    public var transactionReference: String
    /// What the customer is to pay.
    public var amount: Amount
    /// The customer's full name, at most 255 characters.
    public var customerName: String
    /// Where the customer is sent, and the webhook goes, after the payment.
    public var callbackURL: String

    /// An order of an invoice.
    public init(
        transactionReference: String,
        amount: Amount,
        customerName: String,
        callbackURL: String
    ) {
        self.transactionReference = transactionReference
        self.amount = amount
        self.customerName = customerName
        self.callbackURL = callbackURL
    }
}

/// A payout to be requested (`POST /payout/request`).
public struct PayoutOrder: Hashable, Sendable {
    /// The merchant's reference, at most 50 characters.
    public var transactionReference: String
    /// The id of a method of `GET /payout/methods`.
    public var payoutMethodID: Int64
    /// What the recipient is to receive.
    public var amount: Amount
    /// The recipient's full name.
    public var recipientName: String
    /// The recipient's account or mobile number.
    public var recipientAccount: String
    /// A note.
    public var description: String?
    /// Where webhooks go.
    public var callbackURL: String?

    /// An order of a payout.
    public init(
        transactionReference: String,
        payoutMethodID: Int64,
        amount: Amount,
        recipientName: String,
        recipientAccount: String,
        description: String? = nil,
        callbackURL: String? = nil
    ) {
        self.transactionReference = transactionReference
        self.payoutMethodID = payoutMethodID
        self.amount = amount
        self.recipientName = recipientName
        self.recipientAccount = recipientAccount
        self.description = description
        self.callbackURL = callbackURL
    }
}

/// What the classification needs to know of an order.
protocol Order: Sendable {
    /// The documented fields of the request, in the documented order.
    static var fields: [String] { get }

    /// The documented request.
    var body: [UInt8] { get }

    /// Whether a field of an answer says what the order says; nil for a field that it does not have.
    func agrees(_ field: String, _ value: JSONValue) -> Bool?

    /// What must not appear in a message as it is.
    var accounts: [String] { get }
}

/// The name of the field that identifies a transaction.
let referenceField = "transaction_reference"

extension PaymentOrder: Order {
    static let fields = ["amount", "customer_name", referenceField, "callback_url"]

    var accounts: [String] { [] }

    var body: [UInt8] {
        JSONWriter.object { w in
            w.field("amount", raw: amount.description)
            w.field("customer_name", customerName)
            w.field(referenceField, transactionReference)
            w.field("callback_url", callbackURL)
        }
    }

    func agrees(_ field: String, _ value: JSONValue) -> Bool? {
        switch field {
        case "amount": value.equals(amount)
        case "customer_name": value.text == customerName
        case referenceField: value.isReference(transactionReference)
        case "callback_url": value.text == callbackURL
        default: nil
        }
    }
}

extension PayoutOrder: Order {
    static let fields = [
        "payout_method_id", "amount", "recipient_name", "recipient_account", referenceField,
        "description", "callback_url",
    ]

    var accounts: [String] { [recipientAccount] }

    var body: [UInt8] {
        JSONWriter.object { w in
            w.field("payout_method_id", payoutMethodID)
            w.field("amount", raw: amount.description)
            w.field("recipient_name", recipientName)
            w.field("recipient_account", recipientAccount)
            w.field(referenceField, transactionReference)
            w.field("description", description)
            w.field("callback_url", callbackURL)
        }
    }

    func agrees(_ field: String, _ value: JSONValue) -> Bool? {
        switch field {
        case "payout_method_id": value.scalarText == String(payoutMethodID)
        case "amount": value.equals(amount)
        case "recipient_name": value.text == recipientName
        case "recipient_account": value.scalarText == recipientAccount
        case referenceField: value.isReference(transactionReference)
        case "description": value.text == description
        case "callback_url": value.text == callbackURL
        default: nil
        }
    }
}

extension JSONValue {
    /// A string, or a number as it was written.
    var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    fileprivate func equals(_ amount: Amount) -> Bool {
        (try? Amount(self, fractionDigits: 3)) == amount
    }

    fileprivate func isReference(_ reference: String) -> Bool {
        scalarText.map { sameReference($0, reference) } ?? false
    }
}

/// References are compared without regard to case: the provider's database may do so.
func sameReference(_ left: String, _ right: String) -> Bool {
    left.utf8.lazy.map(\.asciiUppercased).elementsEqual(right.utf8.lazy.map(\.asciiUppercased))
}

extension UInt8 {
    /// The byte, upper case where it is a letter of ASCII.
    package var asciiUppercased: UInt8 {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= self ? self & 0xDF : self
    }
}

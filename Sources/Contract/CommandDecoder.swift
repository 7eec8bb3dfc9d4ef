import Aspayds
import JSON

/// Reads commands off a topic: every record is a valid command or a rejection with its reason.
package struct CommandDecoder: Sendable {
    /// The domain of the topic.
    package let domain: Domain
    /// Makes the address for callbacks where a command names none; nil where we serve none.
    package let callback: CallbackAddress?

    /// The longest value.
    package static let longestValue = 64 * 1024

    package init(domain: Domain, callback: CallbackAddress? = nil) {
        self.domain = domain
        self.callback = callback
    }

    /// The command in a record that was read at `source`.
    ///
    /// A command that was forwarded to its home partition is known by the place where it was read
    /// first.
    package func decode(
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: [(name: String, value: [UInt8]?)],
        source: CommandSource
    ) -> Result<Command, Rejection> {
        let source = Forward.origin(headers, readAt: source)
        let headers = CommandHeaders(headers)
        var envelope = Envelope(id: headers.id, trace: headers.trace)
        do throws(Problem) {
            guard (value?.count ?? 0) <= Self.longestValue else {
                throw Problem(
                    .tooLarge,
                    nil,
                    "the value has \(value?.count ?? 0) bytes, at most \(Self.longestValue)"
                )
            }
            try envelope.read(value, headers)
            if let problem = headers.problem { throw problem }
            let body = try body(envelope)
            let command = Command(
                id: envelope.id ?? source.description,
                source: source,
                body: body,
                trace: envelope.trace,
                trigger: headers.trigger
            )
            try check(key, command.reference)
            return .success(command)
        } catch {
            if error.code == .duplicateKey {
                // Not to be carried out, but perhaps to be answered.
                try? envelope.read(value, headers, duplicates: .keep)
            }
            return .failure(
                Rejection(
                    code: error.code,
                    message: error.message,
                    field: error.field,
                    reference: envelope.data.flatMap(readableReference),
                    commandID: envelope.id ?? source.description,
                    source: source,
                    trace: envelope.trace
                )
            )
        }
    }

    /// The one valid reference in a value, whatever else may be wrong with it.
    private func readableReference(_ data: JSONObject) -> String? {
        let values = data.all(Reference.field)
        guard values.count == 1, let text = values[0].text, Reference.isValid(text, domain) else {
            return nil
        }
        return text
    }

    private func check(
        _ key: UnsafeRawBufferPointer?,
        _ reference: String?
    ) throws(Problem) {
        guard let key, !key.isEmpty, let reference, !Reference.isKey(key, reference) else { return }
        let shown = Problem.shown(String(decoding: key.prefix(256), as: UTF8.self))
        throw Problem(
            .keyMismatch,
            Reference.field,
            "the record's key \"\(shown)\" is not the reference \"\(reference)\""
        )
    }

    private func body(_ envelope: Envelope) throws(Problem) -> Command.Body {
        let first = domain == .payment ? "create" : "request"
        let type = envelope.type ?? domain.typePrefix + first
        if type == Domain.payout.typePrefix + "methods", domain == .payout {
            try CommandFields(object: envelope.data ?? JSONObject([])).allow([])
            return .payoutMethods
        }
        guard let data = envelope.data else {
            throw Problem(.notJSON, nil, "the record has no value")
        }
        let fields = CommandFields(object: data)
        switch (domain, type) {
        case (.payment, "aspayds.payment.create"): return .createPayment(try payment(fields))
        case (.payout, "aspayds.payout.request"): return .requestPayout(try payout(fields))
        case (.payment, "aspayds.payment.check"): return .checkPayment(try subject(fields))
        case (.payout, "aspayds.payout.check"): return .checkPayout(try subject(fields))
        default: throw unknown(type)
        }
    }

    private func unknown(_ type: String) -> Problem {
        let shown = Problem.shown(type)
        if type.hasPrefix(domain.other.typePrefix) {
            return Problem(
                .wrongTopic,
                "ce_type",
                "\(shown): belongs on the topic \(domain.other.rawValue).commands"
            )
        }
        let names = domain == .payment ? ["create", "check"] : ["request", "check", "methods"]
        let known = names.map { domain.typePrefix + $0 }.joined(separator: ", ")
        return Problem(.unknownType, "ce_type", "\(shown): no such command; there are \(known)")
    }

    private func subject(_ fields: CommandFields) throws(Problem) -> Command.Subject {
        try fields.allow([Reference.field, domain.idField])
        return try fields.subject(domain)
    }

    private static let paymentFields = [
        Reference.field, "amount", "customer_name", "callback_url", "return_url", "currency",
        "not_after",
    ]

    private func payment(_ fields: CommandFields) throws(Problem) -> PaymentCommand {
        try fields.allow(Self.paymentFields)
        let reference = try fields.reference(.payment)
        let currency = try fields.currency()
        let amount = try fields.amount(currency: currency)
        let name = try fields.personal("customer_name")
        return PaymentCommand(
            order: PaymentOrder(
                transactionReference: reference,
                amount: amount,
                customerName: name,
                callbackURL: try address(fields, reference)
            ),
            currency: currency,
            notAfter: try fields.notAfter()
        )
    }

    /// Where the provider calls back: ours, which says where the customer is sent from there, unless
    /// the command names its own.
    private func address(
        _ fields: CommandFields,
        _ reference: String
    ) throws(Problem) -> String {
        let own = try fields.url("callback_url")
        let returnURL = try fields.url("return_url")
        guard let callback else {
            guard let own else {
                throw Problem(
                    .missingField,
                    "callback_url",
                    "callback_url is missing, and ASPAYDS_PUBLIC_URL is not set to provide one"
                )
            }
            guard returnURL == nil else {
                throw Problem(
                    .notConfigured,
                    "return_url",
                    "return_url: needs the webhook receiver; set ASPAYDS_PUBLIC_URL"
                )
            }
            return own
        }
        guard let address = own ?? callback.address(.payment, reference, returnURL: returnURL)
        else {
            throw Problem(
                .invalidField,
                "return_url",
                "return_url: too long; the callback address that carries it must not exceed "
                    + "\(WebAddress.longest) characters"
            )
        }
        return address
    }

    private static let payoutFields = [
        Reference.field, "payout_method_id", "amount", "recipient_name", "recipient_account",
        "description", "callback_url", "currency", "not_after",
    ]

    private func payout(_ fields: CommandFields) throws(Problem) -> PayoutCommand {
        try fields.allow(Self.payoutFields)
        let reference = try fields.reference(.payout)
        let currency = try fields.currency()
        let order = PayoutOrder(
            transactionReference: reference,
            payoutMethodID: try fields.methodID(),
            amount: try fields.amount(currency: currency),
            recipientName: try fields.personal("recipient_name"),
            recipientAccount: try fields.personal("recipient_account"),
            description: try fields.optionalPersonal("description", atMost: 1000),
            callbackURL: try fields.url("callback_url")
                ?? callback?.address(.payout, reference, returnURL: nil)
        )
        return PayoutCommand(order: order, currency: currency, notAfter: try fields.notAfter())
    }
}

/// A create request that passed the documented checks.
struct Order: Sendable {
    let reference: String
    var amount: Money
    let details: Record.Details

    /// Reads and checks the body of `POST /payment/create` or `POST /payout/request`.
    static func read(_ body: JSON, _ domain: Domain) -> Result<Order, Refusal> {
        var form = Form(body)
        let order = domain == .payment ? payment(&form) : payout(&form)
        guard let order, form.problems.isEmpty else { return .failure(Refusal(form.problems)) }
        return .success(order)
    }

    /// Why a request is refused.
    struct Refusal: Error {
        let problems: [Problem]

        init(_ problems: [Problem]) {
            self.problems = problems
        }
    }

    private static func payment(_ form: inout Form) -> Order? {
        let amount = form.amount("amount")
        let name = form.text("customer_name", max: 255)
        let reference = form.text("transaction_reference", max: 20)
        let callback = form.text("callback_url", max: 2_048)
        guard let amount, let name, let reference, let callback else { return nil }
        return Order(
            reference: reference,
            amount: amount,
            details: .payment(customerName: name, callbackURL: callback)
        )
    }

    private static func payout(_ form: inout Form) -> Order? {
        let method = form.method("payout_method_id")
        let amount = form.amount("amount", within: method)
        let name = form.text("recipient_name", max: 255)
        let account = form.text("recipient_account", max: 255)
        let reference = form.text("transaction_reference", max: 50)
        let description = form.optionalText("description", max: 1_000)
        let callback = form.optionalText("callback_url", max: 2_048)
        guard let method, let amount, let name, let account, let reference else { return nil }
        return Order(
            reference: reference,
            amount: amount,
            details: .payout(
                .init(
                    methodID: method.id,
                    name: name,
                    account: account,
                    description: description,
                    callbackURL: callback
                )
            )
        )
    }
}

/// Reads fields and collects what is wrong with them, in the words of Laravel's validator.
struct Form {
    private let body: JSON
    private(set) var problems: [Problem] = []

    init(_ body: JSON) {
        self.body = body
    }

    private mutating func complain(_ field: String, _ rest: String) {
        problems.append(
            Problem(field, "The \(field.replacing("_", with: " ")) field \(rest)")
        )
    }

    /// The value, or nil (and a complaint) when it is absent, null or blank.
    private mutating func required(_ field: String) -> JSON? {
        switch body[field] {
        case nil, .null: break
        case .string(let text) where text.allSatisfy(\.isWhitespace): break
        case .some(let value): return value
        }
        complain(field, "is required.")
        return nil
    }

    mutating func text(_ field: String, max: Int) -> String? {
        guard let value = required(field) else { return nil }
        guard let text = value.text else {
            complain(field, "must be a string.")
            return nil
        }
        // Characters as PHP's mb_strlen counts them.
        guard text.unicodeScalars.count <= max else {
            complain(field, "must not be greater than \(max) characters.")
            return nil
        }
        return text
    }

    mutating func optionalText(_ field: String, max: Int) -> String? {
        switch body[field] {
        case nil, .null: nil
        default: text(field, max: max)
        }
    }

    mutating func amount(_ field: String, within method: PayoutMethod? = nil) -> Money? {
        guard let value = required(field) else { return nil }
        let money: Money? =
            switch value {
            case .number(let text), .string(let text): Money(text)
            default: nil
            }
        guard let money else {
            let sign = if case .number(let text) = value { text.hasPrefix("-") } else { false }
            complain(field, sign ? "must be greater than 0." : "must be a number.")
            return nil
        }
        guard money > .zero else {
            complain(field, "must be greater than 0.")
            return nil
        }
        guard let method else { return money }
        if money < Money(method.minAmount) {
            complain(field, "must be at least \(method.minAmount).")
        } else if money > Money(method.maxAmount) {
            complain(field, "must not be greater than \(method.maxAmount).")
        }
        return money
    }

    mutating func method(_ field: String) -> PayoutMethod? {
        guard let value = required(field) else { return nil }
        guard let id = value.integer ?? value.text.flatMap({ Int($0) }) else {
            complain(field, "must be an integer.")
            return nil
        }
        guard let method = PayoutMethod.all.first(where: { $0.id == id }) else {
            let name = field.replacing("_", with: " ")
            problems.append(Problem(field, "The selected \(name) is invalid."))
            return nil
        }
        return method
    }
}

import JSON

/// What an answer means: pure functions of the answer, the order and the time.
///
/// This is the table "Outcomes of a transmission" of the design. Whatever is not known to be a
/// success or a refusal is in doubt.
struct Classification: Sendable {
    /// A whole answer.
    struct Answer: Sendable {
        var status: Int
        var retryAfter: String?
        var body: [UInt8]
    }

    /// Makes the provider's words fit to be published.
    var cleaner = MessageCleaner()
    /// The wall clock, for a Retry-After that is a date.
    var now: Int64 = 0

    /// The meaning of an answer to `POST /payment/create`.
    func invoice(_ answer: Answer, for order: PaymentOrder) -> Result<Invoice, AspaydsError> {
        created(answer, for: order, id: "invoice_id") { id, fields throws(Unreadable) in
            Invoice(invoiceID: id, paymentURL: try fields.text("payment_url", atMost: 8192))
        }
    }

    /// The meaning of an answer to `POST /payout/request`.
    func receipt(_ answer: Answer, for order: PayoutOrder) -> Result<PayoutReceipt, AspaydsError> {
        created(answer, for: order, id: "payout_id") { id, fields throws(Unreadable) in
            PayoutReceipt(
                payoutID: id,
                fee: try fields.amount("fee"),
                totalAmount: try fields.amount("total_amount")
            )
        }
    }

    /// The meaning of an answer to a read.
    func read<Value>(
        _ answer: Answer,
        _ decode: (AnswerFields) throws(Unreadable) -> Value
    ) -> Result<Value, AspaydsError> {
        guard 200...299 ~= answer.status else {
            return .failure(failure(answer, fields: try? AnswerFields(body: answer.body)))
        }
        do throws(Unreadable) {
            return .success(try decode(try AnswerFields(body: answer.body)))
        } catch {
            return .failure(self.error(.malformedAnswer, answer, message: error.what))
        }
    }

    /// A success has an id, says so first, and contradicts the order in nothing.
    private func created<Value, SomeOrder: Order>(
        _ answer: Answer,
        for order: SomeOrder,
        id idField: String,
        _ decode: (String, AnswerFields) throws(Unreadable) -> Value
    ) -> Result<Value, AspaydsError> {
        var classification = self
        classification.cleaner.accounts += order.accounts
        return classification.created(answer, order, idField, decode)
    }

    private func created<Value, SomeOrder: Order>(
        _ answer: Answer,
        _ order: SomeOrder,
        _ idField: String,
        _ decode: (String, AnswerFields) throws(Unreadable) -> Value
    ) -> Result<Value, AspaydsError> {
        let fields: AnswerFields
        do throws(Unreadable) {
            fields = try AnswerFields(body: answer.body)
        } catch {
            let isSuccess = 200...299 ~= answer.status
            return .failure(
                isSuccess
                    ? self.error(.malformedAnswer, answer, message: error.what)
                    : failure(answer, fields: nil)
            )
        }
        guard 200...299 ~= answer.status else {
            let refused = refusal(answer, fields, of: SomeOrder.self)
            return .failure(refused ?? failure(answer, fields: fields))
        }
        guard fields.object["status"]?.text == "success" else {
            return .failure(self.error(.contradiction, answer, fields, field: "status"))
        }
        for (name, value) in fields.object.members
        where !value.isNull && order.agrees(name, value) == false {
            let message = "the answer differs from the order"
            return .failure(
                self.error(.contradiction, answer, field: name, message: message)
            )
        }
        do throws(Unreadable) {
            guard let id = try fields.text(idField), Self.isID(id) else {
                return .failure(self.error(.contradiction, answer, fields, field: idField))
            }
            return .success(try decode(id, fields))
        } catch {
            return .failure(self.error(.malformedAnswer, answer, message: error.what))
        }
    }

    /// An id goes into addresses, keys and headers: printable ASCII without spaces.
    private static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    /// The meaning of every status but a success and an attributable refusal.
    private func failure(_ answer: Answer, fields: AnswerFields?) -> AspaydsError {
        let code: AspaydsError.Code =
            switch answer.status {
            case 300...399: .redirected
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 409: .referenceTaken
            case 429: .rateLimited
            case 500...599: .serverError
            default: .unexpectedStatus
            }
        return error(code, answer, fields)
    }

    private func refusal(
        _ answer: Answer,
        _ fields: AnswerFields,
        of order: (some Order).Type
    ) -> AspaydsError? {
        guard answer.status == 400 || answer.status == 422 else { return nil }
        switch Refusal(fields, fields: order.fields) {
        case .validation(let field): return error(.validation, answer, fields, field: field)
        case .mayBeTaken(let field): return error(.referenceTaken, answer, fields, field: field)
        case .unattributable: return error(.unexpectedStatus, answer, fields)
        }
    }

    private func error(
        _ code: AspaydsError.Code,
        _ answer: Answer,
        _ fields: AnswerFields? = nil,
        field: String? = nil,
        message: String? = nil
    ) -> AspaydsError {
        let words = message ?? fields?.value("message")?.text ?? fields?.value("error")?.text
        return AspaydsError(
            code: code,
            httpStatus: answer.status,
            field: field,
            message: words.flatMap(cleaner.clean),
            retryAfter: answer.retryAfter.flatMap { RetryAfter.parse($0, now: now) }
        )
    }
}

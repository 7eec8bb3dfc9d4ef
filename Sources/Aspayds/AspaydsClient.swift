import JSON

/// The aspayds API, every endpoint typed.
///
/// A call transmits at most once: nothing is retried, no redirect is followed. Its error says what is
/// known of the order afterwards (``AspaydsError/Certainty``).
public struct AspaydsClient: Sendable {
    /// The most ids that one batch may ask for.
    public static let largestBatch = 100

    let baseURL: String
    let credentials: Credentials
    let transport: any Transport
    let requestTimeout: Duration
    let maxAnswerBytes: Int

    /// A client of the store that the credentials belong to.
    public init(
        baseURL: String = "https://payment.aspayds.net/api",
        credentials: Credentials,
        transport: any Transport,
        requestTimeout: Duration = .seconds(30),
        maxAnswerBytes: Int = 1 << 20
    ) {
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.credentials = credentials
        self.transport = transport
        self.requestTimeout = requestTimeout
        self.maxAnswerBytes = maxAnswerBytes
    }

    // MARK: Payments

    /// Creates an invoice.
    ///
    /// `mayTransmit` is asked at the last moment before the order is handed over.
    public func createPayment(
        _ order: PaymentOrder,
        mayTransmit: @escaping @Sendable () -> Bool = { true }
    ) async throws(AspaydsError) -> Invoice {
        let answer = try await post("/payment/create", order.body, mayTransmit)
        return try classification().invoice(answer, for: order).get()
    }

    /// The state of one payment, by invoice id or reference.
    public func payment(_ id: String) async throws(AspaydsError) -> PaymentStatus {
        guard let segment = Self.pathSegment(id) else {
            return try Self.only(try await paymentStatuses([id]))
        }
        let answer = try await get("/payment/" + segment, as: "/payment/{id}")
        return try checked(answer, id, PaymentStatus.init) {
            ($0.invoiceID, $0.transactionReference)
        }
    }

    /// The states of up to 100 payments, by invoice id or reference.
    public func paymentStatuses(
        _ ids: [String]
    ) async throws(AspaydsError) -> StatusBatch<PaymentStatus> {
        try await batch("/payment/batch/status", ids, in: "invoices", PaymentStatus.init)
    }

    // MARK: Payouts

    /// The payout methods of the store; a harmless read that also proves the credentials.
    public func payoutMethods() async throws(AspaydsError) -> [PayoutMethod] {
        let answer = try await get("/payout/methods")
        return try classification().read(answer) { fields throws(Unreadable) in
            try fields.requireSuccess()
            guard let data = try fields.array("data") else {
                throw Unreadable(what: "data is missing")
            }
            var methods: [PayoutMethod] = []
            for element in data { methods.append(try PayoutMethod(AnswerFields(element))) }
            return methods
        }.get()
    }

    /// Requests a payout.
    ///
    /// `mayTransmit` is asked at the last moment before the order is handed over.
    public func requestPayout(
        _ order: PayoutOrder,
        mayTransmit: @escaping @Sendable () -> Bool = { true }
    ) async throws(AspaydsError) -> PayoutReceipt {
        let answer = try await post("/payout/request", order.body, mayTransmit)
        return try classification().receipt(answer, for: order).get()
    }

    /// The state of one payout, by payout id or reference.
    public func payout(_ id: String) async throws(AspaydsError) -> PayoutStatus {
        // A payout with the reference "methods" has an address that means something else.
        guard let segment = Self.pathSegment(id), !sameReference(id, "methods") else {
            return try Self.only(try await payoutStatuses([id]))
        }
        let answer = try await get("/payout/" + segment, as: "/payout/{id}")
        return try checked(answer, id, PayoutStatus.init) { ($0.payoutID, $0.transactionReference) }
    }

    /// The states of up to 100 payouts, by payout id or reference.
    public func payoutStatuses(
        _ ids: [String]
    ) async throws(AspaydsError) -> StatusBatch<PayoutStatus> {
        try await batch("/payout/batch/status", ids, in: "payouts", PayoutStatus.init)
    }
}

// MARK: - Answers to reads

extension AspaydsClient {
    /// An answer about another transaction than the one asked for is a contradiction.
    ///
    /// With one of the two names only, nothing can be said: the other may have been asked for.
    private func checked<Status>(
        _ answer: Classification.Answer,
        _ id: String,
        _ decode: (AnswerFields) throws(Unreadable) -> Status,
        names: (Status) -> (String?, String?)
    ) throws(AspaydsError) -> Status {
        let status = try classification().read(answer, decode).get()
        if case (let first?, let second?) = names(status), !sameReference(first, id),
            !sameReference(second, id)
        {
            throw AspaydsError(
                code: .contradiction,
                httpStatus: answer.status,
                message: "the answer is about another transaction"
            )
        }
        return status
    }

    private func batch<Status: Hashable & Sendable>(
        _ path: String,
        _ ids: [String],
        in list: String,
        _ decode: (AnswerFields) throws(Unreadable) -> Status
    ) async throws(AspaydsError) -> StatusBatch<Status> {
        guard !ids.isEmpty else { return StatusBatch(found: [], notFound: [], unreadable: 0) }
        guard ids.count <= Self.largestBatch else {
            throw AspaydsError(
                code: .invalidRequest,
                field: "ids",
                message: "at most \(Self.largestBatch) ids, not \(ids.count)"
            )
        }
        let body = JSONWriter.object { w in
            w.array("ids") { w in for id in ids { w.string(id) } }
        }
        let answer = try await post(path, body, nil)
        return try classification().read(answer) { fields throws(Unreadable) in
            try fields.requireSuccess()
            guard let entries = try fields.array(list) else {
                throw Unreadable(what: "\(list) is missing")
            }
            // One bad entry must not hide the other ninety-nine.
            let found = entries.compactMap { try? decode(AnswerFields($0)) }
            let notFound = try fields.array("not_found_ids") ?? []
            return StatusBatch(
                found: found,
                notFound: notFound.compactMap(\.scalarText),
                unreadable: entries.count - found.count
            )
        }.get()
    }

    private static func only<Status>(_ batch: StatusBatch<Status>) throws(AspaydsError) -> Status {
        guard let status = batch.found.first else {
            throw AspaydsError(code: batch.unreadable > 0 ? .malformedAnswer : .notFound)
        }
        return status
    }
}

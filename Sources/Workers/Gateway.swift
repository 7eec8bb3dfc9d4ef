import Aspayds
import Contract
import Engine

/// The provider as a worker of one domain sees it.
struct Gateway: Sendable {
    let domain: Domain
    let client: AspaydsClient
    let instruments: Instruments
    let spans: SpanMaker

    /// Transmits an order, once.
    func submit(
        _ command: Command,
        attempt: Int,
        mayTransmit: @escaping @Sendable () -> Bool
    ) async -> Result<Receipt, AspaydsError> {
        let subject = CollectionOfOne(Subject(command))
        do throws(AspaydsError) {
            switch command.body {
            case .createPayment(let payment):
                let invoice = try await request(.create, about: subject, attempt: attempt) {
                    () throws(AspaydsError) in
                    try await client.createPayment(payment.order, mayTransmit: mayTransmit)
                }
                return .success(
                    Receipt(providerID: invoice.invoiceID, paymentURL: invoice.paymentURL)
                )
            case .requestPayout(let payout):
                let receipt = try await request(.create, about: subject, attempt: attempt) {
                    () throws(AspaydsError) in
                    try await client.requestPayout(payout.order, mayTransmit: mayTransmit)
                }
                return .success(
                    Receipt(
                        providerID: receipt.payoutID,
                        fee: receipt.fee,
                        totalAmount: receipt.totalAmount
                    )
                )
            case .checkPayment, .checkPayout, .payoutMethods:
                return .failure(AspaydsError(code: .invalidRequest))
            }
        } catch {
            return .failure(error)
        }
    }

    /// Looks orders up by their references, in one request; what is not known is left out.
    func lookUp(
        _ orders: [RecordID: OrderSummary]
    ) async -> Result<[RecordID: Job.Finding], AspaydsError> {
        let ids = orders.values.map(\.reference)
        return await statuses(ids, about: orders.values.map(Subject.init)).map { batch in
            orders.compactMapValues { order in
                let reference = Reference.uppercased(order.reference)
                if let states = batch.byReference[reference] { return judge(order, states) }
                return batch.absent.contains(reference) ? .absent : nil
            }
        }
    }

    /// Asks for the states of references and ids, in one request.
    private func statuses(
        _ ids: [String],
        about subjects: [Subject]
    ) async -> Result<StatusTable, AspaydsError> {
        do throws(AspaydsError) {
            switch domain {
            case .payment:
                let batch = try await request(.batchStatus, about: subjects) {
                    () throws(AspaydsError) in
                    try await client.paymentStatuses(ids)
                }
                return .success(
                    StatusTable(batch.found.map(ProviderState.init), absent: batch.notFound)
                )
            case .payout:
                let batch = try await request(.batchStatus, about: subjects) {
                    () throws(AspaydsError) in
                    try await client.payoutStatuses(ids)
                }
                return .success(
                    StatusTable(batch.found.map(ProviderState.init), absent: batch.notFound)
                )
            }
        } catch {
            return .failure(error)
        }
    }

    /// Looks one order up by itself, and compares everything that the answer says of it: the last
    /// word before it is called accepted.
    func confirm(_ order: OrderSummary) async -> Result<Job.Finding, AspaydsError> {
        do throws(AspaydsError) {
            let state = try await status(of: order.reference, for: Subject(order))
            return .success(judge(order, [state]))
        } catch {
            switch error.code {
            case .notFound: return .success(.absent)
            // The answer is about another transaction.
            case .contradiction: return .success(.mismatch(field: Reference.field))
            default: return .failure(error)
            }
        }
    }

    /// Asks how far the provider is with what it has accepted, in one request.
    func follow(
        _ orders: [RecordID: OrderSummary]
    ) async -> Result<[RecordID: Job.Finding], AspaydsError> {
        await lookUp(orders).map { findings in
            findings.reduce(into: findings) { judged, found in
                let (id, finding) = found
                // An amount that the provider tells is the order's, or this is a mismatch already.
                guard case .sighting(let state) = finding, state.isCompleted(domain),
                    let paid = state.amountPaid, let asked = orders[id]?.amount, paid != asked
                else { return }
                judged[id] = .mismatch(field: "amount_paid")
            }
        }
    }

    /// Compares what the provider has with what was asked for.
    private func judge(_ order: OrderSummary, _ states: [ProviderState]) -> Job.Finding {
        // Two under one reference is for a person to sort out.
        guard let state = states.first, states.count == 1 else {
            return .mismatch(field: domain.idField)
        }
        if let field = order.difference(from: state) { return .mismatch(field: field) }
        return .sighting(state)
    }

    /// Asks what commands want to know, in one request: one by itself in full, many by their states.
    func ask(_ questions: [Ticket: Command]) async -> Result<[Ticket: Job.Finding], AspaydsError> {
        if questions.count == 1, let (ticket, command) = questions.first {
            return await ask(command).map { [ticket: $0] }
        }
        let subjects = questions.compactMapValues(\.subject)
        let ids = subjects.values.map(\.text)
        return await statuses(ids, about: questions.values.map(Subject.init)).map { batch in
            subjects.compactMapValues { batch.finding(of: $0) }
        }
    }

    private func ask(_ command: Command) async -> Result<Job.Finding, AspaydsError> {
        do throws(AspaydsError) {
            switch command.body {
            case .checkPayment(let subject), .checkPayout(let subject):
                let state = try await status(of: subject.text, for: Subject(command))
                return .success(.sighting(state))
            case .payoutMethods: return .success(.methods(try await methods(for: Subject(command))))
            case .createPayment, .requestPayout:
                return .failure(AspaydsError(code: .invalidRequest))
            }
        } catch {
            if error.code == .notFound { return .success(.absent) }
            // What the provider will not answer today it will not answer tomorrow.
            return error.isFinal ? .success(.failure(error)) : .failure(error)
        }
    }

    private func methods(for subject: Subject?) async throws(AspaydsError) -> [PayoutMethod] {
        try await request(.methods, about: subject.map { [$0] } ?? []) { () throws(AspaydsError) in
            try await client.payoutMethods()
        }
    }

    /// What the provider has under a reference or an id.
    private func status(
        of id: String,
        for subject: Subject
    ) async throws(AspaydsError) -> ProviderState {
        try await request(.status, about: CollectionOfOne(subject)) { () throws(AspaydsError) in
            switch domain {
            case .payment: ProviderState(try await client.payment(id))
            case .payout: ProviderState(try await client.payout(id))
            }
        }
    }

    /// What the harmless read told.
    struct Probe: Sendable {
        var result: ProbeResult
        var methods: PayoutMethods?
        var error: AspaydsError?
    }

    /// The harmless read: GET /payout/methods.
    func probe() async -> Probe {
        do throws(AspaydsError) {
            return Probe(result: .healthy, methods: PayoutMethods(try await methods(for: nil)))
        } catch {
            return Probe(result: error.probeResult, error: error)
        }
    }
}

/// What a request for many states told, by upper-cased references and ids.
private struct StatusTable {
    private(set) var byReference: [String: [ProviderState]] = [:]
    private var byID: [String: [ProviderState]] = [:]
    let absent: Set<String>

    init(_ states: [ProviderState], absent: [String]) {
        self.absent = Set(absent.map(Reference.uppercased))
        for state in states {
            if let reference = state.reference {
                byReference[Reference.uppercased(reference), default: []].append(state)
            }
            if let id = state.providerID {
                byID[Reference.uppercased(id), default: []].append(state)
            }
        }
    }

    /// What was told of a subject; nil where that is nothing, or not one thing.
    func finding(of subject: Command.Subject) -> Job.Finding? {
        let text = Reference.uppercased(subject.text)
        let states =
            switch subject {
            case .reference: byReference[text]
            case .id: byID[text]
            }
        guard let states else { return absent.contains(text) ? .absent : nil }
        return states.count == 1 ? .sighting(states[0]) : nil
    }
}

extension Command {
    /// What a check asks about.
    fileprivate var subject: Subject? {
        switch body {
        case .checkPayment(let subject), .checkPayout(let subject): subject
        case .createPayment, .requestPayout, .payoutMethods: nil
        }
    }
}

extension Command.Subject {
    /// The reference or the provider's id.
    var text: String {
        switch self {
        case .reference(let text), .id(let text): text
        }
    }
}

extension AspaydsError {
    /// Whether asking the same again would be answered the same.
    var isFinal: Bool {
        switch code {
        case .validation, .referenceTaken, .unexpectedStatus, .malformedAnswer, .contradiction,
            .redirected, .forbidden, .invalidRequest:
            true
        default: false
        }
    }

    /// What the error says of the provider, where the harmless read ended in it.
    fileprivate var probeResult: ProbeResult {
        switch code {
        case .unauthorized: .unauthorized
        case .forbidden, .notFound: .forbidden
        case .rateLimited: .healthy
        // Any other whole answer shows that the provider is there.
        default: httpStatus.map { $0 < 500 } == true ? .healthy : .failed
        }
    }

    /// What the error means for the order that was transmitted.
    var outcome: Outcome {
        switch code {
        case .validation: .refused
        case .notPermitted: .notSent(.notPermitted, retryAfter: nil)
        case .connectionFailed, .tlsFailed, .noConnection, .invalidRequest:
            .notSent(.noConnection, retryAfter: nil)
        case .rateLimited: .notSent(.rateLimited, retryAfter: retryAfter)
        case .unauthorized: .notSent(.unauthorized, retryAfter: nil)
        case .forbidden, .notFound: .unjudged
        case .timeout, .connectionLost, .serverError: .inDoubt(.providerFailed)
        case .redirected, .malformedAnswer, .contradiction, .referenceTaken, .unexpectedStatus:
            .inDoubt(.unclearAnswer)
        }
    }
}

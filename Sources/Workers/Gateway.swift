import Aspayds
import Contract
import Engine

/// The provider as a worker of one domain sees it.
struct Gateway: Sendable {
    let domain: Domain
    let client: AspaydsClient

    /// Transmits an order, once.
    func submit(
        _ command: Command,
        mayTransmit: @escaping @Sendable () -> Bool
    ) async -> Result<Receipt, AspaydsError> {
        do throws(AspaydsError) {
            switch command.body {
            case .createPayment(let payment):
                let invoice = try await client.createPayment(
                    payment.order,
                    mayTransmit: mayTransmit
                )
                return .success(
                    Receipt(providerID: invoice.invoiceID, paymentURL: invoice.paymentURL)
                )
            case .requestPayout(let payout):
                let receipt = try await client.requestPayout(
                    payout.order,
                    mayTransmit: mayTransmit
                )
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
        let references = orders.values.map(\.reference)
        do throws(AspaydsError) {
            switch domain {
            case .payment:
                let batch = try await client.paymentStatuses(references)
                return .success(
                    match(orders, batch.found.map(ProviderState.init), batch.notFound)
                )
            case .payout:
                let batch = try await client.payoutStatuses(references)
                return .success(
                    match(orders, batch.found.map(ProviderState.init), batch.notFound)
                )
            }
        } catch {
            return .failure(error)
        }
    }

    private func match(
        _ orders: [RecordID: OrderSummary],
        _ states: [ProviderState],
        _ notFound: [String]
    ) -> [RecordID: Job.Finding] {
        var found: [String: [ProviderState]] = [:]
        for state in states {
            guard let reference = state.reference else { continue }
            found[Reference.uppercased(reference), default: []].append(state)
        }
        let absent = Set(notFound.map(Reference.uppercased))
        return orders.compactMapValues { order in
            let reference = Reference.uppercased(order.reference)
            if let states = found[reference] { return judge(order, states) }
            return absent.contains(reference) ? .absent : nil
        }
    }

    /// Looks one order up by itself, and compares everything that the answer says of it: the last
    /// word before it is called accepted.
    func confirm(_ order: OrderSummary) async -> Result<Job.Finding, AspaydsError> {
        do throws(AspaydsError) {
            let state =
                switch domain {
                case .payment: ProviderState(try await client.payment(order.reference))
                case .payout: ProviderState(try await client.payout(order.reference))
                }
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
            findings.mapValues { finding in
                guard case .sighting(let state) = finding, let paid = state.amountPaid,
                    let asked = state.amount, paid != asked, state.isCompleted(domain)
                else { return finding }
                return .mismatch(field: "amount_paid")
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

    /// Asks what a check or methods command wants to know.
    func ask(_ command: Command) async -> Result<Job.Finding, AspaydsError> {
        do throws(AspaydsError) {
            switch command.body {
            case .checkPayment(let subject):
                return .success(.sighting(ProviderState(try await client.payment(subject.text))))
            case .checkPayout(let subject):
                return .success(.sighting(ProviderState(try await client.payout(subject.text))))
            case .payoutMethods: return .success(.methods(try await client.payoutMethods()))
            case .createPayment, .requestPayout:
                return .failure(AspaydsError(code: .invalidRequest))
            }
        } catch {
            if error.code == .notFound { return .success(.absent) }
            // What the provider will not answer today it will not answer tomorrow.
            return error.isFinal ? .success(.failure(error)) : .failure(error)
        }
    }

    /// The harmless read.
    func probe() async -> (ProbeResult, AspaydsError?) {
        do throws(AspaydsError) {
            _ = try await client.payoutMethods()
            return (.healthy, nil)
        } catch {
            switch error.code {
            case .unauthorized: return (.unauthorized, error)
            case .forbidden, .notFound: return (.forbidden, error)
            case .rateLimited: return (.healthy, error)
            default:
                // Any other whole answer shows that the provider is there.
                let isAnswer = error.httpStatus.map { $0 < 500 } ?? false
                return (isAnswer ? .healthy : .failed, error)
            }
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

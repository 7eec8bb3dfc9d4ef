import Aspayds
import Contract
import Engine

/// Makes events of what is known of a command.
struct EventMaker: Sendable {
    let domain: Domain

    /// The event that announces a record of the ledger; nil where there is none.
    func event(
        for write: LedgerWrite,
        of order: OrderSummary,
        _ job: Job,
        at now: Int64
    ) -> Event? {
        guard let kind = kind(of: write.state) else { return nil }
        var event = Event(
            domain: domain,
            kind: kind,
            id: Event.stateID(domain, order.reference, kind, attempt: write.attempt),
            reference: order.reference,
            occurredAt: now
        )
        event.certainty = certainty(of: write.state)
        event.sequence = Int64(write.sequence)
        event.attempt = write.attempt
        fill(&event, from: order)
        if let finding = job.finding { fill(&event, from: finding) }
        event.reason = reason(for: write.state, job)
        return event
    }

    private func kind(of state: LedgerState) -> Event.Kind? {
        switch state {
        case .accepted: domain == .payment ? .created : .requested
        case .refused: .refused
        case .inDoubt: .inDoubt
        case .review: .needsReview
        case .intent, .notSent: nil
        }
    }

    private func certainty(of state: LedgerState) -> Event.Certainty {
        switch state {
        case .accepted: .accepted
        case .refused: .refused
        case .notSent: .notSent
        case .intent, .inDoubt, .review: .inDoubt
        }
    }

    private func fill(_ event: inout Event, from order: OrderSummary) {
        event.amount = order.amount
        event.currency = order.currency
        event.trigger = .command
        event.command = order.command
        event.traceparent = order.traceparent
    }

    private func fill(_ event: inout Event, from finding: Job.Finding) {
        switch finding {
        case .receipt(let receipt):
            event.providerID = receipt.providerID
            event.paymentURL = receipt.paymentURL
            event.fee = receipt.fee
            event.totalAmount = receipt.totalAmount
        case .sighting(let state):
            event.trigger = .poll
            fill(&event, from: state)
        case .mismatch, .absent: event.trigger = .poll
        case .failure, .methods: break
        }
    }

    private func fill(_ event: inout Event, from state: ProviderState) {
        event.providerID = state.providerID
        event.status = state.status
        event.amount = state.amount ?? event.amount
        event.amountPaid = state.amountPaid
        event.fee = state.fee
        event.totalAmount = state.totalAmount
        event.currency = state.currency ?? event.currency
    }

    private func reason(for state: LedgerState, _ job: Job) -> Event.Reason? {
        switch (state, job.finding) {
        case (.accepted, _): nil
        case (.review, .mismatch(let field)):
            Event.Reason(
                code: "mismatch",
                message: "the provider has something else under this reference",
                field: field
            )
        case (.review, _):
            Event.Reason(
                code: "absent",
                message:
                    "sent, and unknown to the provider since (\(job.doubt?.description ?? "restart"))"
            )
        case (.inDoubt, .failure(let error)), (.refused, .failure(let error)): error.reason
        case (.inDoubt, _):
            Event.Reason(
                code: "interrupted",
                message: "a worker ended before the outcome was recorded"
            )
        case (.refused, _): job.doubt?.reason
        case (.intent, _), (.notSent, _): nil
        }
    }

    /// The event of an order whose time was over before anything was sent.
    func expired(_ order: OrderSummary, attempt: Int, at now: Int64) -> Event {
        var event = Event(
            domain: domain,
            kind: .expired,
            id: Event.answerID(order.command.source, .expired),
            reference: order.reference,
            occurredAt: now
        )
        event.certainty = .notSent
        event.attempt = attempt > 0 ? attempt : nil
        fill(&event, from: order)
        event.reason = Event.Reason(
            code: "expired",
            message: "not_after passed before anything was sent",
            field: "not_after"
        )
        return event
    }

    /// The refusal of an order whose reference another one has.
    func conflict(_ order: OrderSummary, with state: LedgerState, at now: Int64) -> Event {
        var event = Event(
            domain: domain,
            kind: .refused,
            id: Event.answerID(order.command.source, .refused),
            reference: order.reference,
            occurredAt: now
        )
        event.certainty = .refused
        event.status = state.word
        fill(&event, from: order)
        event.reason = Event.Reason(
            code: "reference_conflict",
            message: "the reference belongs to another order, which is \(state.word)",
            field: Reference.field
        )
        return event
    }

    /// The refusal of a command that breaks the contract.
    func refusal(
        _ rejection: Rejection,
        _ reference: String,
        source: CommandSource,
        at now: Int64
    ) -> Event {
        var event = Event(
            domain: domain,
            kind: .refused,
            id: Event.answerID(source, .refused),
            reference: reference,
            occurredAt: now
        )
        event.certainty = .refused
        event.trigger = .command
        event.reason = Event.Reason(
            code: rejection.code.rawValue,
            message: rejection.message,
            field: rejection.field
        )
        event.command = Event.Origin(id: rejection.commandID, source: source)
        return event
    }

    /// The answer to a check or methods command.
    func answer(to command: Command, _ finding: Job.Finding, at now: Int64) -> Event {
        let kind: Event.Kind = command.body == .payoutMethods ? .methods : .checked
        var event = Event(
            domain: domain,
            kind: kind,
            id: Event.answerID(command.source, kind),
            reference: command.reference,
            occurredAt: now
        )
        event.trigger = .command
        event.command = Event.Origin(id: command.id, source: command.source)
        event.traceparent = command.traceparent
        switch finding {
        case .methods(let methods): event.methods = methods
        case .sighting(let state):
            event.certainty = .accepted
            event.reference = command.reference ?? state.reference
            fill(&event, from: state)
        case .failure(let error): event.reason = error.reason
        case .receipt, .mismatch, .absent:
            event.reason = Event.Reason(
                code: "not_found",
                message: "the provider does not know it"
            )
        }
        return event
    }
}

extension LedgerState {
    /// The word for it in the ledger and in events.
    var word: String {
        switch self {
        case .intent: "intent"
        case .accepted: "accepted"
        case .refused: "refused"
        case .notSent: "not_sent"
        case .inDoubt: "in_doubt"
        case .review: "needs_review"
        }
    }
}

extension AspaydsError {
    /// The error as a reason of an event.
    var reason: Event.Reason {
        Event.Reason(code: code.rawValue, message: message, field: field, httpStatus: httpStatus)
    }
}

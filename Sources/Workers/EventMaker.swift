import Aspayds
import Contract
import Engine

/// Makes events of what is known of a command.
struct EventMaker: Sendable {
    let domain: Domain
    /// What may be sent without a person.
    var guardrails = Guardrails()

    /// The event that announces a record of the ledger; nil where there is none.
    func event(
        for write: LedgerWrite,
        of order: OrderSummary,
        _ job: Job,
        at now: Int64
    ) -> Event? {
        guard let kind = Event.Kind(write.state, domain) else { return nil }
        var event = Event(
            domain: domain,
            kind: kind,
            id: Event.stateID(
                domain,
                order.reference,
                kind,
                word: word(for: write, job),
                attempt: write.attempt
            ),
            reference: order.reference,
            occurredAt: now
        )
        event.certainty = certainty(of: write.state)
        event.sequence = Int64(write.sequence)
        event.attempt = write.attempt
        fill(&event, from: order)
        if let finding = finding(for: write, job) { fill(&event, from: finding) }
        if write.state.isProgress { event.trigger = trigger(write.cause) }
        event.reason = reason(for: write.state, job)
        if write.state == .held { event.reason = guardrails.reason(for: order) }
        if write.state == .review { event.evidence = evidence(for: write, job) }
        if let decision = job.decision(of: write) { apply(decision, to: &event) }
        return event
    }

    /// What is known of a doubt, for the ledger and for the person who must decide.
    func evidence(for write: LedgerWrite, _ job: Job) -> Evidence? {
        guard let since = write.since, !write.state.isProgress else { return nil }
        var evidence = job.evidence
        evidence.inDoubtSince = since
        // The count begins anew with every owner; what the ledger knows may be more.
        evidence.lookups = max(write.lookups, evidence.lookups ?? 0)
        return evidence
    }

    /// The latest finding; or that of a late owner, where nobody in charge has heard of success.
    private func finding(for write: LedgerWrite, _ job: Job) -> Job.Finding? {
        guard write.state == .accepted, let late = job.lateAcceptance, late.attempt == write.attempt
        else { return job.finding }
        switch job.finding {
        case .receipt, .sighting: return job.finding
        default: return .receipt(late.receipt)
        }
    }

    /// Says who has decided, and why; what is known of a released attempt itself is said before.
    private func apply(_ decision: Decision, to event: inout Event) {
        let isRelease = decision.verdict == .release
        event.trigger = .operator
        event.providerID = decision.providerID ?? event.providerID
        let words = "by \(decision.by): \(decision.why)"
        guard isRelease, let said = event.reason else {
            event.reason = Event.Reason(code: isRelease ? "released" : "closed", message: words)
            return
        }
        event.reason?.message = [said.message, "released \(words)"].compactMap(\.self)
            .joined(separator: "; ")
    }

    /// What tells two events of a kind apart: the provider's word, or why a person is needed.
    private func word(for write: LedgerWrite, _ job: Job) -> String? {
        switch (write.state, job.finding) {
        // The provider may have said the same before the dispute, or a person of another one.
        case _ where write.state.isProgress && write.decision != nil: "closed:\(write.sequence)"
        case (.changed, .sighting(let found)): found.status
        case (.overdue, _), (.disputed, _): word(of: disputeReason(write.state, job.finding), job)
        default: nil
        }
    }

    /// The code of a dispute, with the field that differs or the word that contradicts.
    private func word(of dispute: Event.Reason, _ job: Job) -> String {
        var word = dispute.code
        if let field = dispute.field { word += ":\(field)" }
        if dispute.code == "contradiction", case .sighting(let found) = job.finding {
            word += ":\(found.status)"
        }
        return word
    }

    private func trigger(_ cause: Cause) -> Event.Trigger {
        switch cause {
        case .poll: .poll
        case .webhook: .webhook
        case .return: .return
        case .check: .command
        }
    }

    private func certainty(of state: LedgerState) -> Event.Certainty {
        switch state {
        case .accepted, .processing, .completed, .rejected, .cancelled, .changed, .overdue,
            .disputed:
            .accepted
        case .refused: .refused
        case .notSent, .expired, .held, .approved: .notSent
        case .intent, .inDoubt, .review, .released, .conflict: .inDoubt
        }
    }

    private func fill(_ event: inout Event, from order: OrderSummary) {
        event.amount = order.amount
        event.currency = order.currency
        event.trigger = .command
        event.command = order.command
        event.trace = order.trace
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
        case .failure, .methods, .commandGone: break
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
        case (.overdue, _), (.disputed, _): disputeReason(state, job.finding)
        case (.processing, _), (.completed, _), (.rejected, _), (.cancelled, _), (.changed, _): nil
        case (.review, .mismatch(let field)):
            Event.Reason(
                code: "mismatch",
                message: "the provider has something else under this reference",
                field: field
            )
        case (.review, .commandGone), (.refused, .commandGone):
            Event.Reason(
                code: "command_gone",
                message: "its command is not in the log any more, and the ledger holds no names"
            )
        case (.review, .absent):
            Event.Reason(
                code: "absent",
                message:
                    "sent, and unknown to the provider since (\(job.doubt?.description ?? "restart"))"
            )
        case (.review, _):
            Event.Reason(
                code: "may_have_arrived",
                message: "an earlier transmission may have arrived, so it is not sent any more"
            )
        case (.expired, _):
            Event.Reason(
                code: "expired",
                message: "not_after passed before anything was sent",
                field: "not_after"
            )
        case (.inDoubt, .failure(let error)), (.refused, .failure(let error)): error.reason
        case (.inDoubt, _):
            Event.Reason(
                code: "interrupted",
                message: "a worker ended before the outcome was recorded"
            )
        case (.refused, _): job.objection ?? job.doubt?.reason
        case (.intent, _), (.notSent, _), (.released, _), (.conflict, _): nil
        case (.held, _), (.approved, _): nil
        }
    }

    /// Why somebody has to look at what was accepted.
    private func disputeReason(_ state: LedgerState, _ finding: Job.Finding?) -> Event.Reason {
        switch (state, finding) {
        case (.overdue, _):
            Event.Reason(
                code: "overdue",
                message: "nothing came of it until the horizon; it is not asked for any more"
            )
        case (_, .mismatch(let field)):
            Event.Reason(
                code: "mismatch",
                message: "the provider says something else of it than was asked for",
                field: field
            )
        case (_, .absent):
            Event.Reason(
                code: "vanished",
                message: "the provider had accepted it, and does not know it any more"
            )
        case (_, .sighting(let found)):
            Event.Reason(
                code: "contradiction",
                message: "the provider says \(found.status) of what had ended otherwise"
            )
        default: Event.Reason(code: "contradiction")
        }
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
        event.trace = rejection.trace
        return event
    }

    /// What the provider lists, where nobody has asked.
    func methods(_ methods: PayoutMethods, at now: Int64) -> Event {
        var event = Event(
            domain: domain,
            kind: .methods,
            id: "\(domain.rawValue)/\(Event.Kind.methods.rawValue)/\(now)",
            reference: nil,
            occurredAt: now
        )
        event.trigger = .poll
        event.methods = methods.list
        return event
    }

    /// The answer to a check or methods command; without a finding, that there is none.
    func answer(to command: Command, _ finding: Job.Finding?, at now: Int64) -> Event {
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
        event.trace = command.trace
        switch finding {
        case .methods(let methods): event.methods = methods
        case .sighting(let state):
            event.certainty = .accepted
            event.reference = command.reference ?? state.reference
            fill(&event, from: state)
        case .failure(let error): event.reason = error.reason
        case nil:
            event.reason = Event.Reason(
                code: "unavailable",
                message: "the provider could not be asked: it failed at every question about this"
            )
        case .receipt, .mismatch, .absent, .commandGone:
            event.reason = Event.Reason(
                code: "not_found",
                message: "the provider does not know it"
            )
        }
        return event
    }
}

extension Event.Kind {
    /// The event that announces a record of the ledger; nil where there is none.
    init?(_ state: LedgerState, _ domain: Domain) {
        switch state {
        case .accepted: self = domain == .payment ? .created : .requested
        case .refused: self = .refused
        case .expired: self = .expired
        case .inDoubt: self = .inDoubt
        case .review, .held: self = .needsReview
        case .processing: self = .processing
        case .completed: self = domain == .payment ? .paid : .completed
        case .rejected: self = .rejected
        case .cancelled: self = .cancelled
        case .changed: self = .statusChanged
        case .overdue, .disputed: self = .needsReview
        case .intent, .notSent, .released, .approved, .conflict: return nil
        }
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
        case .released: "released"
        case .expired: "expired"
        case .conflict: "conflict"
        case .processing: "processing"
        case .completed: "completed"
        case .rejected: "rejected"
        case .cancelled: "cancelled"
        case .changed: "accepted"
        case .overdue, .disputed, .held: "needs_review"
        case .approved: "approved"
        }
    }
}

extension AspaydsError {
    /// The error as a reason of an event.
    var reason: Event.Reason {
        Event.Reason(code: code.rawValue, message: message, field: field, httpStatus: httpStatus)
    }
}

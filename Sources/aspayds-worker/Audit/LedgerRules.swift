import Contract
import Engine

/// What may follow in a ledger on what it has said of a reference (DESIGN.md §4 and §6).
struct LedgerRules {
    struct Objection {
        let rule: Breach.Rule
        let what: String
    }

    /// The workers' settle window.
    let settleWindow: Duration
    /// Where an attempt that was absent for the window is sent again.
    let reposts: Set<Domain>

    /// Clocks that are set right meanwhile may shorten a wait by as much.
    private static let tolerance: Int64 = 1000

    private var wait: Int64 { ReviewRules(settleWindow: settleWindow).wait }

    /// Why a record may not follow; nil where it may.
    ///
    /// `known` is what the ledger says so far, of records that count.
    func objection(to next: Step, after known: Step?) -> Objection? {
        guard let known else { return first(next) }
        if next.state == nil { return intent(next, after: known) }
        if next.attempt == known.attempt { return outcome(next, after: known) }
        guard next.attempt > known.attempt else {
            return Objection(
                rule: .ledger,
                what: "attempt \(next.attempt) is \(next.word) after attempt \(known.attempt) began"
            )
        }
        guard next.attempt == known.attempt &+ 1, next.state.isWithoutIntent, mayFollow(known.state)
        else {
            return Objection(
                rule: .noIntent,
                what: "attempt \(next.attempt) is \(next.word) without an intent, after "
                    + "\(known.word) of attempt \(known.attempt)"
            )
        }
        return nil
    }

    private func first(_ next: Step) -> Objection? {
        switch next.state {
        case nil where next.attempt == 1: nil
        case _ where next.state.isWithoutIntent && next.attempt == 1: nil
        case nil:
            Objection(rule: .attempt, what: "attempt \(next.attempt) is the first that is recorded")
        default:
            Objection(
                rule: .noIntent,
                what: "attempt \(next.attempt) is \(next.word) without an intent"
            )
        }
    }

    // MARK: Attempts

    /// An intent: nothing may be sent again unless what was sent before is settled.
    private func intent(_ next: Step, after known: Step) -> Objection? {
        func refuse(_ why: String) -> Objection {
            Objection(rule: .attempt, what: "attempt \(next.attempt) is begun \(why)")
        }
        if next.attempt == known.attempt, known.state == nil, next.command == known.command {
            return nil  // Offered again, because its acknowledgement was lost.
        }
        guard next.attempt == known.attempt &+ 1 else {
            return refuse("after \(known.word) of attempt \(known.attempt)")
        }
        switch known.state {
        case .notSent, .released, .approved: return nil
        case .refused, .expired:
            guard next.command == known.command else { return nil }
            return refuse("by the command whose attempt \(known.attempt) is \(known.word)")
        case .inDoubt:
            guard reposts.contains(next.command.domain) else {
                return refuse(
                    "although attempt \(known.attempt) is in doubt, and nobody has released it"
                )
            }
            return isAbsentLongEnough(known, at: next.at)
                ? nil
                : refuse(
                    "\(next.at - known.since) ms after attempt \(known.attempt) came into doubt, "
                        + "and not \(wait) ms"
                )
        default: return refuse("although attempt \(known.attempt) is \(known.word)")
        }
    }

    /// Whether another command may try again, or nothing was sent.
    private func mayFollow(_ state: LedgerRecord.State?) -> Bool {
        state == .notSent || state == .refused || state == .expired || state == .approved
    }

    private func isAbsentLongEnough(_ doubt: Step, at time: Int64) -> Bool {
        time - doubt.since >= wait - Self.tolerance
    }

    // MARK: Outcomes

    private func outcome(_ next: Step, after known: Step) -> Objection? {
        guard next.fingerprint == known.fingerprint else {
            return Objection(
                rule: .order,
                what:
                    "attempt \(next.attempt) is \(next.word) for another order than it was begun for"
            )
        }
        if let why = decision(next, after: known) { return Objection(rule: .decision, what: why) }
        guard next.state != known.state, !leads(known, to: next) else { return nil }
        return Objection(
            rule: .ledger,
            what: "attempt \(next.attempt) is \(next.word) after \(known.word)"
        )
    }

    /// Whether one state of an attempt leads to another.
    private func leads(_ known: Step, to next: Step) -> Bool {
        guard let state = next.state else { return false }
        switch known.state {
        case nil:
            return switch state {
            case .accepted, .inDoubt, .review: true
            // Where an earlier attempt may have been executed, nobody can say so.
            case .refused, .expired, .notSent, .approved, .held: !known.isRepeat
            // There is still leave to send another.
            case .released: known.isRepeat
            default: false
            }
        case .inDoubt where state == .refused:
            // Refused, and absent ever since: it would be refused again, without end.
            return known.isRepeat && reposts.contains(next.command.domain)
                && isAbsentLongEnough(known, at: next.at)
        case .inDoubt: return state == .accepted || state == .review
        case .review: return [.accepted, .refused, .released].contains(state)
        case .released: return [.accepted, .review].contains(state)
        case .held: return [.accepted, .refused, .approved].contains(state)
        case .refused, .notSent, .expired, .conflict, .approved: return false
        case .accepted: return state.isProgress
        case .changed, .overdue: return state.isProgress
        case .processing: return state.isProgress
        // A customer who cancels may come back and pay.
        case .cancelled where next.command.domain == .payment:
            return [.changed, .completed, .disputed].contains(state)
        case .completed, .rejected, .cancelled: return state == .disputed
        case .disputed: return next.isByHand && [.completed, .cancelled].contains(state)
        }
    }

    /// What a person has decided, and must not have: nil where nobody has, or rightly.
    private func decision(_ next: Step, after known: Step) -> String? {
        guard next.state != known.state else { return nil }
        if known.state == .review { return release(next, from: known) }
        if known.state == .held { return verdict(next) }
        let isAsked = known.state == .overdue || known.state == .disputed
        guard next.isByHand, next.state?.isAccepted == true, !isAsked else { return nil }
        return "a person says that it is \(next.word), and was not asked: it was \(known.word)"
    }

    /// Whether it is what a person has decided; nil where it is.
    private func verdict(_ next: Step) -> String? {
        switch (next.state, next.decision?.verdict) {
        case (_, nil): "attempt \(next.attempt) is \(next.word), and nobody has decided so"
        case (.accepted, .done), (.refused, .notDone), (.released, .release), (.approved, .release):
            nil
        case (_, let verdict?): "it is \(next.word), and \(Terms.order(verdict)) was ordered"
        }
    }

    /// What may become of a review.
    private func release(_ next: Step, from known: Step) -> String? {
        // It was found after all; the decision, if there is one, is that about the attempt before.
        if next.state == .accepted, next.decision?.verdict != .notDone { return nil }
        if let why = verdict(next) { return why }
        guard let decision = next.decision, decision.at - known.since < wait else { return nil }
        return "decided \(decision.at - known.since) ms after the doubt began, and not \(wait) ms"
    }
}

extension LedgerRecord.State? {
    /// Whether an attempt may end so without an intent: nothing was to be sent.
    fileprivate var isWithoutIntent: Bool {
        self == .refused || self == .expired || self == .held
    }
}

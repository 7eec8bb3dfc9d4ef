import Aspayds
import Contract

/// What would become of a dead letter that is replayed now.
enum Outlook {
    /// It would go to this partition; nil where the command names no reference.
    case ready(ReplayDraft, home: Int32?, now: Int64)
    /// It is no valid command.
    case invalid(ReplayRefusal)
    /// The reference may have been sent.
    case refused(String)
    /// Its command was taken up already, or set aside again.
    case taken(String)

    /// Asks the rules and the ledger.
    init(of letter: Letter, _ settings: Settings) async throws(Failure) {
        let rules = ReplayRules(settings)
        var plan = ReplayPlan(rules)
        plan.add(letter)
        try await plan.consult(settings)
        if let left = plan.left.first {
            self = left.cause == .taken ? .taken(left.reason) : .refused(left.reason)
            guard left.cause == .refused else { return }
            do throws(ReplayRefusal) { _ = try rules.draft(letter) } catch {
                self = .invalid(error)
            }
            return
        }
        guard let draft = plan.drafts.first else { throw Failure("nothing is known of it") }
        let count = try await KafkaAccess.partitionCount(of: draft.source.topic, settings)
        let home = draft.command.reference.map { HomePartition.of($0, partitions: count) }
        self = .ready(draft, home: home, now: Moment.now)
    }

    /// Its colour.
    var style: Style {
        switch self {
        case .ready: .good
        case .invalid, .refused: .attention
        case .taken: .faint
        }
    }

    /// The word for programs.
    var word: String {
        switch self {
        case .ready: "ready"
        case .invalid: "invalid"
        case .refused: "refused"
        case .taken: "taken"
        }
    }

    /// The end of a sentence that begins with "On replay".
    var text: String {
        switch self {
        case .ready(let draft, let home, let now):
            let topic = draft.source.topic
            let place = home.map { "\(topic)/\($0)" } ?? topic
            let isLate = draft.command.notAfter.map { $0 < now } ?? false
            return "it goes to \(place): \(draft.command.summary)"
                + (isLate ? "; it expires, for its not_after has passed" : "")
        case .invalid(let refusal): return "it is refused: \(refusal.reason)"
        case .refused(let reason): return "it is refused: \(reason)"
        case .taken(let reason): return "nothing happens: \(reason)"
        }
    }

    /// The commands that can come next.
    func advice(_ place: LetterPlace) -> [String] {
        let program = "  aspayds-worker dead-letters"
        switch self {
        case .ready: return ["\(program) replay \(place)"]
        case .invalid(let refusal) where refusal.isCorrectable:
            return [
                "Correct its value, keep its reference, and replay it:",
                "\(program) show \(place) --raw > value.json",
                "\(program) replay \(place) --value value.json",
            ]
        case .invalid, .refused, .taken: return []
        }
    }
}

extension ReplayRules {
    init(_ settings: Settings) {
        self.init(topics: Topics(prefix: settings.topicPrefix), callback: settings.callback)
    }
}

extension Command {
    /// Past this (milliseconds since 1970) nothing is sent any more.
    var notAfter: Int64? {
        switch body {
        case .createPayment(let payment): payment.notAfter
        case .requestPayout(let payout): payout.notAfter
        case .checkPayment, .checkPayout, .payoutMethods: nil
        }
    }

    /// What it is, in a few words; the account masked.
    var summary: String {
        switch body {
        case .createPayment(let payment):
            let order = payment.order
            let details = OrderDetails(amount: order.amount, currency: payment.currency)
            return "create payment \(order.transactionReference), \(details.summary)"
        case .requestPayout(let payout):
            let order = payout.order
            let details = OrderDetails(
                amount: order.amount,
                currency: payout.currency,
                recipientAccount: order.recipientAccount
            )
            return "request payout \(order.transactionReference), \(details.summary)"
        case .checkPayment(let subject): return "check payment \(subject.name)"
        case .checkPayout(let subject): return "check payout \(subject.name)"
        case .payoutMethods: return "list the payout methods"
        }
    }
}

extension OrderDetails {
    fileprivate var summary: String {
        [HistoryText.amount(self), maskedAccount].compactMap(\.self).joined(separator: " to ")
    }
}

extension Command.Subject {
    fileprivate var name: String {
        switch self {
        case .reference(let text), .id(let text): text
        }
    }
}

import Contract
import JSON

/// What a webhook's body says, as far as it can be a hint.
enum WebhookBody {
    /// The documented events of each domain.
    static func events(of domain: Domain) -> [String] {
        switch domain {
        case .payment: ["payment.completed"]
        case .payout:
            ["payout.completed", "payout.processing", "payout.rejected", "payout.cancelled"]
        }
    }

    /// The event, when the body is about what its address was signed for; otherwise what is wrong.
    static func event(
        _ body: [UInt8],
        for token: CallbackToken,
        depth: Int
    ) -> Result<String, Mismatch> {
        guard let text = try? JSONValue.parse(body, duplicates: .refuse, maxDepth: depth),
            let object = text.object
        else { return .failure(Mismatch(verdict: .notJSON)) }
        guard let event = object["event"]?.text, events(of: token.domain).contains(event) else {
            return .failure(Mismatch(verdict: .unknownEvent))
        }
        let reference = object["data"]?.object?[Reference.field]?.text
        guard let reference, isSame(reference, token) else {
            return .failure(Mismatch(verdict: .otherReference))
        }
        return .success(event)
    }

    /// References are compared without regard to case, as everywhere.
    static func isSame(_ reference: String, _ token: CallbackToken) -> Bool {
        Reference.uppercased(reference) == Reference.uppercased(token.reference)
    }

    /// Why a body is no hint.
    struct Mismatch: Error, Equatable {
        let verdict: WebhookRecord.Verdict
    }
}

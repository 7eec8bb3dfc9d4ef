/// References that make the sandbox misbehave, in the way of a payment provider's test cards.
///
/// A create request whose reference begins with `SBX-WORD-` (in any case) meets the fate of that
/// word. This table is the only place that lists them; the help text is made from it.
public struct MagicReference: Sendable {
    /// The word between `SBX-` and the next hyphen.
    public let word: String
    /// What happens, for the help text.
    public let summary: String
    let fate: Fate

    /// What becomes of a create request.
    enum Fate: Sendable {
        /// The fault strikes every time.
        case fault(Fault)
        /// The fault strikes the first request only.
        case faultOnce(Fault)
        /// 422 that names a field other than the reference.
        case refuse
        /// 422 that says the reference has already been taken, although it has not.
        case taken
        /// Another amount is executed and answered than was asked for.
        case mismatch
        /// The payout moves by itself, to that end.
        case end(Step)
        /// The fault strikes its webhooks.
        case webhook(WebhookFault)
    }

    private static let prefix = "SBX-"

    /// All of them, in the order in which the help lists them.
    public static let all = [
        MagicReference("REFUSE", "422 naming a field; not executed", .refuse),
        MagicReference(
            "TAKEN",
            "422 \"already been taken\", though it is not; not executed",
            .taken
        ),
        MagicReference(
            "429",
            "first 429 with Retry-After: 1, then fine",
            .faultOnce(.tooManyRequests)
        ),
        MagicReference("500", "500; not executed", .fault(.serverError)),
        MagicReference("503", "503; not executed", .fault(.unavailable)),
        MagicReference("DROP", "not executed, the connection is reset", .fault(.resetBefore)),
        MagicReference("LOST", "not executed, never answered", .fault(.timeoutBefore)),
        MagicReference("500X", "executed, then 500", .fault(.serverErrorAfter)),
        MagicReference("RESET", "executed, then the connection is reset", .fault(.resetAfter)),
        MagicReference("TIMEOUT", "executed, never answered", .fault(.timeoutAfter)),
        MagicReference("SLOW", "executed; the body drips for 10 s", .fault(.slowBody)),
        MagicReference("GARBLED", "executed, then half a JSON text", .fault(.malformedJSON)),
        MagicReference("MISMATCH", "executes and answers another amount (one more)", .mismatch),
        MagicReference("REJECT", "executed; the payout ends rejected by itself", .end(.reject)),
        MagicReference("CANCEL", "executed; the payout ends cancelled by itself", .end(.cancel)),
        MagicReference("SILENT", "executed; its webhooks are never sent", .webhook(.never)),
        MagicReference("LATE", "executed; its webhooks come 10 s late", .webhook(.late)),
        MagicReference("TWICE", "executed; its webhooks come twice", .webhook(.twice)),
        MagicReference(
            "SHUFFLE",
            "executed; its webhooks come out of order",
            .webhook(.reordered)
        ),
        MagicReference("FORGED", "executed; false webhooks come too", .webhook(.forged)),
    ]

    private static let byWord = Dictionary(
        all.map { ($0.word, $0) },
        uniquingKeysWith: { first, _ in first }
    )

    private init(_ word: String, _ summary: String, _ fate: Fate) {
        self.word = word
        self.summary = summary
        self.fate = fate
    }

    /// The one that a reference, already upper-cased, begins with.
    static func find(_ reference: String) -> MagicReference? {
        guard reference.hasPrefix(prefix) else { return nil }
        let parts = reference.split(
            separator: "-",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        return parts.count == 3 ? byWord[String(parts[1])] : nil
    }
}

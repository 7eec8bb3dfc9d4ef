import Aspayds

/// Why a command is not carried out.
///
/// With a readable reference it is refused by an event, without one it is dead-lettered.
package struct Rejection: Error, Sendable, Equatable {
    /// The reason codes; the raw values are stable.
    package enum Code: String, Sendable, CaseIterable {
        /// The value is absent, or not one JSON text.
        case notJSON = "not_json"
        /// The value, or what it carries, is JSON but not an object.
        case notAnObject = "not_an_object"
        /// The value is not UTF-8.
        case invalidUTF8 = "invalid_utf8"
        /// An object has the same name twice.
        case duplicateKey = "duplicate_key"
        /// The value is longer than 64 KiB.
        case tooLarge = "too_large"
        /// A header that we read is there twice, not UTF-8, or not allowed.
        case invalidHeader = "invalid_header"
        /// The CloudEvents envelope is not version 1.0, or not complete.
        case invalidEnvelope = "invalid_envelope"
        /// There is no such command.
        case unknownType = "unknown_type"
        /// The command belongs on the other domain's topic.
        case wrongTopic = "wrong_topic"
        /// A field that must be there is not.
        case missingField = "missing_field"
        /// A field has a value that is not allowed.
        case invalidField = "invalid_field"
        /// The command has no such field: perhaps another one was meant.
        case unknownField = "unknown_field"
        /// The record's key is not the command's reference.
        case keyMismatch = "key_mismatch"
        /// A field needs a setting that this worker does not have.
        case notConfigured = "not_configured"
        /// The command was forwarded to its home partition before, and this is not it.
        case misplaced
        /// Nothing is sent by this worker: it only says what would be.
        case dryRun = "dry_run"
    }

    /// The reason.
    package var code: Code
    /// The reason for people: the field, the value where it may be shown, and what is allowed.
    package var message: String
    /// The field or header that is the reason.
    package var field: String?
    /// The command's reference, when it could be read and is a valid one.
    package var reference: String?
    /// The command's `ce_id`, or where it was read.
    package var commandID: String
    /// Where the command was read first.
    package var source: CommandSource
    /// The trace that it belongs to.
    package var trace: TraceContext?

    package init(
        code: Code,
        message: String,
        field: String? = nil,
        reference: String? = nil,
        commandID: String,
        source: CommandSource,
        trace: TraceContext? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.reference = reference
        self.commandID = commandID
        self.source = source
        self.trace = trace
    }
}

extension Rejection {
    /// What would become of a payout, if anything were sent.
    package init(dryRun payout: PayoutCommand, of command: Command, _ objection: Event.Reason?) {
        let order = payout.order
        let end =
            objection.map { "be refused: \($0.message ?? $0.code)" }
            ?? "be sent: \(order.amount) by method \(order.payoutMethodID) to "
            + masked(account: order.recipientAccount)
        self.init(
            code: .dryRun,
            message: "ASPAYDS_PAYOUTS is dry-run; a new reference would \(end)",
            reference: order.transactionReference,
            commandID: command.id,
            source: command.source,
            trace: command.trace
        )
    }
}

/// A reason for a rejection, before it is known which command it is about.
struct Problem: Error, Equatable {
    var code: Rejection.Code
    var field: String?
    var message: String

    init(_ code: Rejection.Code, _ field: String? = nil, _ message: String) {
        self.code = code
        self.field = field.map { Self.shown($0) }
        self.message = message
    }

    /// A text of someone else, fit for a message: bounded, without control characters, and without
    /// what may be an account, since it may stand in the wrong field.
    static func shown(_ text: String, atMost limit: Int = 64) -> String {
        var shown = String.UnicodeScalarView()
        let text = maskingDigits(text)
        for scalar in text.unicodeScalars.prefix(limit) {
            let isControl = scalar.properties.generalCategory == .control
            shown.append(isControl ? "\u{FFFD}" : scalar)
        }
        if text.unicodeScalars.dropFirst(limit).first != nil { shown.append("…") }
        return String(shown)
    }
}

/// A request to the receiver, as the topic `webhooks` keeps it: as it arrived, unverified.
///
/// The token opens the callback address, so it is blotted out wherever it stands.
package struct WebhookRecord: Sendable {
    /// What the receiver made of the request.
    package enum Verdict: String, Sendable, CaseIterable {
        /// A check was asked for.
        case checked
        /// The same hint had come within a second; nothing more was done.
        case repeated
        /// The body is not one JSON object.
        case notJSON = "not_json"
        /// The body names none of the domain's documented events.
        case unknownEvent = "unknown_event"
        /// It is about another reference than its address, or about none.
        case otherReference = "other_reference"
    }

    /// The request headers that are kept; no other can matter, and others may hold secrets.
    package static let keptHeaders = [
        "content-type", "user-agent", "x-forwarded-for", "x-webhook-event", "x-webhook-timestamp",
    ]
    private static let longestHeader = 1024
    private static let blot = Array("****".utf8)

    /// What the request's address was signed for.
    package var token: CallbackToken
    /// The token's text.
    package var tokenText: String
    /// `POST` or `GET`.
    package var method: String
    /// What stood behind the `?`, as it came.
    package var query: String?
    /// Those of ``keptHeaders`` that were there.
    package var headers: [(name: String, value: String)]
    /// Who sent it, for all that the connection tells.
    package var remoteAddress: String?
    /// Milliseconds since 1970.
    package var receivedAt: Int64
    /// The body as it came.
    package var body: [UInt8]
    /// What was made of it.
    package var verdict: Verdict

    package init(
        token: CallbackToken,
        tokenText: String,
        method: String,
        query: String? = nil,
        headers: [(name: String, value: String)] = [],
        remoteAddress: String? = nil,
        receivedAt: Int64,
        body: [UInt8] = [],
        verdict: Verdict
    ) {
        self.token = token
        self.tokenText = tokenText
        self.method = method
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
        self.receivedAt = receivedAt
        self.body = body
        self.verdict = verdict
    }

    /// The record: the body as its value, everything else in headers, ours beginning with `aspayds_`.
    package func encoded() -> EncodedRecord {
        var fields: [(name: String, value: [UInt8]?)] = []
        func field(_ name: String, _ text: String?) {
            guard let text else { return }
            fields.append((name, redacted(Array(text.utf8.prefix(Self.longestHeader)))))
        }
        field("aspayds_domain", token.domain.rawValue)
        field("aspayds_verdict", verdict.rawValue)
        field("aspayds_received_at", RFC3339.format(receivedAt))
        field("aspayds_method", method)
        field("aspayds_query", query)
        field("aspayds_remote_address", remoteAddress)
        field("aspayds_skew_seconds", skew.map(String.init))
        for (name, value) in headers { field(name, value) }
        return EncodedRecord(
            key: Array(token.reference.utf8),
            value: redacted(body),
            headers: fields
        )
    }

    /// How much later it arrived than it says it was sent; for people, never a reason to refuse it.
    private var skew: Int64? {
        let sent = headers.first { $0.name == "x-webhook-timestamp" }.flatMap { Int64($0.value) }
        guard let sent, abs(sent / 2) < Int64.max / 4 else { return nil }
        return receivedAt / 1000 - sent
    }

    private func redacted(_ bytes: [UInt8]) -> [UInt8] {
        let token = Array(tokenText.utf8)
        guard bytes.count >= token.count else { return bytes }
        return bytes.replacing(token, with: Self.blot)
    }
}

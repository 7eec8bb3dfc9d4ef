/// What the sandbox can do to its clients, written from the tables in the code.
public enum Manual {
    private struct Section {
        let title: String
        let rows: [(String, String)]
    }

    private static let sections = [
        Section(
            title: "Magic references, by what a create's reference begins with",
            rows: MagicReference.all.map { ("SBX-\($0.word)-", $0.summary) }
        ),
        Section(
            title: "Faults by rule, for POST /_sandbox/faults",
            rows: Fault.allCases.map { ($0.rawValue, $0.summary) }
        ),
        Section(
            title: "Members of a rule",
            rows: [
                ("fault", "one of the above; the only member that is required"),
                ("rate", "the share of requests that it strikes, 0 to 1 (1)"),
                ("endpoint", "create, status, methods, or all (all)"),
                ("domain", "payment, payout, or all (all)"),
                ("retry_after", "seconds, for 429 and 503"),
                ("latency_ms", "how long the fault waits, or the body drips"),
                ("times", "strike so often, then never again"),
            ]
        ),
        Section(
            title: "Faults of webhooks, for POST /_sandbox/webhooks/faults",
            rows: WebhookFault.allCases.map { ($0.rawValue, $0.summary) }
        ),
        Section(
            title: "Settings, for POST /_sandbox/settings",
            rows: Provider.Settings.manual
        ),
        Section(
            title: "Orders to the sandbox",
            rows: Control.endpoints
        ),
    ]

    /// For a terminal of 80 columns.
    public static var text: String {
        sections.map { section in
            let width = section.rows.map(\.0.count).max() ?? 0
            let rows = section.rows.map { name, meaning in
                width > 20
                    ? "  \(name)\n      \(meaning)"
                    : "  \(name)\(String(repeating: " ", count: width - name.count))  \(meaning)"
            }
            return "\(section.title):\n\(rows.joined(separator: "\n"))"
        }.joined(separator: "\n\n")
    }
}

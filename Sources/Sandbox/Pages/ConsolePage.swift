/// The console at `/`: everything at a glance, and a button for every step.
struct ConsolePage {
    /// The latest of each kind, so many at most.
    static let rows = 50
    /// So far back they are looked for.
    private static let reach = 10_000

    let provider: Provider

    func answer() -> Answer {
        let view = provider.with { View($0) }
        let main: HTML = """
            <div id="live">
            <p>\(view.count) executed, \(repeated(view.repeated)).</p>
            \(Table.invoices(view.payments))
            \(Table.payouts(view.payouts))
            \(Table.webhooks(view.webhooks))
            \(Table.executions(view.executions))
            \(Table.rules("Faults of answers", view.faults))
            \(Table.rules("Faults of webhooks", view.webhookFaults))
            </div>
            <h2>Switch faults</h2>
            \(form("Answers", "faults", Fault.allCases.map { ($0.rawValue, $0.summary) }))
            \(form("Webhooks", "webhook-faults", WebhookFault.allCases.map { ($0.rawValue, $0.summary) }))
            """
        return Page(title: "aspayds sandbox", main: main, isLive: true).answer()
    }

    private func repeated(_ count: Int) -> HTML {
        count == 0
            ? #"<span class="good">none twice</span>"#
            : #"<span class="bad">\#(count) of them beyond the first of their reference</span>"#
    }

    private func form(_ title: String, _ path: String, _ faults: [(String, String)]) -> HTML {
        let options = faults.map { name, summary -> HTML in
            #"<option value="\#(name)">\#(name): \#(summary)</option>"#
        }
        return """
            <form method="post" action="/console/\(path)"><fieldset><legend>\(title)</legend>
            <label>Fault <select name="fault">\(options)</select></label>
            <label>Percent <input name="percent" type="number" min="0" max="100" value="100"></label>
            <label>Of <select name="domain"><option value="all">both</option>\
            <option value="payment">payments</option><option value="payout">payouts</option>\
            </select></label>
            <button>Switch on</button>
            <button name="clear" value="1">All off</button>
            </fieldset></form>
            """
    }

    /// What is shown, taken under one lock: copies of a few records, never of the books.
    struct View: Sendable {
        let count: Int
        let repeated: Int
        let executions: [Record]
        let payments: [Record]
        let payouts: [Record]
        let webhooks: [WebhookLog.Entry]
        let faults: JSON
        let webhookFaults: JSON

        init(_ state: borrowing Provider.State) {
            let latest = state.books.records.suffix(ConsolePage.reach).reversed()
            count = state.books.records.count
            repeated = state.books.repeated
            executions = Array(latest.prefix(ConsolePage.rows))
            payments = Array(latest.lazy.filter { $0.domain == .payment }.prefix(ConsolePage.rows))
            payouts = Array(latest.lazy.filter { $0.domain == .payout }.prefix(ConsolePage.rows))
            webhooks = state.mail.log.entries.suffix(ConsolePage.rows).reversed()
            faults = state.faults.json
            webhookFaults = state.webhookFaults.json
        }
    }
}

/// The console's tables.
enum Table {
    static func invoices(_ records: [Record]) -> HTML {
        let rows = records.map { record -> HTML in
            let name = if case .payment(let name, _) = record.details { name } else { "" }
            return """
                <tr><td>\(record.reference)</td>\
                <td><a href="/methods/\(record.id)">\(record.id)</a></td><td>\(name)</td>\
                \(amount(record))<td>\(record.status.rawValue)</td><td>\(buttons(record))</td></tr>
                """
        }
        let heads: [HTML] = [
            "Reference", "Invoice and checkout", "Customer", "Amount", "Status", "Steps",
        ]
        return table("Invoices", heads, rows)
    }

    static func payouts(_ records: [Record]) -> HTML {
        let rows = records.map { record -> HTML in
            let name =
                if case .payout(let recipient) = record.details { recipient.name } else { "" }
            return """
                <tr><td>\(record.reference)</td><td>\(record.id)</td><td>\(name)</td>\
                \(amount(record))<td>\(record.status.rawValue)</td><td>\(buttons(record))</td></tr>
                """
        }
        return table(
            "Payouts",
            ["Reference", "Payout", "Recipient", "Amount", "Status", "Steps"],
            rows
        )
    }

    static func executions(_ records: [Record]) -> HTML {
        let rows = records.map { record -> HTML in
            """
            <tr><td>\(record.sequence)</td><td>\(record.domain.rawValue)</td>\
            <td>\(record.reference)</td><td>\(record.id)</td>\(amount(record))\
            <td>\(timestamp(record.createdAt))</td></tr>
            """
        }
        return table("Executions", ["No.", "Kind", "Reference", "Id", "Amount", "At"], rows)
    }

    static func webhooks(_ entries: [WebhookLog.Entry]) -> HTML {
        let rows = entries.map { entry -> HTML in
            let webhook = entry.webhook
            let look =
                switch entry.state {
                case .delivered: "good"
                case .failed, .dropped: "bad"
                default: ""
                }
            let path = "webhooks/\(webhook.number)/repeat"
            return """
                <tr><td>\(webhook.number)</td><td>\(webhook.event.rawValue)</td>\
                <td>\(webhook.record.reference)</td><td>\(webhook.fault?.rawValue ?? "")</td>\
                <td class="\(look)">\(entry.state.rawValue)</td><td>\(entry.attempts)</td>\
                <td>\(entry.last?.name ?? "")</td><td>\(timestamp(entry.at))</td>\
                <td>\(button(path, "Send again", "number \(webhook.number)"))</td></tr>
                """
        }
        let heads: [HTML] = [
            "No.", "Event", "Reference", "Fault", "State", "Attempts", "Last answer", "At",
            "Steps",
        ]
        return table("Webhooks", heads, rows)
    }

    static func rules(_ caption: HTML, _ rules: JSON) -> HTML {
        guard case .array(let rules) = rules else { return "" }
        let rows = rules.map { rule -> HTML in
            "<tr><td>\(String(decoding: rule.bytes, as: UTF8.self))</td></tr>"
        }
        return table(caption, ["Rule and its strikes"], rows)
    }

    private static func table(_ caption: HTML, _ heads: [HTML], _ rows: [HTML]) -> HTML {
        let cells = heads.map { head -> HTML in
            #"<th scope="col"\#(head.text == "Amount" ? " class=number" : nil)>\#(head)</th>"#
        }
        let none: HTML = #"<tr><td colspan="\#(heads.count)">none</td></tr>"#
        return """
            <div class="scroll"><table><caption>\(caption)</caption>
            <thead><tr>\(cells)</tr></thead>
            <tbody>\(rows.isEmpty ? [none] : rows)</tbody></table></div>
            """
    }

    private static func amount(_ record: Record) -> HTML {
        #"<td class="number">\#(record.amount.price)</td>"#
    }

    /// The steps that are possible from where the record is, and a lie.
    private static func buttons(_ record: Record) -> [HTML] {
        let place = record.domain == .payment ? "payments" : "payouts"
        let steps = Step.allowed(in: record.domain).filter { $0.leads(from: record.status) }
        let names =
            steps.map {
                ($0.rawValue, $0.rawValue.prefix(1).uppercased() + $0.rawValue.dropFirst())
            } + [("forge", "Forge")]
        return names.map { button("\(place)/\(record.id)/\($0)", $1, record.reference) }
    }

    /// `what` tells the buttons apart for those who hear them.
    private static func button(_ path: String, _ text: String, _ what: String) -> HTML {
        """
        <form method="post" action="/console/\(path)">\
        <button aria-label="\(text) \(what)">\(text)</button></form> 
        """
    }
}

/// The page behind `payment_url`, where a customer pays or cancels; it needs no JavaScript.
struct Checkout {
    let provider: Provider

    /// `/methods/{id}` shows it; `/methods/{id}/pay` and `/cancel` are its two buttons.
    func answer(_ method: String, _ path: [String]) -> Answer {
        let record = path.count > 1 ? find(path[1]) : nil
        guard let record else {
            let text = "There is no invoice at this address."
            return Page.problem(404, "Invoice not found", text)
        }
        switch (method, path.count == 3 ? path[2] : "") {
        case ("GET", ""): return page(record)
        case ("POST", "pay"): return take(.pay, record, .success)
        case ("POST", "cancel"): return take(.cancel, record, .cancel)
        // Whoever reloads the address of a button comes back to the page.
        case ("GET", "pay"), ("GET", "cancel"): return .seeOther("/methods/\(record.id)")
        default: return Page.problem(405, "Not possible", "This address does not take that.")
        }
    }

    private func find(_ id: String) -> Record? {
        provider.with { $0.books.find(id.uppercased(), .payment) }
    }

    /// A button pressed twice leads to where it led the first time.
    private func take(_ step: Step, _ record: Record, _ status: ReturnAddress.Status) -> Answer {
        do {
            return leave(try provider.take(step, record.id, .payment), status)
        } catch {
            let record = find(record.id) ?? record
            return record.status == step.result ? leave(record, status) : page(record, 409)
        }
    }

    private func leave(_ record: Record, _ status: ReturnAddress.Status) -> Answer {
        ReturnAddress(record, status).map { .seeOther($0.text) } ?? page(record)
    }

    private func page(_ record: Record, _ status: Int = 200) -> Answer {
        guard case .payment(let customer, _) = record.details else {
            return Page.problem(404, "Invoice not found", "There is no invoice at this address.")
        }
        let main: HTML = """
            <dl>
            <dt>Amount</dt><dd id="amount">\(record.amount.price) BDT</dd>
            <dt>Customer</dt><dd id="customer">\(customer)</dd>
            <dt>Reference</dt><dd id="reference">\(record.reference)</dd>
            <dt>Invoice</dt><dd id="invoice">\(record.id)</dd>
            </dl>
            \(choices(record))
            """
        return Page(title: "Checkout", main: main).answer(status)
    }

    private func choices(_ record: Record) -> HTML {
        let pay: HTML = """
            <form method="post" action="/methods/\(record.id)/pay">\
            <button class="main" id="pay">Pay \(record.amount.price) BDT</button></form>
            """
        switch record.status {
        case .paid:
            return """
                <p id="state">This invoice is paid.</p>
                \(back(record, .success))
                """
        case .cancelled:
            return """
                <p id="state">You have cancelled. You can still pay.</p>
                \(pay)
                \(back(record, .cancel))
                """
        default:
            return """
                \(pay)
                <form method="post" action="/methods/\(record.id)/cancel">\
                <button class="other" id="cancel">Cancel</button></form>
                """
        }
    }

    private func back(_ record: Record, _ status: ReturnAddress.Status) -> HTML? {
        ReturnAddress(record, status).map { #"<p><a href="\#($0.text)">Back to the shop</a></p>"# }
    }
}

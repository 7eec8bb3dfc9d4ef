/// What the console's buttons do; each leads back to the console.
struct Console {
    let provider: Provider

    func answer(_ path: [String], _ body: [UInt8]) -> Answer {
        switch (path.dropFirst().first, path.count) {
        case ("faults", 2): setFaults(Query(body))
        case ("webhook-faults", 2): setWebhookFaults(Query(body))
        case (_, 4): order(path)
        default: Page.problem(404, "Not found", "The console has no such button.")
        }
    }

    /// The same orders as below `/_sandbox`.
    private func order(_ path: [String]) -> Answer {
        let answer = Control(provider: provider).take(path)
        guard answer.status != 200 else { return .seeOther("/") }
        let message = (try? JSONReader.read(answer.body))?["message"]?.text ?? "It did not work."
        return Page(
            title: "Not possible",
            main: #"<p>\#(message)</p><p><a href="/">Back to the console</a></p>"#
        ).answer(answer.status)
    }

    /// One rule more, or with `clear` none any more.
    private func setFaults(_ query: Query) -> Answer {
        guard query["clear"] == nil else { return change { $0.faults.replace([]) } }
        guard let fault = query["fault"].flatMap(Fault.init), let rate = rate(query) else {
            return invalid()
        }
        let domain = query["domain"].flatMap(Domain.init)
        let rule = FaultRule(fault, rate: rate, domain: domain)
        return change { $0.faults.replace($0.faults.rules + [rule]) }
    }

    private func setWebhookFaults(_ query: Query) -> Answer {
        guard query["clear"] == nil else { return change { $0.webhookFaults.replace([]) } }
        guard let fault = query["fault"].flatMap(WebhookFault.init), let rate = rate(query) else {
            return invalid()
        }
        let domain = query["domain"].flatMap(Domain.init)
        let rule = WebhookRule(fault, rate: rate, domain: domain)
        return change { $0.webhookFaults.replace($0.webhookFaults.rules + [rule]) }
    }

    /// Percent in the form, a share in the rule.
    private func rate(_ query: Query) -> Double? {
        query["percent"].flatMap(Int.init).flatMap { (0...100).contains($0) ? $0 : nil }
            .map { Double($0) / 100 }
    }

    private func change(_ change: (inout Provider.State) -> Void) -> Answer {
        provider.with { change(&$0) }
        return .seeOther("/")
    }

    private func invalid() -> Answer {
        Page.problem(422, "Not possible", "A fault and a share of 0 to 100 percent are needed.")
    }
}

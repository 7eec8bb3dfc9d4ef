extension Control {
    /// Shows, replaces or clears a book of rules; nil for another method.
    func rules<Rule>(
        _ book: any WritableKeyPath<Provider.State, FaultBook<Rule>> & Sendable,
        _ method: String,
        _ body: [UInt8]
    ) throws(InvalidInput) -> Answer? {
        switch method {
        case "GET": break
        case "POST":
            let rules: [Rule] = try list(body)
            provider.with { $0[keyPath: book].replace(rules) }
        case "DELETE": provider.with { $0[keyPath: book].replace([]) }
        default: return nil
        }
        return Answer(200, provider.with { $0[keyPath: book].json })
    }

    private func list<Rule: BookRule>(_ body: [UInt8]) throws(InvalidInput) -> [Rule] {
        let limit = FaultBook<Rule>.limit
        guard case .array(let list) = try read(body), list.count <= limit else {
            let message = "The body must be a list of at most \(limit) rules."
            throw InvalidInput([Problem("faults", message)])
        }
        var rules: [Rule] = []
        var problems: [Problem] = []
        for (index, json) in list.enumerated() {
            do {
                rules.append(try Rule.read(json, place: "faults[\(index)]"))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw InvalidInput(problems) }
        return rules
    }
}

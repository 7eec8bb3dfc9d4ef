extension Control {
    /// `POST /_sandbox/{payments|payouts|webhooks}/{id}/{what}`.
    func take(_ path: [String]) -> Answer {
        switch path[1] {
        case "payments": take(path[3], path[2], .payment)
        case "payouts": take(path[3], path[2], .payout)
        case "webhooks" where path[3] == "repeat": `repeat`(path[2])
        default: unknown()
        }
    }

    private func take(_ name: String, _ id: String, _ domain: Domain) -> Answer {
        if name == "forge" {
            guard let entry = provider.forge(id, domain) else {
                return .failure(404, "No \(domain.rawValue) of that id or reference to call.")
            }
            return Answer(200, entry.json)
        }
        let steps = Step.allowed(in: domain)
        guard let step = steps.first(where: { $0.rawValue == name }) else {
            let allowed = steps.map(\.rawValue).joined(separator: ", ")
            return .failure(404, "Unknown step \(name.prefix(100)); allowed: \(allowed), forge.")
        }
        do {
            return Answer(200, try provider.take(step, id, domain).detailed)
        } catch {
            return .failure(error, step, domain)
        }
    }

    private func `repeat`(_ number: String) -> Answer {
        guard let entry = Int(number).flatMap(provider.repeat) else {
            return .failure(404, "No webhook of that number.")
        }
        return Answer(200, entry.json)
    }
}

extension Answer {
    /// Why a step was not taken.
    fileprivate static func failure(
        _ error: Books.StepError,
        _ step: Step,
        _ domain: Domain
    ) -> Answer {
        switch error {
        case .notFound: .failure(404, "No \(domain.rawValue) of that id or reference.")
        case .notPossible(let status):
            .failure(409, "It is \(status.rawValue): \(step.rawValue) is not possible.")
        }
    }
}

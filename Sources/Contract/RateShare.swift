package import JSON

/// What a heartbeat tells of the part of the rate that a process has for a domain, and lends.
///
/// Parts are in millionths of the limit of all replicas together.
package struct RateShare: Sendable, Equatable {
    /// The consumer group that shares the rate.
    package var group: String
    /// Counts what this process has told of its part, from 1.
    package var number: UInt64
    /// The part by the partitions owned.
    package var base: Int
    /// What could be used.
    package var wants: Int
    /// How long a loan lasts, in milliseconds.
    package var loanTerm: Int64
    package var loans: [Loan]

    /// A part that another process may use instead.
    package struct Loan: Sendable, Equatable {
        /// The borrower.
        package var worker: String
        /// The number of what the borrower has told, from which the term runs.
        package var answers: UInt64
        package var part: Int

        package init(worker: String, answers: UInt64, part: Int) {
            self.worker = worker
            self.answers = answers
            self.part = part
        }
    }

    package init(
        group: String,
        number: UInt64,
        base: Int,
        wants: Int,
        loanTerm: Int64,
        loans: [Loan]
    ) {
        self.group = group
        self.number = number
        self.base = base
        self.wants = wants
        self.loanTerm = loanTerm
        self.loans = loans
    }
}

extension RateShare {
    static let field = "rate_share"

    func write(to w: inout JSONWriter) {
        w.field("group", group)
        w.field("number", number)
        w.field("base_ppm", base)
        w.field("wants_ppm", wants)
        w.field("loan_term_ms", loanTerm)
        w.array("loans") { w in
            for loan in loans {
                w.object { w in
                    w.field("worker", loan.worker)
                    w.field("answers", loan.answers)
                    w.field("part_ppm", loan.part)
                }
            }
        }
    }

    /// Reads it from the value of a heartbeat; nil where there is none, or one that breaks a rule.
    package init?(of domain: Domain, in heartbeat: JSONObject) {
        guard let figures = heartbeat[domain.plural]?.object,
            let share = figures[Self.field]?.object,
            let group = share["group"]?.text,
            let number: UInt64 = share.number("number"),
            let base: Int = share.number("base_ppm"),
            let wants: Int = share.number("wants_ppm"),
            let loanTerm: Int64 = share.number("loan_term_ms"),
            let loans = share["loans"]?.array
        else { return nil }
        self.init(
            group: group,
            number: number,
            base: base,
            wants: wants,
            loanTerm: loanTerm,
            loans: loans.compactMap { Loan($0.object) }
        )
    }
}

extension RateShare.Loan {
    fileprivate init?(_ loan: JSONObject?) {
        guard let loan, let worker = loan["worker"]?.text,
            let answers: UInt64 = loan.number("answers"), let part: Int = loan.number("part_ppm")
        else { return nil }
        self.init(worker: worker, answers: answers, part: part)
    }
}

extension JSONObject {
    /// A whole number, not negative.
    fileprivate func number<Number: FixedWidthInteger>(_ name: String) -> Number? {
        guard case .number(let text)? = self[name], let number = Number(text), number >= 0 else {
            return nil
        }
        return number
    }
}

/// A part of the limit on the rate of all replicas together, in millionths.
///
/// Parts, not requests per second: so what is lent stays right when an operator changes the limit.
public typealias Millionths = Int

/// What a replica tells the others of its part of the rate, in each heartbeat.
public struct ShareNotice: Hashable, Sendable {
    /// Counts the notices of this process, from 1.
    public var number: UInt64
    /// Its part by the partitions that it owns.
    public var base: Millionths
    /// What it could use.
    public var wants: Millionths
    /// How long its loans last, counted from the notice of the borrower that each answers.
    public var term: Duration
    /// What it does not use itself until they end.
    public var loans: [Loan]

    /// A part of the rate that is lent.
    public struct Loan: Hashable, Sendable {
        /// The process that may use it, by the hash of its name.
        public var to: UInt64
        /// The number of the borrower's notice that it answers.
        public var answers: UInt64
        /// How much it is.
        public var part: Millionths

        /// Describes a loan.
        public init(to: UInt64, answers: UInt64, part: Millionths) {
            self.to = to
            self.answers = answers
            self.part = part
        }
    }

    /// Describes a notice.
    public init(
        number: UInt64,
        base: Millionths,
        wants: Millionths,
        term: Duration,
        loans: [Loan] = []
    ) {
        self.number = number
        self.base = base
        self.wants = wants
        self.term = term
        self.loans = loans
    }
}

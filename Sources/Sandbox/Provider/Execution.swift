/// What money is moved for.
public enum Domain: String, Sendable, CaseIterable {
    /// Money that comes in.
    case payment
    /// Money that goes out.
    case payout
}

/// One invoice or payout that the sandbox really made: a line of its own ledger, the judge of
/// every test that asks whether something was done twice.
public struct Execution: Sendable, Equatable {
    /// Counts every execution from 1.
    public let sequence: Int
    /// Payment or payout.
    public let kind: Domain
    /// As the request wrote it.
    public let reference: String
    /// The id that the provider gave it.
    public let id: String
    /// The executed amount in plain digits.
    public let amount: String
    /// Milliseconds since 1970.
    public let at: Int64

    /// As `GET /_sandbox/executions` lists it.
    var json: JSON {
        [
            "sequence": .integer(sequence), "kind": .string(kind.rawValue),
            "reference": .string(reference), "id": .string(id), "amount": .number(amount),
            "at": .string(timestamp(at)),
        ]
    }
}

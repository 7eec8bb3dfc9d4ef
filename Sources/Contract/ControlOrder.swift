/// An order of an operator on the topic `worker.control`.
package enum ControlOrder: Sendable, Equatable {
    /// What is to become of an attempt in review.
    case review(ReviewOrder)
    /// What all replicas do until they are told otherwise.
    case standing(StandingOrder)

    /// Reads a record's value; one that breaks a rule is an error.
    package init(value: UnsafeRawBufferPointer) throws(UnreadableRecord) {
        let fields = try RecordFields(value: value)
        switch try fields.required("kind") {
        case "review": self = .review(try ReviewOrder(fields))
        case "flow", "rate": self = .standing(try StandingOrder(fields))
        default: throw UnreadableRecord(what: "kind is not one of review, flow, rate")
        }
    }

    /// The record for `worker.control`.
    package func encoded() -> EncodedRecord {
        switch self {
        case .review(let order): order.encoded()
        case .standing(let order): order.encoded()
        }
    }
}

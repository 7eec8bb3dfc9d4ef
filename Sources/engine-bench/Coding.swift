import Aspayds
import Contract
import JSON
import Samples

/// Records of the command topic become commands.
final class DecodeBench: Bench {
    private struct Input {
        let key: [UInt8]
        let value: [UInt8]
        let headers: [(name: String, value: [UInt8]?)]
        let source: CommandSource
    }

    private let decoder = CommandDecoder(domain: .payout)
    private var inputs: [Input] = []

    func prepare(_ numbers: Range<Int>) {
        inputs = numbers.map { Self.input(SamplePayout(partition: 0, number: Int64($0))) }
    }

    func perform(_ numbers: Range<Int>) throws {
        for number in numbers {
            let input = inputs[number]
            let result = input.key.withUnsafeBytes { key in
                input.value.withUnsafeBytes { value in
                    decoder.decode(
                        key: key,
                        value: value,
                        headers: input.headers,
                        source: input.source
                    )
                }
            }
            if case .failure(let rejection) = result {
                throw Failure(description: "decode: \(rejection.message)")
            }
        }
    }

    private static func input(_ payout: SamplePayout) -> Input {
        let order = payout.order
        let value = JSONWriter.object { w in
            w.field("transaction_reference", order.transactionReference)
            w.field("payout_method_id", order.payoutMethodID)
            w.field("amount", raw: order.amount.description)
            w.field("recipient_name", order.recipientName)
            w.field("recipient_account", order.recipientAccount)
            w.field("currency", "BDT")
            w.field("not_after", "2026-12-31T21:30:00Z")
        }
        let headers = [
            ("ce_specversion", "1.0"), ("ce_id", "shop/\(payout.reference)"),
            ("ce_type", "aspayds.payout.request"), ("ce_source", "/shop"),
            ("content-type", "application/json"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ]
        return Input(
            key: Array(payout.reference.utf8),
            value: value,
            headers: headers.map { ($0.0, Array($0.1.utf8)) },
            source: payout.source
        )
    }
}

/// What a worker writes becomes records.
final class EncodeBench<Subject>: Bench {
    private let subject: (SamplePayout) -> Subject
    private let encode: (Subject) -> EncodedRecord?
    private var subjects: [Subject] = []

    init(
        _ subject: @escaping (SamplePayout) -> Subject,
        _ encode: @escaping (Subject) -> EncodedRecord?
    ) {
        self.subject = subject
        self.encode = encode
    }

    func prepare(_ numbers: Range<Int>) {
        subjects = numbers.map { subject(SamplePayout(partition: 0, number: Int64($0))) }
    }

    func perform(_ numbers: Range<Int>) throws {
        for number in numbers {
            guard encode(subjects[number])?.value?.isEmpty == false else {
                throw Failure(description: "encode: a record without a value")
            }
        }
    }
}

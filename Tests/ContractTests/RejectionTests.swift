import Contract
import Testing

/// What decides between a refusal and a dead letter, and the reason codes.
@Suite struct RejectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var value: String?
        var key: String?
        var headers: [(String, String)] = []
        var code: Rejection.Code
        var field: String?
        var isRefused: Bool

        init(
            _ name: String,
            _ value: String?,
            key: String? = nil,
            headers: [(String, String)] = [],
            _ code: Rejection.Code,
            _ field: String? = nil,
            refused: Bool
        ) {
            testDescription = name
            self.value = value
            self.key = key
            self.headers = headers
            self.code = code
            self.field = field
            isRefused = refused
        }
    }

    static let valid = command(.payment)
    static let structured = [("content-type", "application/cloudevents+json")]

    static func event(_ attributes: String) -> String { "{\(attributes),\"data\":\(valid)}" }

    @Test(arguments: [
        Case("tombstone", nil, .notJSON, refused: false),
        Case("no bytes", "", .notJSON, refused: false),
        Case("text", "hello", .notJSON, refused: false),
        Case("cut off", String(valid.dropLast()), .notJSON, refused: false),
        Case("array", "[]", .notAnObject, refused: false),
        Case("string", "\"x\"", .notAnObject, refused: false),
        Case(
            "deep",
            String(repeating: "[", count: 99),
            .notJSON,
            refused: false
        ),
        Case(
            "too large",
            valid + String(repeating: " ", count: 65_536),
            key: "TRX1001",
            .tooLarge,
            refused: false
        ),
        Case(
            "duplicate amount",
            command(.payment, "amount", "1,\"amount\":2"),
            .duplicateKey,
            "amount",
            refused: true
        ),
        Case(
            "duplicate reference",
            command(.payment, "transaction_reference", "\"A\",\"transaction_reference\":\"B\""),
            .duplicateKey,
            "transaction_reference",
            refused: false
        ),
        Case(
            "typing error",
            command(.payment, "ammount", "1"),
            .unknownField,
            "ammount",
            refused: true
        ),
        Case(
            "payout field",
            command(.payment, "payout_method_id", "1"),
            .unknownField,
            "payout_method_id",
            refused: true
        ),
        Case("key", valid, key: "TRX1002", .keyMismatch, "transaction_reference", refused: true),
        Case(
            "key longer",
            valid,
            key: "TRX10011",
            .keyMismatch,
            "transaction_reference",
            refused: true
        ),
        Case(
            "return address",
            command(.payment, "return_url", "\"https://a.example\""),
            .notConfigured,
            "return_url",
            refused: true
        ),
        Case(
            "unknown type",
            valid,
            headers: [("ce_type", "aspayds.payment.refund")],
            .unknownType,
            "ce_type",
            refused: true
        ),
        Case(
            "other topic",
            valid,
            headers: [("ce_type", "aspayds.payout.request")],
            .wrongTopic,
            "ce_type",
            refused: true
        ),
        Case(
            "type in capitals",
            valid,
            headers: [("ce_type", "aspayds.payment.Create")],
            .unknownType,
            "ce_type",
            refused: true
        ),
        Case(
            "version",
            valid,
            headers: [("ce_specversion", "0.3"), ("ce_type", "aspayds.payment.create")],
            .invalidEnvelope,
            "ce_specversion",
            refused: true
        ),
        Case(
            "no type",
            valid,
            headers: [("ce_specversion", "1.0")],
            .invalidEnvelope,
            "ce_type",
            refused: true
        ),
        Case(
            "two types",
            valid,
            headers: [("ce_type", "aspayds.payment.create"), ("ce_type", "aspayds.payment.check")],
            .invalidHeader,
            "ce_type",
            refused: true
        ),
        Case(
            "long id",
            valid,
            headers: [("ce_id", String(repeating: "i", count: 256))],
            .invalidHeader,
            "ce_id",
            refused: true
        ),
        Case("empty id", valid, headers: [("ce_id", "")], .invalidHeader, "ce_id", refused: true),
        Case(
            "check by both",
            #"{"transaction_reference":"A","invoice_id":"ATINV1"}"#,
            headers: [("ce_type", "aspayds.payment.check")],
            .invalidField,
            "invoice_id",
            refused: true
        ),
        Case(
            "check of nothing",
            "{}",
            headers: [("ce_type", "aspayds.payment.check")],
            .missingField,
            "transaction_reference",
            refused: false
        ),
        Case(
            "structured, old",
            event(#""specversion":"0.3","id":"1","source":"/","type":"t""#),
            headers: structured,
            .invalidEnvelope,
            "specversion",
            refused: true
        ),
        Case(
            "structured, no id",
            event(#""specversion":"1.0","source":"/","type":"t""#),
            headers: structured,
            .invalidEnvelope,
            "id",
            refused: true
        ),
        Case(
            "structured, unknown type",
            event(#""specversion":"1.0","id":"1","source":"/","type":"t""#),
            headers: structured,
            .unknownType,
            "ce_type",
            refused: true
        ),
        Case(
            "structured, no base64",
            #"{"specversion":"1.0","id":"1","source":"/","type":"t","data_base64":"%%"}"#,
            headers: structured,
            .invalidEnvelope,
            "data_base64",
            refused: false
        ),
        Case(
            "structured, data no object",
            #"{"specversion":"1.0","id":"1","source":"/","type":"t","data":"x"}"#,
            headers: structured,
            .notAnObject,
            "data",
            refused: false
        ),
        Case(
            "structured, duplicate in data",
            #"{"specversion":"1.0","id":"1","source":"/","type":"aspayds.payment.create","data":\#(command(.payment, "amount", "1,\"amount\":2"))}"#,
            headers: structured,
            .duplicateKey,
            "amount",
            refused: true
        ),
    ])
    func rejects(_ example: Case) {
        let rejection = decode(
            .payment,
            example.value,
            key: example.key,
            headers: example.headers
        ).failure
        #expect(rejection?.code == example.code)
        #expect(rejection?.field == example.field)
        #expect((rejection?.reference != nil) == example.isRefused)
        #expect(rejection?.message.isEmpty == false)
    }

    @Test func acceptsKeysWithoutRegardToCaseAndEmptyOnes() {
        for key in ["TRX1001", "trx1001", ""] {
            #expect(decode(.payment, Self.valid, key: key).failure == nil)
        }
    }

    @Test func namesTheCommand() {
        let named = decode(.payment, "{}", headers: [("ce_id", "c-7")]).failure
        #expect(named?.commandID == "c-7")
        #expect(decode(.payment, "{}").failure?.commandID == "aspayds.payment.commands/3/42")
    }

    @Test func deadLettersInvalidUTF8() {
        let bytes = Array(Self.valid.utf8.dropLast(2)) + [0xFF, 0x22, 0x7D]
        let rejection = decode(.payment, bytes: bytes).failure
        #expect(rejection?.code == .invalidUTF8)
        #expect(rejection?.reference == nil)
    }

    /// Random and mutated records: there is always a verdict.
    @Test func survivesAnything() {
        var random = SplitMix(seed: 7)
        let seeds = [
            command(.payment), command(.payout),
            #"{"specversion":"1.0","id":"1","source":"/","type":"aspayds.payout.check","data":{"payout_id":"x"}}"#,
        ].map { Array($0.utf8) }
        let types = [
            "aspayds.payment.create", "aspayds.payment.check", "aspayds.payout.request",
            "aspayds.payout.check", "aspayds.payout.methods", "", "\0",
        ]
        var accepted = 0
        for _ in 0..<30_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
                default: bytes.remove(at: place)
                }
            }
            var headers: [(String, String)] = []
            if Bool.random(using: &random) {
                headers.append(("ce_type", types.randomElement(using: &random) ?? ""))
            }
            if Int.random(in: 0..<4, using: &random) == 0 { headers += Self.structured }
            let domain: Domain = Bool.random(using: &random) ? .payment : .payout
            switch decode(domain, bytes: bytes, headers: headers) {
            case .success: accepted += 1
            case .failure(let rejection):
                #expect(rejection.reference.map { Reference.isValid($0, domain) } ?? true)
            }
        }
        #expect(accepted > 1000)
    }
}

/// What may be somebody's account is not repeated, in whatever field it stands.
@Suite struct MaskedRejectionTests {
    @Test(arguments: ["currency", "not_after", "callback_url", "amount"])
    func anAccountInTheWrongFieldIsMasked(_ field: String) throws {
        let value = command(.payout, field, "\"01712345678x\"")
        let rejection = try #require(decode(.payout, value, key: "WD1").failure)
        #expect(rejection.message.contains("****5678"))
        #expect(!rejection.message.contains("01712345678"))
    }

    @Test func anAccountAsTheNameOfAFieldIsMasked() throws {
        let rejection = decode(.payout, command(.payout, "01712345678", "1")).failure
        #expect(rejection?.field == "****5678")
        #expect(rejection?.message.contains("01712345678") == false)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

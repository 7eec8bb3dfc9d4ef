import JSON
import Testing

/// RFC 8259, and every trap in it that we know of.
@Suite struct JSONParserTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" \t\r\n true \n", .bool(true)), ("false", .bool(false)),
        ("0", .number("0")), ("-0", .number("-0")), ("-0.0e-0", .number("-0.0e-0")),
        ("1E+400", .number("1E+400")), ("100.00", .number("100.00")),
        ("123456789012345678901234567890.10", .number("123456789012345678901234567890.10")),
        (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{c}\n\r\tz")),
        (#""\u0000\u00e9\u20AC""#, .string("\0é€")), (#""\uD83D\ude00""#, .string("😀")),
        (#""é€😀""#, .string("é€😀")), (#""é\n€""#, .string("é\n€")),
        ("\"\u{7F}\"", .string("\u{7F}")),
        (#""\uFFFF""#, .string("\u{FFFF}")), ("[]", .array([])), ("[ ]", .array([])),
        ("[1,[2],{}]", .array([.number("1"), .array([.number("2")]), .object(JSONObject([]))])),
        (
            #"{"a":1,"b":{"a":2}, "":null}"#,
            .object(
                JSONObject([
                    ("a", .number("1")), ("b", .object(JSONObject([("a", .number("2"))]))),
                    ("", .null),
                ])
            )
        ),
    ])
    func accepts(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue.parse(text, duplicates: .refuse) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "tru", "+1", "01", "-", "-01", "1.", ".5", "1.e3", "1e",
        "1e+",
        "0x10", "1_000", "NaN", "Infinity", "-Infinity", "1 2", "١", "[", "]", "[1", "[1,", "[1,]",
        "[,1]",
        "[1 2]", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
        "{'a':1}",
        "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"", "\"\\uD83D\"", "\"\\uD83Dx\"", "\"\\uD83D\\n\"", "\"\\uD83D\\uD83D\"",
        "\"\\uDE00\"",
        "\"a\nb\"", "\"\t\"", "\"\0\"", "// c\n1", "/**/1", "1//", "\u{FEFF}1", "\u{A0}1", "1\u{0}",
        "[1]]",
        "{\"a\":1}}", "\"a\"b", "undefined", "'a'", "{}{}", "[1]\u{C}",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text, duplicates: .keep) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0x5C, 0x6E, 0x80, 0x22],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse(bytes, duplicates: .refuse)
        }
        #expect(error?.problem == .invalidUTF8)
    }

    @Test func tellsWhereAndWhat() {
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse(#"{"a": 1, "b" 2}"#, duplicates: .refuse)
        }
        #expect(error == JSONError(offset: 13, problem: .syntax(expected: "a colon")))
    }

    @Test(arguments: [#"{"a":1,"b":2,"a":3}"#, #"{"x":{"a":1,"\u0061":2}}"#, #"[{"a":1,"a":1}]"#])
    func refusesDuplicates(_ text: String) {
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse(text, duplicates: .refuse)
        }
        #expect(error?.problem == .duplicateKey("a"))
        #expect(throws: Never.self) { try JSONValue.parse(text, duplicates: .keep) }
    }

    @Test func refusesDuplicatesInLargeObjects() {
        for last in 0..<40 {
            let names = (0..<40).map { "\"n\($0)\":0" }.joined(separator: ",")
            let error = #expect(throws: JSONError.self) {
                try JSONValue.parse("{\(names),\"n\(last)\":1}", duplicates: .refuse)
            }
            #expect(error?.problem == .duplicateKey("n\(last)"))
        }
    }

    @Test func keepsTheFirstOfDuplicates() throws {
        let value = try JSONValue.parse(#"{"s":"success","s":"pending"}"#, duplicates: .keep)
        #expect(value.object?["s"] == .string("success"))
        #expect(value.object?.all("s") == [.string("success"), .string("pending")])
    }

    @Test func boundsTheDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue.parse(nested(32), duplicates: .refuse) }
        for text in [nested(33), nested(100_000), String(repeating: "{\"a\":", count: 50_000)] {
            let error = #expect(throws: JSONError.self) {
                try JSONValue.parse(text, duplicates: .refuse)
            }
            #expect(error?.problem == .tooDeep)
        }
    }

    /// Whatever comes in, it ends; and what is accepted is written and read back the same.
    @Test func survivesRandomBytes() throws {
        var random = SplitMix(seed: 20_260_209)
        let alphabet = Array(#"{}[]",:\u0123dDeE+-.tfn 😀"#.utf8) + [0xFF, 0x80, 0x00, 0x0A]
        var accepted = 0
        for _ in 0..<100_000 {
            let length = Int.random(in: 0...24, using: &random)
            let bytes = (0..<length).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &random)]
            }
            guard let value = try? JSONValue.parse(bytes, duplicates: .keep) else { continue }
            accepted += 1
            var writer = JSONWriter()
            writer.value(value)
            #expect(try JSONValue.parse(writer.bytes, duplicates: .keep) == value)
        }
        #expect(accepted > 100)
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

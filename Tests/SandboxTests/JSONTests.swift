import Testing

@testable import Sandbox

struct JSONTests {
    @Test func `reads and writes every kind of value, numbers as written`() throws {
        let text = #"{"a":[null,true,false,-0.10e+5,"é\"\\\u0001"],"b":{},"a":1}"#
        let json = try JSONReader.read(Array(text.utf8))
        #expect(String(decoding: json.bytes, as: UTF8.self) == text)
        #expect(json["a"] == 1)
    }

    @Test func `reads escapes and surrogates`() throws {
        let json = try JSONReader.read(Array(#" "\ud83d\ude00\n\/\u00e9" "#.utf8))
        #expect(json == "😀\n/é")
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "nul", "\"\\ud800\"", "\"\\udc00x\"",
        "\"\\u+123\"", "\"a", "\"\n\"", "1 2", "{a:1}", "[1 2]", "\"\\x\"",
    ])
    func `refuses what is not JSON`(text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `refuses invalid UTF-8 and bottomless nesting`() {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(deep) }
    }

    @Test(arguments: [
        ("1", "1"), ("1.50", "1.5"), ("001.05", "1.05"), ("0.000001", "0.000001"),
        ("999999999999999.999999", "999999999999999.999999"),
    ])
    func `an amount is exact`(text: String, written: String) {
        #expect(Money(text)?.description == written)
    }

    @Test(arguments: [
        "", "-1", "+1", "1e2", " 1", "1.", ".1", "1.2.3", "1.0000001", "1234567890123456", "١",
    ])
    func `is not an amount`(text: String) {
        #expect(Money(text) == nil)
    }
}

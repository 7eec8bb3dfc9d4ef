import JSON
import Testing

@Suite struct JSONWriterTests {
    @Test func writesCompactly() {
        let bytes = JSONWriter.object { w in
            w.field("text", "a\"\\/\u{1}\n\r\té😀\u{7F}")
            w.field("amount", raw: "100.5")
            w.field("absent", String?.none)
            w.field("number", Int64.min)
            w.field("flag", false)
            w.object("empty") { _ in }
            w.array("list") { w in
                w.string("x")
                w.raw("1")
                w.object { $0.field("y", 2) }
                w.array { _ in }
            }
            w.field("any", JSONValue.array([.null, .bool(true), .number("1e5"), .string("")]))
        }
        let expected =
            #"{"text":"a\"\\/\u0001\n\r\té😀"# + "\u{7F}"
            + #"","amount":100.5,"number":-9223372036854775808,"flag":false,"empty":{},"#
            + #""list":["x",1,{"y":2},[]],"any":[null,true,1e5,""]}"#
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    /// Texts are looked through eight bytes at a time.
    @Test func whateverStandsAnywhereIsReadBack() throws {
        let scalars = (0..<128).compactMap(Unicode.Scalar.init) + ["é", "\u{80}", "😀"]
        for place in 0..<20 {
            for scalar in scalars {
                let dots = String(repeating: ".", count: 20)
                let text = dots.prefix(place) + String(scalar) + dots.dropFirst(place)
                let bytes = JSONWriter.object { $0.field("a", String(text)) }
                let value = try JSONValue.parse(bytes, duplicates: .refuse)
                #expect(value == .object(JSONObject([("a", .string(String(text)))])))
            }
        }
    }

    @Test func escapesNames() throws {
        let bytes = JSONWriter.object { $0.field("a\"\n", 1) }
        let value = try JSONValue.parse(bytes, duplicates: .refuse)
        #expect(value == .object(JSONObject([("a\"\n", .number("1"))])))
    }
}

/// The path and the query of a request, decoded.
struct Target {
    let path: [String]
    private let query: Query

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = (parts.first ?? "").split(separator: "/").map { Query.decode($0) }
        query = Query(parts.count == 2 ? parts[1] : "")
    }

    subscript(_ name: String) -> String? { query[name] }
}

/// `name=value&name=value`, of an address or of a form.
struct Query {
    private let text: Substring

    init(_ text: Substring) {
        self.text = text
    }

    /// The body of a form.
    init(_ body: [UInt8]) {
        self.init(String(decoding: body, as: UTF8.self)[...])
    }

    /// The first value of that name, decoded.
    subscript(_ name: String) -> String? {
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2, sides[0] == name { return Self.decode(sides[1]) }
        }
        return nil
    }

    /// `%41` is an A; a percent sign that begins nothing stays.
    static func decode(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2,
                let value = UInt8(digits, radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

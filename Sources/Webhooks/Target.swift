/// The path and the query of a request.
struct Target {
    /// As it came, without the query.
    let path: Substring
    /// What stands behind the `?`, as it came.
    let query: Substring?

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first ?? ""
        query = parts.count == 2 ? parts[1] : nil
    }

    /// The first value of that name, decoded.
    subscript(_ name: String) -> String? {
        for pair in query?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2, sides[0] == name { return Self.decode(sides[1]) }
        }
        return nil
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = Array(rest.prefix(2)).compactMap(hexadecimal)
            switch byte {
            case UInt8(ascii: "%") where digits.count == 2:
                bytes.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

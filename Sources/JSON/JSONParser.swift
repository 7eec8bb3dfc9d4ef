extension JSONValue {
    /// What to do with an object that has the same name twice.
    package enum Duplicates: Sendable {
        /// It is an error.
        case refuse
        /// Keep all of them; the first one answers.
        case keep
    }

    /// Parses a whole text: nothing but white space may follow the value.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer,
        duplicates: Duplicates,
        maxDepth: Int = 32
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, duplicates: duplicates)
        let value = try parser.value(depth: maxDepth)
        guard parser.peek() == nil else { throw parser.error(expected: "the end of the text") }
        return value
    }

    /// Parses a whole text.
    package static func parse(
        _ bytes: [UInt8],
        duplicates: Duplicates,
        maxDepth: Int = 32
    ) throws(JSONError) -> JSONValue {
        // A closure that throws a typed error loses its type in `withUnsafeBytes`.
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in
                try parse(buffer, duplicates: duplicates, maxDepth: maxDepth)
            }
        }
        return try result.get()
    }

    /// Parses a whole text.
    package static func parse(
        _ text: String,
        duplicates: Duplicates,
        maxDepth: Int = 32
    ) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), duplicates: duplicates, maxDepth: maxDepth)
    }
}

/// One pass over the bytes; nothing is allocated but the result.
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let duplicates: JSONValue.Duplicates
    var position = 0

    init(bytes: UnsafeRawBufferPointer, duplicates: JSONValue.Duplicates) {
        self.bytes = bytes
        self.duplicates = duplicates
    }

    func error(expected: String) -> JSONError {
        JSONError(offset: position, problem: .syntax(expected: expected))
    }

    /// The next byte that is not white space; it is not consumed.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = peek() else { throw error(expected: "a value") }
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw error(expected: "a value")
        }
    }

    private mutating func literal(
        _ word: StaticString,
        _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[position..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            )
        else { throw error(expected: "\(word)") }
        position = end
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth > 0 else { throw JSONError(offset: position, problem: .tooDeep) }
        position += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth - 1))
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw error(expected: "a comma or ]") }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth > 0 else { throw JSONError(offset: position, problem: .tooDeep) }
        position += 1
        var members: [(name: String, value: JSONValue)] = []
        var names = NamesSeen()
        if take(UInt8(ascii: "}")) { return JSONObject(members) }
        members.reserveCapacity(8)
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw error(expected: "a name") }
            let start = position
            let name = try string()
            if duplicates == .refuse, !names.insert(name, after: members) {
                throw JSONError(offset: start, problem: .duplicateKey(name))
            }
            guard take(UInt8(ascii: ":")) else { throw error(expected: "a colon") }
            members.append((name, try value(depth: depth - 1)))
            if take(UInt8(ascii: "}")) { return JSONObject(members) }
            guard take(UInt8(ascii: ",")) else { throw error(expected: "a comma or }") }
        }
    }
}

/// Tells a repeated name: by looking at the few members of a small object, by a set in a large one.
private struct NamesSeen {
    private var set: Set<String> = []

    mutating func insert(_ name: String, after members: [(name: String, value: JSONValue)]) -> Bool
    {
        if members.count < 16 { return !members.contains { $0.name == name } }
        if set.isEmpty { set = Set(members.map(\.name)) }
        return set.insert(name).inserted
    }
}

extension JSONParser {
    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, as written.
    private mutating func number() throws(JSONError) -> String {
        let start = position
        if next(is: UInt8(ascii: "-")) { position += 1 }
        if next(is: UInt8(ascii: "0")) { position += 1 } else { try digits() }
        if next(is: UInt8(ascii: ".")) {
            position += 1
            try digits()
        }
        if next(is: UInt8(ascii: "e")) || next(is: UInt8(ascii: "E")) {
            position += 1
            if next(is: UInt8(ascii: "+")) || next(is: UInt8(ascii: "-")) { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func next(is byte: UInt8) -> Bool {
        position < bytes.count && bytes[position] == byte
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] {
            position += 1
        }
        guard position > start else { throw error(expected: "a digit") }
    }

    /// A string; without escapes it is copied as it stands.
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        var ascii = true
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                let slice = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                position += 1
                if ascii { return String(decoding: slice, as: UTF8.self) }
                return try validated(slice, from: start)
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw error(expected: "no control character in a string")
            default:
                if byte >= 0x80 { ascii = false }
                position += 1
            }
        }
        throw error(expected: "the end of the string")
    }

    private func validated(
        _ text: some Collection<UInt8>,
        from start: Int
    ) throws(JSONError) -> String {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw JSONError(offset: start, problem: .invalidUTF8)
        }
        return text
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try validated(text, from: start)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20: throw error(expected: "no control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error(expected: "the end of the string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw error(expected: "an escape") }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            text.append(contentsOf: UTF8.encode(try scalar()) ?? UTF8.encodedReplacementCharacter)
            return
        default: throw error(expected: "an escape")
        }
        position += 1
    }

    /// The scalar of one `\u` escape, or of a pair of surrogates; a lone surrogate is an error.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let start = position
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let lone = JSONError(offset: start, problem: .syntax(expected: "a pair of surrogates"))
        guard high < 0xDC00, next(is: UInt8(ascii: "\\")) else { throw lone }
        position += 1
        guard next(is: UInt8(ascii: "u")) else { throw lone }
        position += 1
        let low = try hexadecimal()
        guard 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        else { throw lone }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch position < bytes.count ? bytes[position] : 0 {
            case let byte where 0x30...0x39 ~= byte: digit = byte - 0x30
            case let byte where 0x41...0x46 ~= byte: digit = byte - 0x41 + 10
            case let byte where 0x61...0x66 ~= byte: digit = byte - 0x61 + 10
            default: throw error(expected: "four hexadecimal digits")
            }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        return number
    }
}

/// Writes compact JSON as UTF-8 bytes.
///
/// Fields without a value are left out.
///
/// ```
/// var writer = JSONWriter()
/// writer.object { w in
///     w.field("name", "text")
///     w.field("amount", raw: "100.5")
///     w.array("ids") { w in for id in ids { w.string(id) } }
/// }
/// ```
package struct JSONWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// The bytes of one object.
    package static func object(
        reserving capacity: Int = 256,
        _ body: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: capacity)
        writer.object(body)
        return writer.bytes
    }

    // MARK: Values: the text itself, or an element of an array

    /// Writes an object.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes an array.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        separate()
        quoted(text)
        needsComma = true
    }

    /// Writes a text that is JSON already, such as a number as it was written.
    package mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    /// Writes bytes that are JSON already.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes any value.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .number(let text): raw(text)
        case .string(let text): string(text)
        case .array(let elements): array { w in for element in elements { w.value(element) } }
        case .object(let object):
            self.object { w in
                for (name, value) in object.members {
                    w.name(name)
                    w.value(value)
                }
            }
        }
    }

    // MARK: Fields of an object

    /// Writes a string field.
    package mutating func field(_ name: String, _ text: String?) {
        guard let text else { return }
        self.name(name)
        string(text)
    }

    /// Writes an integer field.
    package mutating func field(_ name: String, _ number: (some FixedWidthInteger)?) {
        guard let number else { return }
        self.name(name)
        raw(String(number))
    }

    /// Writes a boolean field.
    package mutating func field(_ name: String, _ flag: Bool?) {
        guard let flag else { return }
        self.name(name)
        raw(flag ? "true" : "false")
    }

    /// Writes a field of any value.
    package mutating func field(_ name: String, _ value: JSONValue?) {
        guard let value else { return }
        self.name(name)
        self.value(value)
    }

    /// Writes a field whose text is JSON already, such as a number as it was written.
    package mutating func field(_ name: String, raw text: String?) {
        guard let text else { return }
        self.name(name)
        raw(text)
    }

    /// Writes a field that holds an object.
    package mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    /// Writes a field that holds an array.
    package mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        array(body)
    }

    /// Writes the name of a field; its value is written next.
    package mutating func name(_ name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // Most texts need no escape: they are copied at one stroke.
            let plain = Self.plainLength(utf8)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[..<plain]))
            for byte in utf8[plain...] { escaped(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// How long the part is that needs no escapes, eight bytes at a time and then one by one.
    private static func plainLength(_ utf8: UnsafeBufferPointer<UInt8>) -> Int {
        let raw = UnsafeRawBufferPointer(utf8)
        var length = 0
        while length + 8 <= raw.count {
            let eight = raw.loadUnaligned(fromByteOffset: length, as: UInt64.self)
            if hasBelow(0x20, eight) || has(UInt8(ascii: "\""), eight)
                || has(UInt8(ascii: "\\"), eight)
            {
                break
            }
            length += 8
        }
        while length < utf8.count, !needsEscape(utf8[length]) { length += 1 }
        return length
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101

    private static func has(_ byte: UInt8, _ eight: UInt64) -> Bool {
        hasBelow(1, eight ^ ones &* UInt64(byte))
    }

    /// Whether one of eight bytes is below a limit of at most 128: subtracting that borrows.
    private static func hasBelow(_ limit: UInt64, _ eight: UInt64) -> Bool {
        (eight &- ones &* limit) & ~eight & ones << 7 != 0
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escaped(_ byte: UInt8) {
        guard Self.needsEscape(byte) else { return bytes.append(byte) }
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Self.hexadecimal(byte >> 4))
            bytes.append(Self.hexadecimal(byte & 15))
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}

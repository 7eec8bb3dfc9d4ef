/// Writes numbers with leading zeros: as lower-case hexadecimal digits, or as decimal ones.
struct DigitWriter {
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var length = 0

    /// A text of a known length, made in one piece.
    static func text(of length: Int, _ write: (inout DigitWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: length) { buffer in
            var writer = DigitWriter(buffer)
            write(&writer)
            return writer.length
        }
    }

    private init(_ text: UnsafeMutableBufferPointer<UInt8>) { self.text = text }

    mutating func number(_ number: UInt64, digits: Int = 16) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(4 * place)) & 15
            append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
    }

    /// Writes the last digits of a number, and what stands behind it.
    mutating func decimal(_ number: Int, digits: Int, _ mark: Unicode.Scalar) {
        var rest = number
        for place in (length..<length + digits).reversed() {
            text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        length += digits
        append(UInt8(ascii: mark))
    }

    mutating func dash() { append(UInt8(ascii: "-")) }

    private mutating func append(_ byte: UInt8) {
        text[length] = byte
        length += 1
    }
}

/// Reads lower-case hexadecimal numbers of fixed lengths.
struct HexReader<Bytes: Collection<UInt8>> {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func dash() -> Bool { rest.popFirst() == UInt8(ascii: "-") }

    mutating func number(digits: Int = 16) -> UInt64? {
        var number: UInt64 = 0
        for _ in 0..<digits {
            guard let byte = rest.popFirst(), let digit = value(ofDigit: byte) else { return nil }
            number = number << 4 | digit
        }
        return number
    }
}

private func value(ofDigit byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    default: nil
    }
}

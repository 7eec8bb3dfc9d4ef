package import JSON

/// An amount of money, held exactly in thousandths of the currency's unit.
public struct Amount: Hashable, Sendable {
    /// The number of thousandths.
    public let thousandths: Int64

    /// The amount of so many thousandths; a negative number counts as zero.
    public init(thousandths: Int64) { self.thousandths = max(0, thousandths) }

    /// Nothing.
    public static let zero = Amount(thousandths: 0)

    /// Reads `digits[.digits]` exactly.
    ///
    /// There is no sign and no exponent. Digits beyond `fractionDigits` must be zeros: an amount is
    /// refused rather than rounded.
    public init(_ text: String, fractionDigits: Int = 2) throws(AmountError) {
        guard text.utf8.count <= Self.longestText else { throw .tooLong }
        var whole: Int64 = 0
        var wholeDigits = 0
        var fraction: Int64 = 0
        var fractionLength = 0
        var inFraction = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), !inFraction, wholeDigits > 0 {
                inFraction = true
                continue
            }
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { throw .notAnAmount }
            let digit = Int64(byte - UInt8(ascii: "0"))
            if !inFraction {
                wholeDigits += 1
                whole = whole * 10 + digit
                guard whole < Self.wholeLimit else { throw .tooLarge }
                continue
            }
            fractionLength += 1
            if fractionLength <= min(fractionDigits, 3) {
                fraction = fraction * 10 + digit
            } else if digit != 0 {
                throw .tooPrecise(fractionDigits: fractionDigits)
            }
        }
        guard wholeDigits > 0, !inFraction || fractionLength > 0 else { throw .notAnAmount }
        for _ in min(fractionLength, fractionDigits, 3)..<3 { fraction *= 10 }
        thousandths = whole * 1000 + fraction
    }

    /// Reads a JSON number or string as it was written.
    package init(_ value: JSONValue, fractionDigits: Int = 2) throws(AmountError) {
        switch value {
        case .number(let text), .string(let text):
            try self.init(text, fractionDigits: fractionDigits)
        default: throw .notAnAmount
        }
    }

    /// At most 15 digits before the point.
    private static let wholeLimit: Int64 = 1_000_000_000_000_000
    private static let longestText = 32
}

/// Why a text is not an amount.
public enum AmountError: Error, Equatable, Sendable {
    /// Something else than `digits[.digits]`.
    case notAnAmount
    /// More than 15 digits before the point.
    case tooLarge
    /// More than 32 characters.
    case tooLong
    /// More decimal places than the currency has.
    case tooPrecise(fractionDigits: Int)
}

extension AmountError: CustomStringConvertible {
    /// What an amount must be.
    public var description: String {
        switch self {
        case .notAnAmount: "an amount is digits, with a point and digits where needed"
        case .tooLarge: "an amount has at most 15 digits before the point"
        case .tooLong: "an amount has at most 32 characters"
        case .tooPrecise(let digits): "an amount has at most \(digits) decimal places here"
        }
    }
}

extension Amount: CustomStringConvertible, Comparable {
    /// Plain digits, without trailing zeros in the fraction: a JSON number.
    public var description: String {
        let whole = String(thousandths / 1000)
        var fraction = thousandths % 1000
        guard fraction != 0 else { return whole }
        var digits = 3
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        let text = String(fraction)
        return whole + "." + String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// Compares exactly.
    public static func < (left: Amount, right: Amount) -> Bool {
        left.thousandths < right.thousandths
    }

    /// The exact sum; beyond what can be held it stays at the largest amount, above every limit.
    public static func + (left: Amount, right: Amount) -> Amount {
        let (sum, overflow) = left.thousandths.addingReportingOverflow(right.thousandths)
        return Amount(thousandths: overflow ? .max : sum)
    }
}

/// An amount, exact: millionths, so that every price and every sum of prices fits.
struct Money: Sendable, Hashable, Comparable, CustomStringConvertible {
    static let fractionDigits = 6
    static let integerDigits = 15
    private static let one: Int128 = 1_000_000

    private(set) var millionths: Int128

    static let zero = Money(0)

    /// Whole units.
    init(_ units: Int) {
        millionths = Int128(units) * Self.one
    }

    /// `digits` or `digits.digits`; nothing else is an amount (no sign, no exponent, no space).
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...Self.integerDigits).contains(whole.utf8.count),
            let units = Self.digits(whole)
        else { return nil }
        millionths = units * Self.one
        guard parts.count == 2 else { return }
        guard (1...Self.fractionDigits).contains(parts[1].utf8.count),
            var fraction = Self.digits(parts[1])
        else { return nil }
        for _ in parts[1].utf8.count..<Self.fractionDigits { fraction *= 10 }
        millionths += fraction
    }

    private static func digits(_ text: some StringProtocol) -> Int128? {
        var value: Int128 = 0
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int128(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Plain digits, without trailing zeros in the fraction.
    var description: String {
        let (units, fraction) = millionths.quotientAndRemainder(dividingBy: Self.one)
        guard fraction != 0 else { return String(units) }
        // A leading one keeps the fraction's leading zeros.
        var digits = String(fraction + Self.one).utf8.dropFirst()
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(units).\(Substring(digits))"
    }

    /// With two decimals at least, as people and the webhooks' examples write it.
    var price: String {
        let parts = description.split(separator: ".")
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        let padding = String(repeating: "0", count: max(0, 2 - fraction.utf8.count))
        return "\(parts[0]).\(fraction)\(padding)"
    }

    /// One unit less, or nothing.
    var lessOne: Money {
        var less = self
        less.millionths = max(0, millionths - Self.one)
        return less
    }

    static func < (left: Money, right: Money) -> Bool { left.millionths < right.millionths }

    static func + (left: Money, right: Money) -> Money {
        var sum = left
        sum.millionths += right.millionths
        return sum
    }
}

extension JSON {
    /// An amount as a JSON number.
    static func amount(_ money: Money) -> JSON { .number(money.description) }

    /// An amount with two decimals at least.
    static func price(_ money: Money) -> JSON { .number(money.price) }
}

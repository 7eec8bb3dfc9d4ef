/// Numbers as people read them.
enum Quantity {
    /// `12,040`.
    static func text(_ number: some BinaryInteger) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// `4.8`, and `120` where nobody cares for the rest.
    static func text(_ number: Double) -> String {
        guard number.magnitude < 1e15 else { return "-" }
        let tenths = Int64((number * 10).rounded())
        if tenths.magnitude >= 1000 || tenths.isMultiple(of: 10) {
            return text(Int64(number.rounded()))
        }
        return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    /// `1.25`: what is a part of something else, so that the parts add up.
    static func share(_ number: Double) -> String {
        guard number.magnitude < 100 else { return text(number) }
        let hundredths = Int64((number * 100).rounded())
        guard !hundredths.isMultiple(of: 10) else { return text(number) }
        let rest = hundredths.magnitude % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// `40 ms`, `1.2 s`.
    static func duration(_ milliseconds: Double) -> String {
        milliseconds < 1000
            ? "\(text(milliseconds.rounded())) ms" : "\(text(milliseconds / 1000)) s"
    }
}

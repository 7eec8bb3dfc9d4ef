/// Where a customer goes after the checkout, as documented:
/// `{callback_url}?status=success&invoice_id={id}&transaction_reference={reference}`.
struct ReturnAddress {
    /// The documented words.
    enum Status: String {
        case success
        case cancel
    }

    let text: String

    /// Nil when a browser must not be sent there: anything but http and https.
    init?(_ record: Record, _ status: Status) {
        guard case .payment(_, let callback) = record.details else { return nil }
        let scheme = callback.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let parts = callback.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let address = parts[0]
        let separator = !address.contains("?") ? "?" : address.hasSuffix("?") ? "" : "&"
        let query = [
            "status=\(status.rawValue)", "invoice_id=\(Self.encoded(record.id))",
            "transaction_reference=\(Self.encoded(record.reference))",
        ]
        let fragment = parts.count == 2 ? "#\(parts[1])" : ""
        text = Self.printable(address + separator + query.joined(separator: "&") + fragment)
    }

    /// A value of a query.
    private static func encoded(_ text: String) -> String {
        encoded(text) { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber)
                || "-._~".contains(character)
        }
    }

    /// What a header may hold; a URL that is one already stays as it is.
    private static func printable(_ text: String) -> String {
        encoded(text) { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    }

    private static func encoded(_ text: String, _ isPlain: (UInt8) -> Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 2 ? "%\(digits)" : "%0\(digits)"
            }
        }
        return result
    }
}

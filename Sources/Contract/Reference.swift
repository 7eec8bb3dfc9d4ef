import Aspayds

/// The rules for a merchant's reference.
package enum Reference {
    /// The name of its field.
    package static let field = "transaction_reference"

    /// Whether the provider will take it, and not mistake it for an id of its own.
    package static func isValid(_ text: String, _ domain: Domain) -> Bool {
        let prefix = text.utf8.prefix(5).lazy.map(\.asciiUppercased)
        return 1...domain.longestReference ~= text.utf8.count && text.utf8.allSatisfy(isAllowed)
            && !prefix.elementsEqual("ATINV".utf8) && !prefix.elementsEqual("ATPAY".utf8)
    }

    /// The rule for people.
    package static func rule(_ domain: Domain) -> String {
        "1 to \(domain.longestReference) characters of A-Z a-z 0-9 . _ -, "
            + "not beginning with ATINV or ATPAY"
    }

    /// The form under which references are compared: the provider may not tell case apart.
    package static func uppercased(_ text: String) -> String {
        String(decoding: text.utf8.map(\.asciiUppercased), as: UTF8.self)
    }

    /// The rule for an id of the provider, for people.
    package static let idRule = "1 to 64 characters of A-Z a-z 0-9 . _ -"

    /// Whether a text can be an id of the provider.
    package static func isID(_ text: String) -> Bool {
        1...64 ~= text.utf8.count && text.utf8.allSatisfy(isAllowed)
    }

    /// Whether a record's key is this reference.
    static func isKey(_ key: UnsafeRawBufferPointer, _ reference: String) -> Bool {
        key.lazy.map(\.asciiUppercased)
            .elementsEqual(reference.utf8.lazy.map(\.asciiUppercased))
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// The rules for addresses in commands and settings.
package enum WebAddress {
    /// The provider keeps no more.
    package static let longest = 255

    /// Whether a text is `http(s)://host[:port][/…]` in printable ASCII, without credentials.
    package static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= longest, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            !text.utf8.contains(where: { "\"<>\\^`{|}".utf8.contains($0) })
        else { return false }
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else {
            return false
        }
        let authority = lower.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return false }
            let address = authority[authority.index(after: authority.startIndex)..<end]
            return address.contains(":")
                && address.allSatisfy { $0.isHexDigit || ":.".contains($0) }
                && isPort(authority[authority.index(after: end)...])
        }
        let host = authority.prefix { $0 != ":" }
        let isName = host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        }
        return isName && isPort(authority.dropFirst(host.count))
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let digits = text.dropFirst()
        return first == ":" && digits.allSatisfy(\.isNumber)
            && Int(digits).map { 1...65_535 ~= $0 } ?? false
    }
}

/// The decimal places of currencies (ISO 4217) that do not have two.
package enum Currency {
    package static func fractionDigits(_ code: String?) -> Int {
        switch code {
        case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF":
            0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        default: 2
        }
    }
}

/// The last four characters of an account, for everything that is published.
package func masked(account: String) -> String {
    account.count > 4 ? "****" + account.suffix(4) : "****"
}

import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a callback address is about, signed: whoever has the address got it from us.
///
/// The text is base64url, without padding, of
/// `version, length and kid, domain, length and reference, return_url, HMAC-SHA-256 of all that`.
package struct CallbackToken: Sendable, Hashable {
    /// Payments or payouts.
    package var domain: Domain
    /// The merchant's reference, as it was written.
    package var reference: String
    /// Where the customer is sent in the end.
    package var returnURL: String?

    /// No token is longer.
    package static let longest = WebAddress.longest
    private static let version: UInt8 = 1

    package init(domain: Domain, reference: String, returnURL: String? = nil) {
        self.domain = domain
        self.reference = reference
        self.returnURL = returnURL
    }

    /// The token's text: fit for an address, the same for the same contents and key.
    package func signed(by keys: CallbackKeys) -> String {
        var bytes = [Self.version]
        Self.append(keys.signing.id, to: &bytes)
        bytes.append(domain.code)
        Self.append(Array(reference.utf8), to: &bytes)
        bytes.append(contentsOf: (returnURL ?? "").utf8)
        bytes.append(
            contentsOf: HMAC<SHA256>.authenticationCode(for: bytes, using: keys.signing.key)
        )
        return Base64URL.encode(bytes)
    }

    /// Reads a text that one of the keys has signed; nil for everything else.
    ///
    /// The codes are compared in constant time, and nothing of the contents is read before.
    package init?(_ text: String, keys: CallbackKeys) {
        guard text.utf8.count <= Self.longest, let bytes = Base64URL.decode(text),
            bytes.count > SHA256.byteCount
        else { return nil }
        let contents = bytes.dropLast(SHA256.byteCount)
        let code = Array(bytes.suffix(SHA256.byteCount))
        var rest = contents
        guard rest.popFirst() == Self.version, let id = Self.take(from: &rest),
            let key = keys.key(id),
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: contents, using: key)
        else { return nil }
        guard let domain = rest.popFirst().flatMap(Domain.init(code:)),
            let name = Self.take(from: &rest),
            let reference = String(validating: name, as: UTF8.self),
            Reference.isValid(reference, domain),
            let address = String(validating: rest, as: UTF8.self),
            address.isEmpty || WebAddress.isValid(address)
        else { return nil }
        self.init(
            domain: domain,
            reference: reference,
            returnURL: address.isEmpty ? nil : address
        )
    }

    private static func append(_ part: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(UInt8(clamping: part.count))
        bytes.append(contentsOf: part)
    }

    private static func take(from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let count = rest.popFirst(), count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}

extension Domain {
    /// Its number in tokens.
    fileprivate var code: UInt8 { self == .payment ? 0 : 1 }

    fileprivate init?(code: UInt8) {
        switch code {
        case 0: self = .payment
        case 1: self = .payout
        default: return nil
        }
    }
}

/// Base64 with the alphabet for addresses, without padding (RFC 4648 §5).
private enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString()
        let mapped = text.utf8.lazy.filter { $0 != UInt8(ascii: "=") }.map(toURL)
        return String(decoding: Array(mapped), as: UTF8.self)
    }

    /// One text for one value: another alphabet, padding or stray bits are refused.
    static func decode(_ text: String) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let standard = String(decoding: text.utf8.map(toStandard), as: UTF8.self) + padding
        guard let data = Data(base64Encoded: standard) else { return nil }
        let bytes = [UInt8](data)
        return encode(bytes) == text ? bytes : nil
    }

    private static func toURL(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: byte
        }
    }

    private static func toStandard(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: byte
        }
    }
}

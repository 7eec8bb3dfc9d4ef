import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys of callback addresses: the first signs, all verify, so that a key can be replaced while
/// addresses that it signed are still in use.
///
/// It never prints its keys.
package struct CallbackKeys: Sendable {
    /// One key with its name in tokens.
    struct Entry: Sendable {
        let id: [UInt8]
        let key: SymmetricKey
    }

    /// What a text must be, in words that complete "must be …".
    package static let rule =
        "kid:base64,… with 1 to \(mostKeys) different kids, each 1 to 8 characters of A-Z a-z 0-9, "
        + "and keys of \(keyLengths.lowerBound) to \(keyLengths.upperBound) bytes"

    private static let keyLengths = 16...64
    private static let mostKeys = 16

    /// The key that signs.
    let signing: Entry
    private let others: [Entry]

    /// Reads `kid:base64,…`; nil when it is not that, or a kid is there twice.
    package init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let entries = parts.compactMap(Self.entry)
        guard entries.count == parts.count, entries.count <= Self.mostKeys,
            Set(entries.map(\.id)).count == entries.count, let first = entries.first
        else { return nil }
        signing = first
        others = Array(entries.dropFirst())
    }

    /// The key of that name.
    func key(_ id: some Sequence<UInt8>) -> SymmetricKey? {
        if signing.id.elementsEqual(id) { return signing.key }
        return others.first { $0.id.elementsEqual(id) }?.key
    }

    private static func entry(_ text: Substring) -> Entry? {
        let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, 1...8 ~= sides[0].utf8.count,
            sides[0].utf8.allSatisfy(isLetterOrDigit),
            let key = Data(base64Encoded: String(sides[1])), keyLengths ~= key.count
        else { return nil }
        return Entry(id: Array(sides[0].utf8), key: SymmetricKey(data: key))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

extension CallbackKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "****" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

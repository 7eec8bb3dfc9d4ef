/// Makes the addresses that the provider is given: a capability for one reference each.
package struct CallbackAddress: Sendable {
    /// What every path ends with, before the token.
    package static let path = "/callback/"
    /// The longest public address: with it a token of the longest reference still fits.
    package static let longestBase = 100

    /// Where the provider and customers reach the receiver, without a slash at the end.
    package let base: String
    /// What signs the addresses.
    package let keys: CallbackKeys

    package init(base: String, keys: CallbackKeys) {
        self.base = base
        self.keys = keys
    }

    /// The address for a reference; nil when it would be longer than the provider keeps.
    package func address(_ domain: Domain, _ reference: String, returnURL: String?) -> String? {
        let token = CallbackToken(domain: domain, reference: reference, returnURL: returnURL)
        let address = base + Self.path + token.signed(by: keys)
        return address.utf8.count <= WebAddress.longest ? address : nil
    }
}

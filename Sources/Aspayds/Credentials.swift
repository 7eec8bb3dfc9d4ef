/// The key and the secret of a store; no description ever shows them.
public struct Credentials: Sendable {
    let key: String
    let secret: String

    /// The credentials of a store.
    public init(key: String, secret: String) {
        self.key = key
        self.secret = secret
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing that could be used.
    public var description: String { "Credentials(****)" }

    /// Nothing that could be used.
    public var debugDescription: String { description }

    /// A mirror without children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A text that prints as `****`.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    static let mask = "****"

    /// The text itself, for the one who sends it.
    let value: String

    init(_ value: String) { self.value = value }

    var description: String { Self.mask }
    var debugDescription: String { Self.mask }
    var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

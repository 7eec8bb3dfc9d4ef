import Contract

/// One setting as users see it: its names, its default, what is allowed, what it is for.
struct SettingEntry: Sendable {
    /// The environment variable, which is the setting's name in every message.
    let variable: String

    /// The place in flags and file: one name, or `kafka` and a property.
    let path: [String]

    let defaultText: String?
    let allowed: String
    let isSecret: Bool
    let isSwitch: Bool
    let summary: String
    let isAllowed: @Sendable (String) -> Bool

    var flag: String { "--" + SettingName.normalized(path.joined(separator: "_"), separator: "-") }

    /// The place in the environment; the provider writes it in capitals with underscores.
    var environmentPath: [String] { path.count == 1 ? ["aspayds"] + path : path }
}

/// A setting with the type of its value.
struct Setting<Value: Sendable>: Sendable {
    let entry: SettingEntry
    let kind: Kind<Value>

    /// Describes the setting `ASPAYDS_…`; its name in flags and file is the rest, in small letters.
    init(
        _ variable: String,
        default defaultText: String?,
        _ kind: Kind<Value>,
        _ summary: String
    ) {
        self.kind = kind
        entry = SettingEntry(
            variable: variable,
            path: [String(variable.dropFirst(Self.prefix.count)).lowercased()],
            defaultText: defaultText,
            allowed: kind.allowed,
            isSecret: Value.self == Secret.self || Value.self == CallbackKeys.self,
            isSwitch: Value.self == Bool.self,
            summary: summary,
            isAllowed: { kind.parse($0) != nil }
        )
    }

    private static var prefix: String { "ASPAYDS_" }
}

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

/// Names compared as people mistype them.
enum SettingName {
    /// Small letters, with one separator between the words.
    static func normalized(_ name: String, separator: Character) -> String {
        String(name.lowercased().map { ".-_".contains($0) ? separator : $0 })
    }

    /// The candidate that was probably meant, if one is close enough.
    static func suggestion(for name: String, among candidates: [String]) -> String? {
        let wanted = Array(normalized(name, separator: "_").utf8.prefix(80))
        let scored = candidates.map { candidate in
            (candidate, distance(wanted, Array(normalized(candidate, separator: "_").utf8)))
        }
        // Half a name is as good as a slip in it.
        let begun = candidates.filter { candidate in
            wanted.count >= 4
                && Array(normalized(candidate, separator: "_").utf8).starts(with: wanted)
        }
        if let first = begun.min(by: { $0.count < $1.count }) { return first }
        guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, wanted.count / 4) else {
            return nil
        }
        return best.0
    }

    /// Levenshtein's distance, one row at a time.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, rightByte) in right.enumerated() {
                let substituted = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}

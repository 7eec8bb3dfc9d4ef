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

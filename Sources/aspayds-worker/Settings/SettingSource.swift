import Configuration
import Foundation

/// One place that settings come from, and what is wrong with it as a whole.
struct SettingSource {
    enum Kind {
        case flags
        case environment
        case file
    }

    let kind: Kind

    /// Says where in messages and in `config`.
    let label: String

    let snapshot: any ConfigSnapshot
    var problems: [SettingProblem] = []
    var warnings: [String] = []

    /// The text of a setting here; an empty text counts as not set.
    func text(at path: [String]) throws -> String? {
        let key = AbsoluteConfigKey(path)
        let content: ConfigContent?
        do {
            content = try snapshot.value(forKey: key, type: .string).value?.content
        } catch {
            // A list in the file stands for its elements with commas between.
            content = try snapshot.value(forKey: key, type: .stringArray).value?.content
        }
        switch content {
        case .string(let text)?: return text.isEmpty ? nil : text
        case .stringArray(let texts)?: return texts.joined(separator: ",")
        default: return nil
        }
    }

    /// The text of a setting, or the path of the file that holds it.
    func text(of entry: SettingEntry, inFile: Bool = false) throws -> String? {
        var path = kind == .environment ? entry.environmentPath : entry.path
        if inFile { path[path.count - 1] += SettingSource.fileSuffix }
        return try text(at: path)
    }

    static let fileSuffix = "_file"
}

/// What makes settings, or the command line, invalid.
struct SettingProblem: Equatable {
    let message: String

    /// The command line itself is malformed: exit code 2 instead of 78.
    var isUsage = false
}

/// Every name that a setting has in flags and file, with the place it stands for.
struct SettingNames {
    let entries: [SettingEntry]
    private let byName: [String: SettingEntry]

    init(_ entries: [SettingEntry]) {
        self.entries = entries
        byName = Dictionary(
            entries.map { (Self.name($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Finds the setting of a name, and whether the name is that of the file that holds it.
    func find(_ name: String) -> (entry: SettingEntry, inFile: Bool)? {
        let name = SettingName.normalized(name, separator: "_")
        if let entry = byName[name] { return (entry, false) }
        guard name.hasSuffix(SettingSource.fileSuffix),
            let entry = byName[String(name.dropLast(SettingSource.fileSuffix.count))],
            entry.isSecret
        else { return nil }
        return (entry, true)
    }

    /// Completes the message about an unknown name.
    func hint(for name: String, write: (SettingEntry) -> String) -> String {
        let names = Dictionary(
            entries.map { (Self.name($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        guard let close = SettingName.suggestion(for: name, among: names.keys.sorted()),
            let entry = names[close]
        else { return "" }
        return "; did you mean \(write(entry))?"
    }

    private static func name(_ entry: SettingEntry) -> String {
        SettingName.normalized(entry.path.joined(separator: "_"), separator: "_")
    }
}

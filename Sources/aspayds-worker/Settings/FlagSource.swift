import Configuration

extension SettingSource {
    /// Reads `--name value` and `--name=value`; a secret is no flag, since every process sees it.
    static func flags(_ arguments: [String], names: SettingNames) -> SettingSource {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var problems: [SettingProblem] = []
        func usage(_ message: String) {
            problems.append(SettingProblem(message: message, isUsage: true))
        }
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                usage("unexpected argument \"\(argument)\"")
                continue
            }
            let parts = argument.dropFirst(2).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = String(parts[0])
            var value = parts.count == 2 ? String(parts[1]) : nil
            let found = names.find(name)
            if value == nil, let next = rest.first, !next.hasPrefix("--") {
                value = next
                rest = rest.dropFirst()
            }
            if KafkaProperties.isProtected(name) {
                problems.append(.protected("--\(name)", label: "flag"))
                continue
            }
            guard let (entry, inFile) = found else {
                let hint = names.hint(for: name) { $0.flag }
                usage("unknown flag --\(name)" + (hint.isEmpty ? "; see --help" : hint))
                continue
            }
            if entry.isSecret, !inFile {
                usage(
                    "--\(name): a secret cannot be a flag; "
                        + "set \(entry.variable), or give its file with \(entry.flag)-file"
                )
                continue
            }
            var path = entry.path
            if inFile { path[path.count - 1] += fileSuffix }
            guard let text = value ?? (entry.isSwitch ? "true" : nil) else {
                usage("--\(name): a value is missing")
                continue
            }
            if values.updateValue(ConfigValue(.string(text), isSecret: false), forKey: .init(path))
                != nil
            {
                usage("--\(name) is given twice")
            }
        }
        let provider = InMemoryProvider(name: "flags", values: values)
        return SettingSource(
            kind: .flags,
            label: "flag",
            snapshot: provider.snapshot(),
            problems: problems
        )
    }
}

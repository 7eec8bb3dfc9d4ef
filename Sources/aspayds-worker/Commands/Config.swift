import ArgumentParser

/// Prints and validates the settings.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print and validate the settings; secrets as ****.",
        discussion: SettingsHelp.table
    )

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print the table of all settings for the README, and nothing else.")
    var markdown = false

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        guard !markdown else { return Terminal.print(SettingsHelp.markdown) }
        let resolution = Resolution(options.inputs, need: .everything)
        let report = ConfigReport(resolution)
        if json {
            Terminal.print(try Document.text(report))
        } else {
            for line in report.lines() { Terminal.print(line) }
        }
        for warning in resolution.warnings { Terminal.complain("warning: \(warning)") }
        _ = try Settings(resolution)
    }
}

/// The effective settings as they may be shown.
struct ConfigReport: Encodable {
    struct Row: Encodable {
        let name: String
        let value: String?
        let source: String
    }

    let valid: Bool
    let settings: [Row]
    let errors: [String]
    let warnings: [String]

    init(_ resolution: Resolution) {
        valid = resolution.problems.isEmpty
        settings =
            resolution.items.map { item in
                Row(
                    name: item.entry.variable,
                    value: item.text.map { item.entry.isSecret ? Secret.mask : printable($0) },
                    source: item.text == nil && item.isDefault ? "not set" : item.source
                )
            }
            + (resolution.network?.shown ?? []).map {
                Row(name: $0.name, value: $0.value.map(printable), source: $0.source)
            }
        errors = resolution.problems.map(\.message)
        warnings = resolution.warnings
    }

    func lines() -> [String] {
        var table = Table(["SETTING", "VALUE", "SOURCE"])
        for row in settings { table.add([row.name, row.value ?? "-", row.source]) }
        return table.lines()
    }
}

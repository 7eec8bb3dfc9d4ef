import Configuration

extension SettingSource {
    /// Reads `ASPAYDS_…` and `KAFKA_…`; unknown names only warn, since others set them too.
    static func environment(_ variables: [String: String], names: SettingNames) -> SettingSource {
        var problems: [SettingProblem] = []
        var warnings: [String] = []
        var strangers: [String] = []
        for (variable, value) in variables.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            if variable.hasPrefix("KAFKA_") {
                if KafkaProperties.isProtected(variable) {
                    problems.append(.protected(variable, label: "environment"))
                } else if names.find(variable) == nil {
                    strangers.append(variable)
                }
            } else if variable.hasPrefix("ASPAYDS_") {
                if names.find(String(variable.dropFirst("ASPAYDS_".count))) == nil {
                    let name = String(variable.dropFirst("ASPAYDS_".count))
                    warnings.append(
                        "\(variable) is not a setting of this version and is ignored"
                            + names.hint(for: name) { $0.variable }
                    )
                }
            }
        }
        if !strangers.isEmpty {
            warnings.append(
                "not properties of librdkafka and ignored: " + strangers.joined(separator: ", ")
            )
        }
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        return SettingSource(
            kind: .environment,
            label: "environment",
            snapshot: provider.snapshot(),
            problems: problems,
            warnings: warnings
        )
    }
}

extension SettingProblem {
    static func protected(_ name: String, label: String) -> SettingProblem {
        SettingProblem(
            message: "\(name) (\(label)): cannot be set, because safety rests on its value"
        )
    }
}

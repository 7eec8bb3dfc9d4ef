import ArgumentParser
import Foundation

/// The settings of a command: `--config`, and every flag that the command does not declare itself.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file with settings.", valueName: "file"))
    var config: String?

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Settings as flags: --rate-limit 20, --kafka-bootstrap-servers host:9092 …",
            valueName: "settings"
        )
    )
    var flags: [String] = []

    /// Where settings are read from in this process.
    var inputs: SettingInputs {
        SettingInputs(
            flags: flags,
            environment: ProcessInfo.processInfo.environment,
            file: config,
            isTerminal: Terminal.errorIsTerminal,
            kafkaJudge: KafkaAccess.judge
        )
    }

    /// Reads the settings, prints the warnings, and throws all errors at once.
    func load(_ need: Resolution.Need) throws(SettingsError) -> Settings {
        let resolution = Resolution(inputs, need: need)
        for warning in resolution.warnings { Terminal.complain("warning: \(warning)") }
        return try Settings(resolution)
    }
}

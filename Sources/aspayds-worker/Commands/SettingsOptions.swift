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

    /// The words among the arguments that are no settings, for commands that are about something.
    var words: [String] { ArgumentWords(flags).words }

    /// Where settings are read from in this process.
    var inputs: SettingInputs { inputs(flags) }

    private func inputs(_ flags: [String]) -> SettingInputs {
        SettingInputs(
            flags: flags,
            environment: ProcessInfo.processInfo.environment,
            file: config,
            isTerminal: Terminal.errorIsTerminal,
            kafkaJudge: KafkaAccess.judge
        )
    }

    /// Reads the settings, prints the warnings, and throws all errors at once.
    ///
    /// `besideWords`: the command has taken care of `words`.
    func load(
        _ need: Resolution.Need,
        besideWords: Bool = false
    ) throws(SettingsError) -> Settings {
        let inputs = besideWords ? inputs(ArgumentWords(flags).flags) : inputs
        let resolution = Resolution(inputs, need: need)
        for warning in resolution.warnings { Terminal.complain("warning: \(warning)") }
        return try Settings(resolution)
    }
}

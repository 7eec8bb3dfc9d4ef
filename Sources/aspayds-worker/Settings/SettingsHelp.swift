/// The settings' part of `--help`.
enum SettingsHelp {
    /// One line for commands that take settings.
    static let brief = """
        Settings are read from flags, then from the environment, then from --config; \
        `aspayds-worker config --help` lists them all.
        """

    /// Every setting with its names, default and what is allowed.
    static var table: String {
        let head = """
            Settings come from flags, environment and --config FILE.yaml; the first that names one \
            wins. An empty value counts as not set. A secret is never a flag: set the variable, or \
            give a file with VARIABLE_FILE (flag --…-file).

            """
        let tail = """

              KAFKA_…  (--kafka-…)
                  any property of librdkafka, dots as underscores: KAFKA_SECURITY_PROTOCOL,
                  KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD_FILE …

              SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY, HTTP_PROXY, NO_PROXY  (environment only)
                  the authorities to trust and the way to the provider, as for other programs

            In the file the names have no ASPAYDS_ and small letters; Kafka's are its own:

              rate_limit: 20
              roles: [payments, payouts]
              api_secret_file: /run/secrets/aspayds
              kafka:
                bootstrap.servers: broker-1:9092,broker-2:9092
                security.protocol: SASL_SSL
            """
        let entries = ([KafkaProperties.bootstrapServers] + Catalogue.entries).map(describe)
        return head + "\n" + entries.joined(separator: "\n") + "\n" + tail
    }

    /// The README's table.
    static var markdown: String {
        let rows = ([KafkaProperties.bootstrapServers] + Catalogue.entries).map { entry in
            let initial =
                entry.defaultText.map { "`\($0)`" } ?? (entry.isRequired ? "required" : "")
            return "| `\(entry.variable)` | \(initial) | \(entry.summary) |"
        }
        let network = NetworkSettings.variables.map { "| \($0.names) |  | \($0.summary) |" }
        let head = ["| variable | default | |", "|---|---|---|"]
        return (head + rows + network).joined(separator: "\n")
    }

    private static func describe(_ entry: SettingEntry) -> String {
        let names =
            entry.isSecret
            ? "\(entry.variable), \(entry.variable)_FILE" : "\(entry.variable)  (\(entry.flag))"
        let initial = entry.defaultText.map { "default \($0)" }
        let lines = [entry.summary, initial, entry.isRequired ? "required" : entry.allowed]
            .compactMap(\.self)
        return "  \(names)\n" + lines.map { "      \($0)" }.joined(separator: "\n")
    }
}

extension SettingEntry {
    /// Whether whoever works commands must set it.
    fileprivate var isRequired: Bool {
        let required = [
            KafkaProperties.bootstrapServers, Catalogue.apiKey.entry, Catalogue.apiSecret.entry,
        ]
        return required.contains { $0.variable == variable }
    }
}

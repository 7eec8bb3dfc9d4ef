/// Properties of librdkafka for one client, and where its log goes.
package struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// The properties by librdkafka's names (CONFIGURATION.md there).
    package var properties: [String: String]
    /// Takes librdkafka's log lines, on its threads; without one they are dropped.
    package var log: (@Sendable (KafkaLogLine) -> Void)?

    /// Makes a configuration; what is wrong in it is found when a client is made of it.
    package init(
        properties: [String: String],
        log: (@Sendable (KafkaLogLine) -> Void)? = nil
    ) {
        self.properties = properties
        self.log = log
    }

    /// Whether brokers must prove who they are.
    var verifiesCertificates: Bool {
        let value = properties["enable.ssl.certificate.verification"]?.lowercased()
        return !["false", "f", "0"].contains(value)
    }

    /// The properties in order of name, with secrets as `****`.
    package var description: String {
        properties.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.shown($0.value, of: $0.key))" }
            .joined(separator: " ")
    }

    /// Whether a property's value must never be shown.
    package static func isSecret(_ property: String) -> Bool {
        let name = property.lowercased()
        return ["password", "secret", "key", "oauthbearer.config", "jaas", "token"]
            .contains { name.contains($0) }
    }

    /// The environment variable that sets a property: its name in everything that is said to users.
    package static func variable(of property: String) -> String {
        "KAFKA_" + String(property.map { ".-".contains($0) ? "_" : $0 }).uppercased()
    }

    static func shown(_ value: String, of property: String) -> String {
        isSecret(property) ? "****" : value
    }
}

/// A line of librdkafka's log.
package struct KafkaLogLine: Sendable, Hashable {
    /// The level of syslog: 3 is an error, 7 is for debugging.
    package let level: Int32
    /// The kind of line, such as `FAIL`.
    package let facility: String
    package let message: String
    /// What it means for an operator, where it is about a connection and that is known.
    package var explanation: String?
}

/// How a client is set to reach its brokers, and what failures mean with these settings.
///
/// The one place that knows librdkafka's and brokers' words. Librdkafka tells most of them apart by
/// text alone; what is not recognised stays as it came. No explanation contains a secret.
struct Access: Sendable {
    private let properties: [String: String]

    init(_ properties: [String: String]) {
        self.properties = properties
    }

    private var usesTLS: Bool { securityProtocol.hasSuffix("ssl") }
    private var usesSASL: Bool { securityProtocol.hasPrefix("sasl") }
    private var securityProtocol: String {
        properties["security.protocol", default: "plaintext"].lowercased()
    }

    private var mechanism: String {
        properties["sasl.mechanisms"] ?? properties["sasl.mechanism"] ?? "GSSAPI"
    }

    private var user: String? {
        properties["sasl.username"].map { name in
            "user '\(String(name.prefix(64).map { $0.isNewline || $0 == "\0" ? "?" : $0 }))'"
        }
    }

    /// Whom the broker sees, as far as it can be said.
    private var client: String {
        if usesSASL, let user { return user }
        return isSet("ssl.certificate") && usesTLS
            ? "the client of this certificate" : "this client"
    }

    private func isSet(_ prefix: String) -> Bool {
        properties.keys.contains { $0.hasPrefix(prefix) }
    }

    private static func variable(_ property: String) -> String {
        KafkaConfiguration.variable(of: property)
    }

    // MARK: Rights

    /// What an error of a broker means; nil where its code does not say.
    func explanation(of error: KafkaError) -> String? {
        let grant = "grant the rights that topics/acls.py prints"
        switch error.code {
        case KafkaError.Code.topicAuthorizationFailed:
            let topic = error.topicPartition?.topic ?? Self.topic(in: error.message)
            let what = topic.map { "the topic \($0)" } ?? "a topic"
            return "the broker denies \(client) \(what): \(grant)"
        case KafkaError.Code.groupAuthorizationFailed:
            let group = properties["group.id"].map { "the group \($0)" } ?? "a group"
            return "the broker denies \(client) \(group): \(grant)"
        case KafkaError.Code.clusterAuthorizationFailed:
            return "the broker denies \(client) a right on the cluster: \(grant)"
        default: return nil
        }
    }

    /// The topic in "Subscribed topic not available: NAME: Broker: …".
    private static func topic(in message: String) -> String? {
        message.firstRange(of: "topic not available: ").map {
            String(message[$0.upperBound...].prefix { $0 != ":" })
        }
    }

    // MARK: Connections that failed

    /// What a failure means; nil where its words are not known.
    func explanation(of failure: ConnectionFailure, verdict: Int32?) -> String? {
        let words = failure.words
        if words.contains("Failed to resolve") {
            return "\(failure.address) has no address: check "
                + Self.variable("bootstrap.servers") + " and what brokers advertise"
        }
        if words.contains("Connect to") || failure.phase == "CONNECT" {
            let why = words.firstRange(of: "failed: ").map { words[$0.upperBound...] }
            return "\(failure.address) cannot be reached (\(why ?? words[...])): check "
                + Self.variable("bootstrap.servers") + " and what brokers advertise"
        }
        return login(failure) ?? certificate(failure, verdict) ?? alert(failure)
            ?? securityProtocol(failure)
    }

    /// The broker does not let the user in.
    private func login(_ failure: ConnectionFailure) -> String? {
        let words = failure.words
        if words.contains("mechanism handshake failed") {
            let offered = words.firstRange(of: "supported mechanisms: ").map {
                String(words[$0.upperBound...])
            }
            let others =
                offered.flatMap { ["", "(n/a)"].contains($0) ? nil : ", only \($0)" } ?? ""
            return "\(failure.address) does not offer SASL \(mechanism)\(others): check "
                + Self.variable("sasl.mechanism")
        }
        guard words.contains("SASL"), words.contains("authentication"), failure.phase != "UP"
        else { return nil }
        guard let user else {
            return "the broker refuses the login (SASL \(mechanism)): "
                + "check the settings \(Self.variable("sasl."))…"
        }
        // Apache Kafka says the same of a wrong name and a wrong password; others do not.
        if words.contains("unknown-user") {
            return "the broker knows no \(user) (SASL \(mechanism)): check "
                + Self.variable("sasl.username")
        }
        return "the broker refuses \(user) (SASL \(mechanism)): check "
            + "\(Self.variable("sasl.username")) and \(Self.variable("sasl.password"))"
    }

    /// The broker's certificate is not accepted here.
    private func certificate(_ failure: ConnectionFailure, _ verdict: Int32?) -> String? {
        guard failure.words.contains("certificate verify failed") else { return nil }
        let certificate = "the certificate of \(failure.address)"
        switch verdict {
        case 62, 64:
            return "\(certificate) is for another host: check "
                + Self.variable("bootstrap.servers")
                + ", what brokers advertise, and the names in the certificate"
        case 9: return "\(certificate) is not valid yet: check it, and the clock of this machine"
        case 10: return "\(certificate) has expired: the broker needs a new one"
        default:
            let property = isSet("ssl.ca.pem") ? "ssl.ca.pem" : "ssl.ca.location"
            return "\(certificate) is not trusted (\(Self.reason(verdict))): check "
                + Self.variable(property)
        }
    }

    /// OpenSSL's names of its verdicts (`x509_vfy.h`).
    private static func reason(_ verdict: Int32?) -> String {
        switch verdict {
        case 18: "it is self-signed"
        case 19: "its chain ends in a CA that is not known here"
        case 2, 20, 21: "its issuer is not known here"
        case 23: "it is revoked"
        case let number?: "X.509 error \(number)"
        case nil: "it cannot be verified"
        }
    }

    /// The broker does not accept the client's side of TLS.
    private func alert(_ failure: ConnectionFailure) -> String? {
        guard failure.words.contains(" alert ") || failure.words.contains("unexpected message")
        else { return nil }
        if failure.words.contains("certificate required") {
            return "\(failure.address) wants a client certificate: set \(Self.clientSettings)"
        }
        let why = failure.words.firstRange(of: " alert ").map {
            failure.words[$0.upperBound...].prefix { $0 != ":" }
        }
        let alert = why.map { " (alert \"\($0)\")" } ?? ""
        return isSet("ssl.certificate") || isSet("ssl.keystore")
            ? "\(failure.address) does not accept the client certificate\(alert): "
                + "check \(Self.clientSettings)"
            : clientCertificate(failure, "refuses the TLS handshake\(alert)")
    }

    private func clientCertificate(_ failure: ConnectionFailure, _ what: String) -> String {
        "\(failure.address) \(what): if it wants a client certificate, set "
            + Self.clientSettings
    }

    private static let clientSettings = ["ssl.certificate.location", "ssl.key.location"]
        .map(variable).joined(separator: " and ")

    /// The two sides do not speak the same.
    private func securityProtocol(_ failure: ConnectionFailure) -> String? {
        let setting = Self.variable("security.protocol")
        let secure = usesSASL ? "SASL_SSL" : "SSL, or SASL_SSL"
        switch failure.phase {
        case "SSL_HANDSHAKE", "CONNECT_SSL":
            let other = ["Disconnected", "timed out", "wrong version", "packet length"]
            guard other.contains(where: { failure.words.contains($0) }) else { return nil }
            return "\(failure.address) does not answer in TLS: check \(setting)"
        case "APIVERSION_QUERY" where failure.words.hasPrefix("Disconnected"):
            guard !usesTLS else {
                return clientCertificate(failure, "hangs up after the handshake")
            }
            return "\(failure.address) closes a connection without TLS: check \(setting), "
                + "a broker with TLS takes \(secure)"
        case "UP" where failure.words.hasPrefix("Disconnected") && !usesSASL:
            // A broker that wants a login first hangs up on the first real request.
            guard let age = failure.milliseconds, age < 2000 else { return nil }
            return "\(failure.address) hangs up at once: if it wants a login, check \(setting)"
        default: return nil
        }
    }
}

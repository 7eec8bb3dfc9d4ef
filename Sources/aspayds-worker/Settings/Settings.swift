import Aspayds
import Contract
import Workers

/// The effective settings as plain values.
struct Settings: Sendable {
    enum Role: String, CaseIterable, Sendable {
        case payments
        case payouts
        case webhooks
    }

    enum Repost: String, CaseIterable, Sendable {
        case never
        case whenAbsent = "when-absent"
    }

    enum LogLevel: String, CaseIterable, Sendable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }

    enum LogFormat: String, CaseIterable, Sendable {
        case json
        case text
    }

    /// Properties of librdkafka by their own names; may hold passwords.
    let kafka: KafkaSettings

    /// Key and secret; nil only for commands that do not call the provider.
    let apiKey: Secret?
    let apiSecret: Secret?

    let baseURL: String
    /// The way there; nil only for commands that do not call the provider.
    let network: NetworkSettings?
    let roles: Set<Role>
    let rateLimit: Double
    let rateSharePayouts: Double
    let maxInFlight: Int
    let requestTimeout: Duration
    let settleWindow: Duration
    let pollHorizon: Duration
    let paymentRepost: Repost
    let payoutRepost: Repost
    let payouts: Sending
    /// What a payout, and the payouts of a day, may come to without a person; nil for anything.
    let payoutMaxAmount: Amount?
    let payoutDailyLimit: Amount?
    /// Where the receiver is reached; nil: none is served, and commands name their own callback.
    let publicURL: String?
    let callbackKeys: CallbackKeys?
    let returnURL: String?
    let httpPort: Int
    let topicPrefix: String
    let groupPrefix: String
    let drainTimeout: Duration
    let heartbeat: Duration
    let healthPort: Int
    let logLevel: LogLevel
    let logFormat: LogFormat

    /// Makes typed values of what was read, or throws everything that is wrong with it.
    init(_ resolution: Resolution) throws(SettingsError) {
        guard resolution.problems.isEmpty else { throw SettingsError(resolution.problems) }
        func read<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
            guard let value = resolution.text(setting.entry).flatMap(setting.kind.parse) else {
                throw SettingsError([
                    SettingProblem(message: "\(setting.entry.variable): is missing")
                ])
            }
            return value
        }
        func readOptional<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
            resolution.text(setting.entry) == nil ? nil : try read(setting)
        }
        kafka = KafkaSettings(properties: resolution.kafkaProperties)
        apiKey = resolution.text(Catalogue.apiKey.entry).map(Secret.init)
        apiSecret = resolution.text(Catalogue.apiSecret.entry).map(Secret.init)
        baseURL = try read(Catalogue.baseURL)
        network = resolution.network
        roles = try read(Catalogue.roles)
        rateLimit = try read(Catalogue.rateLimit)
        rateSharePayouts = try read(Catalogue.rateSharePayouts)
        maxInFlight = try read(Catalogue.maxInFlight)
        requestTimeout = try read(Catalogue.requestTimeout)
        settleWindow = try read(Catalogue.settleWindow)
        pollHorizon = try read(Catalogue.pollHorizon)
        paymentRepost = try read(Catalogue.paymentRepost)
        payoutRepost = try read(Catalogue.payoutRepost)
        payouts = try read(Catalogue.payouts)
        payoutMaxAmount = try readOptional(Catalogue.payoutMaxAmount)
        payoutDailyLimit = try readOptional(Catalogue.payoutDailyLimit)
        publicURL = try readOptional(Catalogue.publicURL)
        callbackKeys = try readOptional(Catalogue.callbackKeys)
        returnURL = try readOptional(Catalogue.returnURL)
        httpPort = try read(Catalogue.httpPort)
        topicPrefix = try read(Catalogue.topicPrefix)
        groupPrefix = try read(Catalogue.groupPrefix)
        drainTimeout = try read(Catalogue.drainTimeout)
        heartbeat = try read(Catalogue.heartbeat)
        healthPort = try read(Catalogue.healthPort)
        logLevel = try read(Catalogue.logLevel)
        logFormat = try read(Catalogue.logFormat)
    }
}

extension Settings {
    /// Makes callback addresses of our own, where they lead to a receiver.
    var callback: CallbackAddress? {
        guard let publicURL, let callbackKeys else { return nil }
        return CallbackAddress(base: publicURL, keys: callbackKeys)
    }
}

/// Kafka's properties; prints their names only.
struct KafkaSettings: Sendable, CustomStringConvertible, CustomReflectable {
    let properties: [String: String]

    var description: String { "Kafka properties \(properties.keys.sorted())" }
    var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// Everything that is wrong with the settings, at once.
struct SettingsError: Error, CustomStringConvertible {
    let problems: [SettingProblem]

    init(_ problems: [SettingProblem]) { self.problems = problems }

    var description: String { problems.map { "error: \($0.message)" }.joined(separator: "\n") }

    /// A malformed command line is a usage error; anything else is 78.
    var exitCode: Int32 { problems.contains(where: \.isUsage) ? 2 : 78 }
}

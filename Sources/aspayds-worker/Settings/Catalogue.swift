import Workers

/// Every setting, once: parsing, `--help`, `config` and the README's table are made from it.
enum Catalogue {
    static let apiKey = Setting(
        "ASPAYDS_API_KEY",
        default: nil,
        .secret,
        "the provider's public key"
    )
    static let apiSecret = Setting(
        "ASPAYDS_API_SECRET",
        default: nil,
        .secret,
        "the provider's secret key"
    )
    static let baseURL = Setting(
        "ASPAYDS_BASE_URL",
        default: "https://payment.aspayds.net/api",
        .address,
        "the provider's API; plain http only for loopback"
    )
    static let allowInsecure = Setting(
        "ASPAYDS_ALLOW_INSECURE",
        default: "false",
        .bool,
        "plain http to anywhere: whoever is between reads the secret"
    )
    static let roles = Setting(
        "ASPAYDS_ROLES",
        default: "payments,payouts,webhooks",
        .list(of: Settings.Role.self),
        "what this process does"
    )
    static let rateLimit = Setting(
        "ASPAYDS_RATE_LIMIT",
        default: "10",
        .number(0.01...10_000_000),
        "requests per second, all replicas together"
    )
    static let rateSharePayouts = Setting(
        "ASPAYDS_RATE_SHARE_PAYOUTS",
        default: "0.5",
        .number(0...1),
        """
        the payouts' part of the rate and of the requests in flight; what one domain leaves, the \
        other does not get
        """
    )
    static let maxInFlight = Setting(
        "ASPAYDS_MAX_IN_FLIGHT",
        default: "64",
        .integer(1...10_000),
        "concurrent requests of this process"
    )
    static let requestTimeout = Setting(
        "ASPAYDS_REQUEST_TIMEOUT",
        default: "30s",
        .duration(.milliseconds(100) ... .seconds(300)),
        "how long a request may take; after that it is in doubt"
    )
    static let settleWindow = Setting(
        "ASPAYDS_SETTLE_WINDOW",
        default: "15m",
        .duration(.seconds(1) ... .seconds(604_800)),
        "how long absence must last before an in-doubt attempt is judged"
    )
    static let pollHorizon = Setting(
        "ASPAYDS_POLL_HORIZON",
        default: "72h",
        .duration(.seconds(10) ... .seconds(2_592_000)),
        "how long an open payment or payout is tracked"
    )
    static let paymentRepost = Setting(
        "ASPAYDS_PAYMENT_REPOST",
        default: "when-absent",
        .choice(Settings.Repost.self),
        "when an in-doubt payment is sent again"
    )
    static let payoutRepost = Setting(
        "ASPAYDS_PAYOUT_REPOST",
        default: "never",
        .choice(Settings.Repost.self),
        "when an in-doubt payout is sent again; read what the README guarantees first"
    )
    static let payouts = Setting(
        "ASPAYDS_PAYOUTS",
        default: "on",
        .choice(Sending.self),
        "`off`: payouts wait in Kafka; `dry-run`: each is judged and answered, none is sent"
    )
    static let payoutMaxAmount = Setting(
        "ASPAYDS_PAYOUT_MAX_AMOUNT",
        default: nil,
        .amount,
        "a payout of more is held for review, not sent"
    )
    static let payoutDailyLimit = Setting(
        "ASPAYDS_PAYOUT_DAILY_LIMIT",
        default: nil,
        .amount,
        "payouts of a day (UTC) beyond it are held for review; each partition has an equal part"
    )
    static let topicPrefix = Setting(
        "ASPAYDS_TOPIC_PREFIX",
        default: "aspayds.",
        .namePrefix,
        "begins every topic's name"
    )
    static let groupPrefix = Setting(
        "ASPAYDS_GROUP_PREFIX",
        default: "aspayds-",
        .namePrefix,
        "begins every consumer group's name"
    )
    static let drainTimeout = Setting(
        "ASPAYDS_DRAIN_TIMEOUT",
        default: "20s",
        .duration(.milliseconds(100) ... .seconds(600)),
        "how long SIGTERM and a revocation wait for requests in flight"
    )
    static let heartbeat = Setting(
        "ASPAYDS_HEARTBEAT",
        default: "5s",
        .duration(.seconds(1) ... .seconds(60)),
        "how often figures are published on worker.status"
    )
    static let publicURL = Setting(
        "ASPAYDS_PUBLIC_URL",
        default: nil,
        .publicAddress,
        "where the provider and customers reach the receiver; without it none is served"
    )
    static let callbackKeys = Setting(
        "ASPAYDS_CALLBACK_KEYS",
        default: nil,
        .callbackKeys,
        "`kid:base64,…`, required with a public URL; the first signs, all verify"
    )
    static let returnURL = Setting(
        "ASPAYDS_RETURN_URL",
        default: nil,
        .webAddress,
        "where a customer is sent who returns without a `return_url`"
    )
    static let httpPort = Setting(
        "ASPAYDS_HTTP_PORT",
        default: "8080",
        .integer(0...65_535),
        "the receiver's port; 0 takes a free one, which the log names"
    )
    static let healthPort = Setting(
        "ASPAYDS_HEALTH_PORT",
        default: "8081",
        .integer(0...65_535),
        "serves /live, /ready and /metrics; 0 takes a free port, which the log names"
    )
    static let logLevel = Setting(
        "ASPAYDS_LOG_LEVEL",
        default: "info",
        .choice(Settings.LogLevel.self),
        "the least that is logged"
    )
    static let logFormat = Setting(
        "ASPAYDS_LOG_FORMAT",
        default: nil,
        .choice(Settings.LogFormat.self),
        "json, or text (the default on a terminal)"
    )

    /// In the order in which they are shown; Kafka's own properties come before.
    static let entries: [SettingEntry] = [
        apiKey.entry, apiSecret.entry, baseURL.entry, allowInsecure.entry, roles.entry,
        rateLimit.entry, rateSharePayouts.entry, maxInFlight.entry, requestTimeout.entry,
        settleWindow.entry, pollHorizon.entry, paymentRepost.entry, payoutRepost.entry,
        payouts.entry, payoutMaxAmount.entry, payoutDailyLimit.entry, publicURL.entry,
        callbackKeys.entry, returnURL.entry, httpPort.entry, topicPrefix.entry, groupPrefix.entry,
        drainTimeout.entry, heartbeat.entry, healthPort.entry, logLevel.entry, logFormat.entry,
    ]
}

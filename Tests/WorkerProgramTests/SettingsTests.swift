import Foundation
import Testing

@testable import aspayds_worker

/// The least that is valid.
let minimal = [
    "KAFKA_BOOTSTRAP_SERVERS": "broker:9092", "ASPAYDS_API_KEY": "key-1",
    "ASPAYDS_API_SECRET": "secret-1",
]

func resolve(
    flags: [String] = [],
    _ environment: [String: String] = [:],
    file: String? = nil
) -> Resolution {
    Resolution(
        SettingInputs(
            flags: flags,
            environment: minimal.merging(environment) { $1 },
            file: file
        ),
        need: .everything
    )
}

/// Writes a file for one test and removes it afterwards.
func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".yaml")
    try Data(text.utf8).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}

@Suite struct SettingsTests {
    @Test func defaultsAreThoseOfTheContract() throws {
        let settings = try Settings(resolve())
        #expect(settings.kafka.properties == ["bootstrap.servers": "broker:9092"])
        #expect(settings.apiKey?.value == "key-1")
        #expect(settings.apiSecret?.value == "secret-1")
        #expect(settings.baseURL == "https://payment.aspayds.net/api")
        #expect(settings.roles == [.payments, .payouts, .webhooks])
        #expect(settings.rateLimit == 10)
        #expect(settings.rateSharePayouts == 0.5)
        #expect(settings.maxInFlight == 64)
        #expect(settings.requestTimeout == .seconds(30))
        #expect(settings.settleWindow == .seconds(900))
        #expect(settings.paymentRepost == .whenAbsent)
        #expect(settings.payoutRepost == .never)
        #expect(settings.topicPrefix == "aspayds.")
        #expect(settings.groupPrefix == "aspayds-")
        #expect(settings.drainTimeout == .seconds(20))
        #expect(settings.healthPort == 8081)
        #expect(settings.httpPort == 8080)
        #expect(settings.publicURL == nil)
        #expect(settings.callback == nil)
        #expect(settings.returnURL == nil)
        #expect(settings.logLevel == .info)
        #expect(settings.logFormat == .json)
    }

    @Test(arguments: [("0", "payouts", false), ("1", "payments", false), ("1", "payouts", true)])
    func noWorkerIsWithoutAnyPartOfTheRate(share: String, roles: String, isValid: Bool) {
        let resolution = resolve(["ASPAYDS_RATE_SHARE_PAYOUTS": share, "ASPAYDS_ROLES": roles])
        #expect(resolution.problems.isEmpty == isValid)
    }

    @Test func everyDefaultIsAllowed() {
        for entry in Catalogue.entries {
            guard let text = entry.defaultText else { continue }
            #expect(entry.isAllowed(text), "\(entry.variable)")
        }
    }

    @Test func namesAreUnique() {
        let entries = KafkaProperties.entries + Catalogue.entries
        #expect(Set(entries.map(\.flag)).count == entries.count)
        #expect(Set(entries.map(\.variable)).count == entries.count)
    }

    @Test(arguments: [
        (
            "ASPAYDS_RATE_LIMIT", ["0.5", "20", "3000"],
            ["0", "-1", "1e3", "inf", "nan", "ten", "0x10"]
        ),
        ("ASPAYDS_RATE_SHARE_PAYOUTS", ["0.01", "0.25", "0.99"], ["1.1", "-0", "50%"]),
        ("ASPAYDS_MAX_IN_FLIGHT", ["1", "10000"], ["0", "10001", "1.5", "99999999999999999999"]),
        (
            "ASPAYDS_REQUEST_TIMEOUT", ["500ms", "20s", "5m"],
            ["20", "s", "20 s", "6m", "1.5s", "-1s", "99ms", "1234567890ms", "٣s"]
        ),
        ("ASPAYDS_SETTLE_WINDOW", ["1s", "72h", "7d"], ["999ms", "8d", "forever"]),
        (
            "ASPAYDS_ROLES", ["payments", "payouts, payments"],
            [",", "payment", "payments,,payouts"]
        ),
        ("ASPAYDS_PAYOUT_REPOST", ["never", "when-absent"], ["always", "true"]),
        (
            "ASPAYDS_TOPIC_PREFIX", ["live.", "a_b-"],
            ["a b", "ü", String(repeating: "a", count: 101)]
        ),
        ("ASPAYDS_HEALTH_PORT", ["0", "65535"], ["65536", "-1", "http"]),
        ("ASPAYDS_ALLOW_INSECURE", ["true", "FALSE"], ["yes", "1"]),
        ("ASPAYDS_LOG_LEVEL", ["debug", "INFO"], ["verbose"]),
        (
            "ASPAYDS_BASE_URL",
            ["https://example.com", "http://127.0.0.1:8090/api", "http://[::1]:1"],
            [
                "ftp://example.com", "example.com", "https://", "https://u:p@example.com",
                "https://example.com?x=1", "http://example.com", "http://127.0.0.1.example.com",
                "http://localhost.example.com",
            ]
        ),
    ])
    func valuesAreJudged(variable: String, good: [String], bad: [String]) {
        for text in good {
            #expect(resolve([variable: text]).problems.isEmpty, "\(variable)=\(text)")
        }
        for text in bad {
            let problems = resolve([variable: text]).problems
            #expect(problems.count == 1, "\(variable)=\(text)")
            #expect(problems.first?.message.contains(variable) == true)
            #expect(problems.first?.message.contains(text.prefix(200)) == true)
        }
    }

    @Test func allErrorsAreReportedAtOnce() {
        let resolution = Resolution(
            SettingInputs(
                flags: ["--rate-limit", "fast"],
                environment: [
                    "ASPAYDS_API_SECRET": "two words", "ASPAYDS_HEALTH_PORT": "99999",
                    "KAFKA_ENABLE_IDEMPOTENCE": "false",
                ],
                file: "/nowhere.yaml"
            ),
            need: .everything
        )
        let messages = resolution.problems.map(\.message)
        for part in [
            "is \"fast\", must be a number from 0.01", "ASPAYDS_API_SECRET", "\"99999\"",
            "KAFKA_ENABLE_IDEMPOTENCE", "/nowhere.yaml: cannot be opened",
            "KAFKA_BOOTSTRAP_SERVERS", "ASPAYDS_API_KEY (or",
        ] {
            #expect(messages.count { $0.contains(part) } == 1, "\(part)")
        }
        #expect(messages.count == 7)
        #expect(throws: SettingsError.self) { try Settings(resolution) }
        #expect(SettingsError(resolution.problems).exitCode == 78)
    }

    @Test func flagsWinOverEnvironmentAndEnvironmentOverFile() throws {
        try withFile("rate_limit: 1\nmax_in_flight: 1\nhealth_port: 1\n") { file in
            let settings = try Settings(
                resolve(
                    flags: ["--rate-limit=3"],
                    ["ASPAYDS_RATE_LIMIT": "2", "ASPAYDS_MAX_IN_FLIGHT": "2"],
                    file: file
                )
            )
            #expect(settings.rateLimit == 3)
            #expect(settings.maxInFlight == 2)
            #expect(settings.healthPort == 1)
        }
    }

    @Test func anEmptyValueCountsAsNotSet() throws {
        let settings = try Settings(resolve(["ASPAYDS_RATE_LIMIT": "", "KAFKA_CLIENT_ID": ""]))
        #expect(settings.rateLimit == 10)
        #expect(settings.kafka.properties["client.id"] == nil)
    }

    @Test func kafkaCommandsNeedNoProvider() throws {
        let inputs = SettingInputs(environment: ["KAFKA_BOOTSTRAP_SERVERS": "b:1"])
        let settings = try Settings(Resolution(inputs, need: .kafka))
        #expect(settings.apiKey == nil)
    }

    @Test func textLogsOnATerminal() throws {
        var inputs = SettingInputs(environment: minimal)
        inputs.isTerminal = true
        #expect(try Settings(Resolution(inputs, need: .everything)).logFormat == .text)
    }

    @Test func plainHTTPIsAllowedWhenSaidSo() throws {
        let settings = try Settings(
            resolve(
                flags: ["--allow-insecure"],
                ["ASPAYDS_BASE_URL": "http://sandbox:8090/api/"]
            )
        )
        #expect(settings.baseURL == "http://sandbox:8090/api")
    }
}

@Suite struct DurationTextTests {
    @Test(arguments: ["1ms", "500ms", "20s", "15m", "72h", "7d"])
    func readsWhatItWrites(text: String) throws {
        let duration = try #require(DurationText.read(text))
        #expect(DurationText.read(DurationText.write(duration)) == duration)
    }

    @Test func writesTheLargestUnit() {
        #expect(DurationText.write(.seconds(90)) == "90s")
        #expect(DurationText.write(.seconds(120)) == "2m")
        #expect(DurationText.write(.zero) == "0ms")
    }

    @Test(
        arguments: [
            ([:], .seconds(15)),
            (["ASPAYDS_HEARTBEAT": "9s"], .seconds(27)),
            // The group would miss a borrower before its loans are over.
            (["ASPAYDS_HEARTBEAT": "10s"], nil),
            (["KAFKA_SESSION_TIMEOUT_MS": "25000"], .seconds(15)),
            (["KAFKA_SESSION_TIMEOUT_MS": "24999"], nil),
            // A static member comes back to its partitions without having given them up.
            (["KAFKA_GROUP_INSTANCE_ID": "worker-1"], nil),
        ] as [([String: String], Duration?)]
    )
    func rateIsLentForThreeHeartbeats(environment: [String: String], term: Duration?) throws {
        #expect(try Settings(resolve(environment)).loanTerm == term)
    }
}

import Aspayds
import Testing

@testable import aspayds_worker

/// Names: unknown ones, protected ones, and Kafka's own.
@Suite struct SettingNamesTests {
    @Test(arguments: [
        (["--rate-limt", "3"], "did you mean --rate-limit?"),
        (["--kafka-bootstrap-server=x"], "did you mean --kafka-bootstrap-servers?"),
        (["--drain=1s"], "did you mean --drain-timeout?"),
        (["--nonsense"], "unknown flag --nonsense"),
        (["stray"], "unexpected argument \"stray\""),
        (["--rate-limit"], "a value is missing"),
        (["--rate-limit", "1", "--rate-limit", "2"], "given twice"),
        (["--api-secret", "hunter2"], "a secret cannot be a flag"),
        (["--kafka-sasl-password=hunter2"], "a secret cannot be a flag"),
    ])
    func wrongFlagsAreUsageErrors(flags: [String], message: String) {
        let problems = resolve(flags: flags).problems
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains(message) == true)
        #expect(problems.first?.message.contains("hunter2") == false)
        #expect(SettingsError(problems).exitCode == 2)
    }

    @Test func unknownNamesInTheEnvironmentOnlyWarn() throws {
        let resolution = resolve([
            "ASPAYDS_RATE_LIMT": "3", "KAFKA_PORT": "tcp://10.0.0.1:9092",
            "KAFKA_SERVICE_HOST": "10.0.0.1", "OTHER": "x",
        ])
        #expect(resolution.problems.isEmpty)
        #expect(resolution.warnings.count == 2)
        #expect(resolution.warnings[0].contains("did you mean ASPAYDS_RATE_LIMIT?"))
        #expect(resolution.warnings[1].contains("KAFKA_PORT, KAFKA_SERVICE_HOST"))
        #expect(try Settings(resolution).kafka.properties.count == 1)
    }

    @Test(arguments: [
        "rate-limit: 1", "RATE_LIMIT: 1", "aspayds_rate_limit: 1", "rate: {limit: 1}",
        "kafka: {bootstrap_servers: x}", "kafka_client_id: x", "nonsense: 1",
    ])
    func unknownNamesInTheFileAreErrors(yaml: String) throws {
        let problems = try withFile(yaml) { resolve(file: $0).problems }
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains("unknown setting") == true)
        #expect(SettingsError(problems).exitCode == 78)
    }

    @Test(arguments: [
        "acks", "enable.idempotence", "enable.auto.commit", "group.id", "auto.offset.reset",
        "request.required.acks",
    ])
    func whatSafetyRestsOnCannotBeSet(property: String) throws {
        let variable = "KAFKA_" + SettingName.normalized(property, separator: "_").uppercased()
        let flag = "--kafka-" + SettingName.normalized(property, separator: "-")
        let inEnvironment = resolve([variable: "1"]).problems
        let inFlags = resolve(flags: [flag, "1"]).problems.prefix(1)
        let inFile = try withFile("kafka: {\(property): 1}") { resolve(file: $0).problems }
        for problems in [inEnvironment, Array(inFlags), inFile] {
            #expect(problems.count == 1)
            #expect(problems.first?.message.contains("safety rests on") == true)
        }
    }

    @Test(arguments: [
        "ASPAYDS_PAYOUT_MAX_AMOUNT", "ASPAYDS_PAYOUT_DAILY_LIMIT",
    ])
    func aGuardIsAPositiveAmount(variable: String) throws {
        for text in ["0", "-1", "1e6", "0.0001", "1,000", "much", "1234567890123456"] {
            let problems = resolve([variable: text]).problems
            #expect(problems.count == 1, "\(text)")
            #expect(problems.first?.message.contains(variable) == true)
            #expect(problems.first?.message.contains("a positive amount such as 50000") == true)
        }
        let settings = try Settings(resolve([variable: "50000.125"]))
        let set = [settings.payoutMaxAmount, settings.payoutDailyLimit].compactMap(\.self)
        #expect(set.map(\.description) == ["50000.125"])
    }

    @Test func kafkaPropertiesComeFromEverySource() throws {
        let yaml = """
            kafka:
              security.protocol: SASL_SSL
              ssl: {ca.location: /ca.pem}
            kafka.linger.ms: 3
            roles: [payouts]
            """
        let settings = try withFile(yaml) { file in
            try Settings(
                resolve(
                    flags: ["--kafka-client-id", "me", "--kafka-log-level", "3"],
                    ["KAFKA_SASL_USERNAME": "user"],
                    file: file
                )
            )
        }
        #expect(
            settings.kafka.properties == [
                "bootstrap.servers": "broker:9092", "security.protocol": "SASL_SSL",
                "ssl.ca.location": "/ca.pem", "linger.ms": "3", "client.id": "me",
                "log_level": "3", "sasl.username": "user",
            ]
        )
        #expect(settings.roles == [.payouts])
    }

    @Test(arguments: ["- a\n- b", "just text", "a: [", "x: 1\nx: 1", "? [a]\n: 1"])
    func aFileThatIsNoMappingOfNamesIsOneError(yaml: String) throws {
        let problems = try withFile(yaml) { resolve(file: $0).problems }
        #expect(problems.count == 1)
    }

    @Test func librdkafkaJudgesItsOwnValues() {
        var inputs = SettingInputs(environment: minimal, kafkaJudge: KafkaAccess.judge)
        #expect(Resolution(inputs, need: .everything).problems.isEmpty)
        inputs.environment["KAFKA_SECURITY_PROTOCOL"] = "TELNET"
        let problems = Resolution(inputs, need: .everything).problems
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains("security.protocol") == true)
        #expect(problems.first?.message.contains("TELNET") == true)
    }

    @Test func anEmptyFileIsFine() throws {
        #expect(try withFile("# nothing\n") { resolve(file: $0).problems }.isEmpty)
    }

    @Test func aNameGivenTwiceInTwoWaysIsAnError() throws {
        let yaml = "kafka.linger.ms: 1\nkafka: {linger.ms: 2}"
        let problems = try withFile(yaml) { resolve(file: $0).problems }
        #expect(problems.map(\.message).filter { $0.contains("given twice") }.count == 1)
    }
}

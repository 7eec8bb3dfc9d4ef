import Testing

@testable import aspayds_worker

/// Secrets: from files, and never printed.
@Suite struct SecretTests {
    @Test func aSecretIsReadFromItsFile() throws {
        try withFile("from-file\n") { path in
            var environment = minimal
            environment["ASPAYDS_API_SECRET"] = nil
            environment["ASPAYDS_API_SECRET_FILE"] = path
            environment["KAFKA_SASL_PASSWORD_FILE"] = path
            let resolution = Resolution(
                SettingInputs(environment: environment),
                need: .everything
            )
            #expect(resolution.warnings.isEmpty)
            let settings = try Settings(resolution)
            #expect(settings.apiSecret?.value == "from-file")
            #expect(settings.kafka.properties["sasl.password"] == "from-file")
        }
    }

    @Test func theFileOfASecretMayBeAFlagOrInTheFile() throws {
        try withFile("from-file\r\n") { path in
            let flags = ["--api-key-file", path]
            let byFlag = try Settings(resolve(flags: flags))
            #expect(byFlag.apiKey?.value == "from-file")
            var environment = minimal
            environment["ASPAYDS_API_SECRET"] = nil
            let settings = try withFile("api_secret_file: \(path)") { file in
                try Settings(
                    Resolution(
                        SettingInputs(environment: environment, file: file),
                        need: .everything
                    )
                )
            }
            #expect(settings.apiSecret?.value == "from-file")
        }
    }

    @Test(arguments: ["", "\n", "two\nlines", "bell\u{7}"])
    func aFileThatHoldsNoSecretIsAnError(text: String) throws {
        try withFile(text) { path in
            var environment = minimal
            environment["ASPAYDS_API_SECRET"] = nil
            environment["ASPAYDS_API_SECRET_FILE"] = path
            let problems = Resolution(
                SettingInputs(environment: environment),
                need: .everything
            ).problems
            #expect(problems.count == 1)
            #expect(problems.first?.message.contains("ASPAYDS_API_SECRET_FILE") == true)
            #expect(problems.first?.message.contains("two") == false)
        }
    }

    @Test func aSecretIsSetOnlyOnceInASource() {
        let problems = resolve(["ASPAYDS_API_SECRET_FILE": "/x"]).problems
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains("keep one") == true)
    }

    @Test func noSecretIsPrinted() throws {
        let environment = [
            "ASPAYDS_API_KEY": "hunter2-key", "ASPAYDS_API_SECRET": "hunter2 with spaces",
            "KAFKA_SASL_PASSWORD": "hunter2-sasl", "KAFKA_SSL_KEY_PASSWORD": "hunter2-ssl",
            "KAFKA_SSL_KEY_PEM": "hunter2-pem", "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET": "hunter2",
            "KAFKA_SASL_OAUTHBEARER_CONFIG": "hunter2",
        ]
        let resolution = resolve(environment)
        let report = ConfigReport(resolution)
        let everything =
            report.lines().joined() + (try Document.text(report))
            + SettingsError(resolution.problems).description + resolution.warnings.joined()
        #expect(everything.contains(Secret.mask))
        #expect(!everything.contains("hunter2"))
        #expect(resolution.problems.count == 1)

        let settings = try Settings(resolve(["KAFKA_SASL_PASSWORD": "hunter2"]))
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings) \(dumped)".contains("hunter2"))
        #expect(!"\(settings) \(dumped)".contains("secret-1"))
    }

    @Test func theReportNamesTheSource() throws {
        let report = ConfigReport(resolve(flags: ["--rate-limit", "3"]))
        let sources = Dictionary(
            uniqueKeysWithValues: report.settings.map { ($0.name, $0.source) }
        )
        #expect(sources["ASPAYDS_RATE_LIMIT"] == "flag --rate-limit")
        #expect(sources["ASPAYDS_API_KEY"] == "environment")
        #expect(sources["ASPAYDS_MAX_IN_FLIGHT"] == "default")
        #expect(report.valid)
    }
}

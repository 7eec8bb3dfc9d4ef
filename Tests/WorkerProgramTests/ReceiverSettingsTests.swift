import Contract
import Testing

@testable import aspayds_worker

private let keys = "k2:AAECAwQFBgcICQoLDA0ODw==,k1:EBESExQVFhcYGRobHB0eHw=="

@Suite struct ReceiverSettingsTests {
    @Test func aPublicURLWithKeysMakesAddresses() throws {
        let settings = try Settings(
            resolve([
                "ASPAYDS_PUBLIC_URL": "https://pay.example/in/", "ASPAYDS_CALLBACK_KEYS": keys,
                "ASPAYDS_RETURN_URL": "https://shop.example/thanks?a=1",
                "ASPAYDS_HTTP_PORT": "9000",
            ])
        )
        let address = try #require(
            settings.callback?.address(.payment, "TRX1", returnURL: nil)
        )
        #expect(address.hasPrefix("https://pay.example/in/callback/"))
        #expect(settings.returnURL == "https://shop.example/thanks?a=1")
        #expect(settings.httpPort == 9000)
    }

    @Test(arguments: [
        ("ASPAYDS_PUBLIC_URL", "http://pay.example", "must be https"),
        ("ASPAYDS_PUBLIC_URL", "https://pay.example/?x=1", "without user, query"),
        ("ASPAYDS_PUBLIC_URL", "https://" + String(repeating: "a", count: 113), "at most 100"),
        ("ASPAYDS_RETURN_URL", "shop.example", "an http or https address"),
        ("ASPAYDS_HTTP_PORT", "8081", "must differ from ASPAYDS_HEALTH_PORT"),
    ])
    func whatIsWrongIsSaid(variable: String, text: String, part: String) {
        let good = ["ASPAYDS_PUBLIC_URL": "https://pay.example", "ASPAYDS_CALLBACK_KEYS": keys]
        #expect(resolve(good).problems.isEmpty)
        let problems = resolve(good.merging([variable: text]) { $1 }).problems.map(\.message)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(variable) == true)
        #expect(problems.first?.contains(part) == true, "\(problems)")
    }

    @Test(arguments: ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/a"])
    func plainHTTPIsForLoopback(address: String) {
        let problems = resolve(["ASPAYDS_PUBLIC_URL": address, "ASPAYDS_CALLBACK_KEYS": keys])
            .problems
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func plainHTTPIsAllowedWhenSaidSo() {
        let resolution = resolve([
            "ASPAYDS_PUBLIC_URL": "http://receiver:8080", "ASPAYDS_CALLBACK_KEYS": keys,
            "ASPAYDS_ALLOW_INSECURE": "true",
        ])
        #expect(resolution.problems.isEmpty)
    }

    @Test func aPublicURLNeedsKeys() {
        let messages = resolve(["ASPAYDS_PUBLIC_URL": "https://pay.example"]).problems.map(
            \.message
        )
        #expect(messages.count == 1)
        #expect(
            messages.first?.contains("ASPAYDS_CALLBACK_KEYS (or ASPAYDS_CALLBACK_KEYS_FILE)")
                == true
        )
    }

    @Test func keysAreNeverShown() throws {
        let resolution = resolve([
            "ASPAYDS_PUBLIC_URL": "https://pay.example", "ASPAYDS_CALLBACK_KEYS": "k1:c2VjcmV0",
        ])
        let message = try #require(resolution.problems.first?.message)
        #expect(message.contains("is ****, must be kid:base64"))
        #expect(!message.contains("c2VjcmV0"))
        let rows = ConfigReport(resolution).settings.filter { $0.name == "ASPAYDS_CALLBACK_KEYS" }
        #expect(rows.map(\.value) == ["****"])
        let flagged = resolve(flags: ["--callback-keys", keys]).problems.map(\.message)
        #expect(flagged.contains { $0.contains("a secret cannot be a flag") })
    }

    @Test func keysComeFromAFile() throws {
        try withFile(keys + "\n") { file in
            let settings = try Settings(
                resolve([
                    "ASPAYDS_PUBLIC_URL": "https://pay.example",
                    "ASPAYDS_CALLBACK_KEYS_FILE": file,
                ])
            )
            #expect(settings.callback != nil)
        }
    }

    @Test func theReceiverAloneNeedsNoAPIKey() throws {
        let environment = [
            "KAFKA_BOOTSTRAP_SERVERS": "b:1", "ASPAYDS_ROLES": "webhooks",
            "ASPAYDS_PUBLIC_URL": "https://pay.example", "ASPAYDS_CALLBACK_KEYS": keys,
        ]
        let alone = Resolution(SettingInputs(environment: environment), need: .everything)
        #expect(alone.problems.isEmpty)
        #expect(alone.warnings.isEmpty)
        let both = Resolution(
            SettingInputs(
                environment: environment.merging(["ASPAYDS_ROLES": "webhooks,payouts"]) { $1 }
            ),
            need: .everything
        )
        #expect(both.problems.count == 2)
    }

    @Test func aReceiverWithoutAnAddressIsWarnedAbout() {
        let resolution = resolve(["ASPAYDS_ROLES": "payments,webhooks"])
        #expect(resolution.problems.isEmpty)
        #expect(resolution.warnings.count { $0.contains("ASPAYDS_PUBLIC_URL is not set") } == 1)
        #expect(resolve().warnings.isEmpty)
    }

    @Test func sendJudgesWithTheWorkersOwnAddress() throws {
        let settings = try Settings(
            resolve(["ASPAYDS_PUBLIC_URL": "https://pay.example", "ASPAYDS_CALLBACK_KEYS": keys])
        )
        let text =
            #"[{"transaction_reference":"TRX1","amount":1,"customer_name":"R","return_url":"https://a.example"}]"#
        let rows = try CommandFile.rows(Array(text.utf8), name: "a.json")
        let plan = SendPlan(
            rows,
            domain: .payment,
            command: "create",
            callback: settings.callback
        )
        #expect(plan.items.count == 1)
        #expect(SendPlan(rows, domain: .payment, command: "create").refusals.count == 1)
    }
}

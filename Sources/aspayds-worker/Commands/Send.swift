import ArgumentParser
import Contract
import JSON

/// Publishes commands.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Publish commands: from flags, or from a JSON or CSV file.",
        discussion: """
            Every command is judged by the worker's own rules first; if one is wrong, none is sent.

              aspayds-worker send payment --reference TRX1001 --amount 100 \\
                  --customer-name Rahim --callback-url https://shop.example/cb
              aspayds-worker send payout --reference WD1001 --amount 500 \\
                  --payout-method-id 1 --recipient-name Karim \\
                  --recipient-account 01712345678
              aspayds-worker send payout --file payouts.csv
              aspayds-worker send payment --check --reference TRX1001
              echo 'no JSON' | aspayds-worker send payment --raw - --key TRX1001

            A .csv file begins with a line that names the fields; .json holds an object or an array \
            of them, .jsonl one object a line.
            """,
        subcommands: [Payment.self, Payout.self]
    )
}

extension SendCommand {
    struct Payment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an invoice, or check a payment (--check).",
            discussion: SettingsHelp.brief
        )

        @Option(help: "The merchant's reference, 1–20 characters.") var reference: String?
        @Option(help: "The amount, such as 100.50.") var amount: String?
        @Option(help: "The customer's full name.") var customerName: String?
        @Option(help: "Where the provider sends the customer's browser and its webhook.")
        var callbackUrl: String?
        @Option(help: "Where the customer is sent on to.") var returnUrl: String?
        @Option(help: "The currency, such as BDT.") var currency: String?
        @Option(help: "Expire instead of sending after this time (RFC 3339).") var notAfter: String?
        @Option(help: "With --check: the provider's id, instead of a reference.")
        var invoiceId: String?
        @OptionGroup var delivery: SendOptions
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            try await delivery.run(
                .payment,
                command: delivery.check ? "check" : "create",
                fields: [
                    (Reference.field, reference), ("invoice_id", invoiceId), ("amount", amount),
                    ("customer_name", customerName), ("callback_url", callbackUrl),
                    ("return_url", returnUrl), ("currency", currency), ("not_after", notAfter),
                ],
                options: options
            )
        }
    }

    struct Payout: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Request a payout, check one (--check), or list the methods (--methods).",
            discussion: SettingsHelp.brief
        )

        @Option(help: "The merchant's reference, 1–50 characters.") var reference: String?
        @Option(help: "The payout method's id.") var payoutMethodId: String?
        @Option(help: "The amount, such as 500.") var amount: String?
        @Option(help: "The recipient's full name.") var recipientName: String?
        @Option(help: "The recipient's account or mobile number.") var recipientAccount: String?
        @Option(help: "A note.") var description: String?
        @Option(help: "Where the provider sends its webhook.") var callbackUrl: String?
        @Option(help: "The currency, such as BDT.") var currency: String?
        @Option(help: "Expire instead of sending after this time (RFC 3339).") var notAfter: String?
        @Option(help: "With --check: the provider's id, instead of a reference.")
        var payoutId: String?
        @Flag(help: "Ask for the list of payout methods.") var methods = false
        @OptionGroup var delivery: SendOptions
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws {
            if methods, delivery.check || delivery.file != nil || delivery.raw != nil {
                throw ValidationError("--methods stands alone")
            }
        }

        func run() async throws {
            try await delivery.run(
                .payout,
                command: methods ? "methods" : delivery.check ? "check" : "request",
                fields: [
                    (Reference.field, reference), ("payout_id", payoutId),
                    ("payout_method_id", payoutMethodId), ("amount", amount),
                    ("recipient_name", recipientName), ("recipient_account", recipientAccount),
                    ("description", description), ("callback_url", callbackUrl),
                    ("currency", currency), ("not_after", notAfter),
                ],
                options: options
            )
        }
    }
}

/// What both kinds of `send` share.
struct SendOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Send the commands of a .json, .jsonl or .csv file.", valueName: "file")
    )
    var file: String?

    @Flag(help: "Ask what became of the reference instead of sending an order.")
    var check = false

    @Flag(help: "Send the valid commands of a file even if others are wrong; exit 1 then too.")
    var skipInvalid = false

    @Option(
        help: ArgumentHelp(
            "Send a file's bytes as they are; - is standard input.",
            valueName: "file"
        )
    )
    var raw: String?

    @Option(help: "With --raw: the record's key.")
    var key: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    mutating func validate() throws {
        if raw != nil, file != nil || check { throw ValidationError("--raw stands alone") }
        if key != nil, raw == nil { throw ValidationError("--key belongs to --raw") }
    }

    func run(
        _ domain: Domain,
        command: String,
        fields: [(name: String, text: String?)],
        options: SettingsOptions
    ) async throws {
        let settings = try options.load(.kafka)
        let topic = Topics(prefix: settings.topicPrefix).commands(of: domain)
        let sender = Sender(settings: settings, topic: topic, json: json)
        let given = fields.filter { $0.text != nil }
        guard given.isEmpty || (file == nil && raw == nil) else {
            throw ValidationError("fields are given by flags or by a file, not by both")
        }
        if let raw {
            let bytes = try readInput(raw)
            return try await sender.send(raw: bytes, key: key)
        }
        let plan = SendPlan(
            try rows(given),
            domain: domain,
            command: command,
            callback: settings.callback
        )
        for refusal in plan.refusals {
            Terminal.complain(
                "error: \(file.map { "\($0): " } ?? "")\(printable(refusal.description))"
            )
        }
        guard plan.refusals.isEmpty || skipInvalid else {
            let count = plan.refusals.count
            let what = count == 1 ? "1 command is wrong" : "\(count) commands are wrong"
            throw Failure("nothing was sent; \(what)")
        }
        if !plan.items.isEmpty { try await sender.send(plan.items) }
        if !plan.refusals.isEmpty { throw Failure("\(plan.refusals.count) commands were not sent") }
    }

    private func rows(_ given: [(name: String, text: String?)]) throws(Failure) -> [CommandRow] {
        guard let file else {
            let members = given.map {
                (name: $0.name, value: FieldText.value($0.text ?? "", of: $0.name))
            }
            return [CommandRow(line: nil, content: .success(JSONObject(members)))]
        }
        let bytes = try readInput(file)
        do throws(RowProblem) {
            return try CommandFile.rows(bytes, name: file)
        } catch { throw Failure("\(file): \(printable(error.description))") }
    }
}

/// The bytes of a file; - is standard input.
func readInput(_ path: String) throws(Failure) -> [UInt8] {
    do {
        return try readFile(path == "-" ? "/dev/stdin" : path, atMost: 64 << 20)
    } catch { throw Failure("\(path) \(error)") }
}

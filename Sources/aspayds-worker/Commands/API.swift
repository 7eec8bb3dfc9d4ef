import ArgumentParser
import Aspayds
import Contract

/// Asks the provider directly.
struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Ask the provider directly: what became of a payment or payout, which methods.",
        discussion: """
            Only reads; it needs the API's settings and no Kafka. What is asked counts against the \
            provider's rate limit. Recipients' accounts are masked.

              aspayds-worker api payment TRX1001
              aspayds-worker api payout ATPAY17038392001234 --json
              aspayds-worker api methods
            """,
        subcommands: [Payment.self, Payout.self, Methods.self]
    )
}

extension APICommand {
    /// What became of a payment.
    struct Payment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the state of a payment.",
            usage: "aspayds-worker api payment <invoice id or reference> [--json] "
                + "[<settings> ...]",
            discussion: SettingsHelp.brief
        )

        @Flag(help: "Print one JSON object.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws { _ = try options.providerName(.payment) }

        func run() async throws {
            let id = try options.providerName(.payment)
            let payment = try await options.ask { desk in try await desk.payment(id) }
            guard !json else { return Terminal.print(ProviderText.json(payment)) }
            let colour = Terminal.outputIsTerminal
            for line in ProviderText.page(payment, asked: id, colour: colour) {
                Terminal.print(line)
            }
        }
    }

    /// What became of a payout.
    struct Payout: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the state of a payout.",
            usage: "aspayds-worker api payout <payout id or reference> [--json] [<settings> ...]",
            discussion: SettingsHelp.brief
        )

        @Flag(help: "Print one JSON object.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws { _ = try options.providerName(.payout) }

        func run() async throws {
            let id = try options.providerName(.payout)
            let payout = try await options.ask { desk in try await desk.payout(id) }
            guard !json else { return Terminal.print(ProviderText.json(payout)) }
            let colour = Terminal.outputIsTerminal
            for line in ProviderText.page(payout, asked: id, colour: colour) {
                Terminal.print(line)
            }
        }
    }

    /// The payout methods of the store.
    struct Methods: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the payout methods of the store.",
            discussion: SettingsHelp.brief
        )

        @Flag(help: "Print one JSON object a line.") var json = false
        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let methods = try await options.ask(besideWords: false) { desk in
                try await desk.methods()
            }
            if json {
                for method in methods { Terminal.print(ProviderText.json(method)) }
            } else if methods.isEmpty {
                Terminal.print("the store has no payout methods")
            } else {
                for line in ProviderText.table(methods) { Terminal.print(line) }
            }
        }
    }
}

extension SettingsOptions {
    /// The one word that can be a name of a transaction to the provider.
    fileprivate func providerName(_ domain: Domain) throws(ValidationError) -> String {
        let what = "\(domain.idField.replacing("_", with: " ")) or a reference, such as WD-1001"
        let id = try onlyWord("the \(what)")
        guard Reference.isID(id) else {
            throw ValidationError("\"\(printable(id))\": must be \(Reference.idRule)")
        }
        return id
    }

    /// Asks the provider, and closes the connection.
    fileprivate func ask<Answer>(
        besideWords: Bool = true,
        _ question: (ProviderDesk) async throws -> Answer
    ) async throws -> Answer {
        let settings = try load(.provider, besideWords: besideWords)
        let transport = HTTPTransport(settings, maxConnections: 1)
        do {
            let client = AspaydsClient(settings, transport: transport)
            let answer = try await question(ProviderDesk(client: client))
            await transport.shutdown()
            return answer
        } catch {
            await transport.shutdown()
            throw error
        }
    }
}

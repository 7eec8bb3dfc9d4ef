import ArgumentParser
import Contract

extension Domain: ExpressibleByArgument {}

/// The reference that a command is about.
struct Subject {
    let reference: String
    /// Where it may be known.
    let domains: [Domain]

    /// Reads `REFERENCE`, the one word among the arguments that is no setting.
    init(_ words: [String], domain: Domain?) throws(ValidationError) {
        guard let word = words.first else {
            throw ValidationError("a reference is missing, such as WD-1001")
        }
        guard words.count == 1 else {
            throw ValidationError("unexpected argument \"\(printable(words[1]))\"")
        }
        let domains = (domain.map { [$0] } ?? Domain.allCases).filter {
            Reference.isValid(word, $0)
        }
        guard !domains.isEmpty else {
            let rule = Reference.rule(domain ?? .payout)
            throw ValidationError("reference \"\(printable(word))\": must be \(rule)")
        }
        (reference, self.domains) = (word, domains)
    }
}

/// Tells the words that a command is about from settings: a word follows no flag, or the sign `--`.
struct ArgumentWords {
    private(set) var flags: [String] = []
    private(set) var words: [String] = []

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument != "--" else {
                words += rest
                break
            }
            guard argument.hasPrefix("--") else {
                words.append(argument)
                continue
            }
            flags.append(argument)
            if !argument.contains("="), let value = rest.first, !value.hasPrefix("--") {
                flags.append(value)
                rest.removeFirst()
            }
        }
    }
}

/// Makes the words of others fit to be published.
///
/// Control characters are removed, secrets and accounts masked, runs of six or more digits reduced
/// to the last four, and the rest cut at 300 characters.
struct MessageCleaner: Sendable {
    /// Texts of which nothing may remain.
    var secrets: [String] = []
    /// Accounts, of which the last four characters may remain.
    var accounts: [String] = []

    static let limit = 300

    func clean(_ text: String) -> String? {
        // A message of a mebibyte is not searched; nothing beyond this can be part of the result.
        var text = String(text.unicodeScalars.prefix(4096).filter(Self.isVisible))
        for secret in secrets where !secret.isEmpty {
            text = text.replacing(secret, with: "****")
        }
        for account in accounts where account.utf8.count > 4 {
            text = text.replacing(account, with: "****" + account.suffix(4))
        }
        text = maskingDigits(text)
        let cut = String(text.prefix(Self.limit))
        return cut.isEmpty ? nil : cut
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
        default: true
        }
    }
}

/// The text with every run of six or more digits, which may be an account, cut to its last four.
///
/// Digits of any script count: a message may be in Bengali.
package func maskingDigits(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var run: [Unicode.Scalar] = []
    func end() {
        if run.count >= 6 {
            result.append(contentsOf: "****".unicodeScalars)
            run.removeFirst(run.count - 4)
        }
        result.append(contentsOf: run)
        run.removeAll(keepingCapacity: true)
    }
    for scalar in text.unicodeScalars {
        if scalar.properties.numericType == .decimal {
            run.append(scalar)
        } else {
            end()
            result.append(scalar)
        }
    }
    end()
    return String(result)
}

extension String {
    fileprivate init(_ scalars: [Unicode.Scalar]) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}

/// What operators write of themselves into an order: who, and why.
///
/// It is published: long runs of digits, which may be an account, are masked.
package enum OperatorWords {
    /// The longest `by`, in characters.
    static let longestBy = 100
    /// The longest `why`, in characters.
    static let longestWhy = 500

    /// The first of the two that breaks a rule, and the rule.
    static func problem(by: String, why: String) -> (field: String, rule: String)? {
        if !isWord(by, atMost: longestBy) { return ("by", rule(longestBy)) }
        return isWord(why, atMost: longestWhy) ? nil : ("why", rule(longestWhy))
    }

    private static func rule(_ limit: Int) -> String {
        "1 to \(limit) characters, not blank, no control characters"
    }

    private static func isWord(_ text: String, atMost limit: Int) -> Bool {
        text.unicodeScalars.count <= limit && !text.isBlank && !text.hasControlCharacters
    }
}

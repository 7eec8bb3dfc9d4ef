import Aspayds
import Contract

/// The exact sum of any number of amounts.
struct Total: Hashable, CustomStringConvertible {
    private var thousandths: Int128 = 0

    mutating func add(_ amount: Amount) { thousandths += Int128(amount.thousandths) }

    mutating func subtract(_ amount: Amount) { thousandths -= Int128(amount.thousandths) }

    static func + (left: Total, right: Total) -> Total {
        var sum = left
        sum.thousandths += right.thousandths
        return sum
    }

    /// Plain digits, as amounts are written: a JSON number.
    var description: String {
        let fraction = Amount(thousandths: Int64(thousandths % 1000))
        // What is less than one is written with a zero before its point.
        return "\(thousandths / 1000)\(fraction.description.dropFirst())"
    }
}

/// Counts and sums, by domain, word and currency.
struct Tally {
    struct Key: Hashable {
        let domain: Domain
        let word: String
        /// Nil where no currency is named, or nothing has an amount.
        let currency: String?
    }

    struct Row: Hashable {
        var count = 0
        /// Nil while nothing has an amount.
        var sum: Total?

        mutating func add(_ amount: Amount?) {
            count += 1
            guard let amount else { return }
            sum = sum ?? Total()
            sum?.add(amount)
        }

        mutating func subtract(_ amount: Amount?) {
            count -= 1
            if let amount { sum?.subtract(amount) }
        }

        static func + (left: Row, right: Row) -> Row {
            let sums = [left.sum, right.sum].compactMap(\.self)
            return Row(
                count: left.count + right.count,
                sum: sums.isEmpty ? nil : sums.reduce(Total(), +)
            )
        }
    }

    private(set) var rows: [Key: Row] = [:]

    mutating func add(_ domain: Domain, _ word: String, _ amount: Amount?, _ currency: String?) {
        rows[Key(domain: domain, word: word, currency: currency), default: Row()].add(amount)
    }

    /// Counts as something else what was added before.
    mutating func move(
        _ domain: Domain,
        _ word: String,
        from old: (amount: Amount?, currency: String?),
        to new: (amount: Amount?, currency: String?)
    ) {
        let key = Key(domain: domain, word: word, currency: old.currency)
        rows[key]?.subtract(old.amount)
        if rows[key]?.count == 0 { rows[key] = nil }
        add(domain, word, new.amount, new.currency)
    }

    /// The rows of all words together, by domain and currency.
    func all(as word: String) -> [Key: Row] {
        rows.reduce(into: [:]) { all, row in
            let key = Key(domain: row.key.domain, word: word, currency: row.key.currency)
            all[key] = (all[key] ?? Row()) + row.value
        }
    }
}

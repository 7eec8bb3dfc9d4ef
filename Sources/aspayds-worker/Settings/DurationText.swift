import ArgumentParser

/// Durations as people write them: a whole number and a unit, `500ms`, `20s`, `15m`, `72h`, `7d`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    static func read(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        // Nine digits of days still fit into 64 bits of milliseconds.
        guard (1...9).contains(digits.count), let number = Int64(digits),
            let unit = units.first(where: { $0.name == text[digits.endIndex...] })
        else { return nil }
        return .milliseconds(number * unit.milliseconds)
    }

    /// Writes a duration in the largest unit that holds it exactly.
    static func write(_ duration: Duration) -> String {
        let total = duration.wholeMilliseconds
        let unit =
            units.last { total >= $0.milliseconds && total % $0.milliseconds == 0 } ?? units[0]
        return "\(total / unit.milliseconds)\(unit.name)"
    }

    /// Reads the value of an option.
    static func argument(_ text: String) throws -> Duration {
        guard let duration = read(text) else {
            throw ValidationError("\"\(text)\" is not a duration like 500ms, 30s or 5m")
        }
        return duration
    }
}

extension ArgumentHelp {
    /// The help of a duration with its default, which the parser would not write as people do.
    static func lasting(_ text: String, byDefault duration: Duration) -> ArgumentHelp {
        ArgumentHelp("\(text) (default: \(DurationText.write(duration))).")
    }
}

extension Duration {
    /// How long a command waits for workers to take an order, unless it is told otherwise.
    static let waitForWorkers = Duration.seconds(30)
    /// How far back `status` and `top` look, unless they are told otherwise.
    static let memoryOfStatus = Duration.seconds(3600)

    /// Rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

/// How long an answer asks to wait (RFC 9110, 10.2.3): seconds, or a date.
enum RetryAfter {
    /// No answer can stop us for longer.
    static let longest: Duration = .seconds(3600)

    /// The wait that a header asks for; nil for one that cannot be read.
    static func parse(_ header: String, now secondsSince1970: Int64) -> Duration? {
        let text = header.trimmingSpaces
        if !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
            return bounded(Int64(text) ?? .max)
        }
        return date(text).map { bounded($0 - secondsSince1970) }
    }

    private static func bounded(_ seconds: Int64) -> Duration {
        .seconds(min(max(0, seconds), longest.components.seconds))
    }

    /// The preferred form of RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: Substring) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].utf8.count == 4, parts[0].last == ",", parts[5] == "GMT",
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3,
            let day = number(parts[1], digits: 2), let year = number(parts[3], digits: 4),
            let hour = number(clock[0], digits: 2), let minute = number(clock[1], digits: 2),
            let second = number(clock[2], digits: 2)
        else { return nil }
        let time = CivilTime(
            year: year,
            month: month + 1,
            day: day,
            hour: hour,
            minute: minute,
            second: second
        )
        return time.isValid ? time.secondsSince1970 : nil
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits,
            text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int(text)
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = drop(while: isSpace)
        return start.prefix(start.count - start.reversed().prefix(while: isSpace).count)
    }
}

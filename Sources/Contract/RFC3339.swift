import Aspayds

/// Times in messages: RFC 3339, milliseconds since 1970 within.
package enum RFC3339 {
    /// The time with milliseconds in UTC, such as `2026-02-09T21:30:00.000Z`.
    package static func format(_ milliseconds: Int64) -> String {
        // Beyond the years 0 to 9999 there is no such text.
        let bounded = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let thousandths = ((bounded % 1000) + 1000) % 1000
        let time = CivilTime(secondsSince1970: (bounded - thousandths) / 1000)
        return DigitWriter.text(of: 24) { w in
            w.decimal(time.year, digits: 4, "-")
            w.decimal(time.month, digits: 2, "-")
            w.decimal(time.day, digits: 2, "T")
            w.decimal(time.hour, digits: 2, ":")
            w.decimal(time.minute, digits: 2, ":")
            w.decimal(time.second, digits: 2, ".")
            w.decimal(Int(thousandths), digits: 3, "Z")
        }
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`, and nothing else.
    ///
    /// A fraction has up to nine digits; what is beyond milliseconds is cut off.
    package static func parse(_ text: String) -> Int64? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"),
            let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T"),
            let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2)
        else { return nil }
        let time = CivilTime(
            year: year,
            month: month,
            day: day,
            hour: hour,
            minute: minute,
            second: second
        )
        guard time.isValid, let thousandths = reader.fraction(), let offset = reader.offset(),
            reader.isAtEnd
        else { return nil }
        return (time.secondsSince1970 - offset) * 1000 + thousandths
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
                return false
            }
            position += 1
            return true
        }

        mutating func digit() -> Int? {
            guard position < bytes.count,
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position]
            else { return nil }
            position += 1
            return Int(bytes[position - 1] - UInt8(ascii: "0"))
        }

        mutating func number(_ digits: Int) -> Int? {
            var number = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            var thousandths = 0
            var count = 0
            while let digit = digit() {
                count += 1
                if count <= 3 { thousandths = thousandths * 10 + digit }
            }
            guard 1...9 ~= count else { return nil }
            for _ in min(count, 3)..<3 { thousandths *= 10 }
            return Int64(thousandths)
        }

        mutating func offset() -> Int64? {
            if take("Z") { return 0 }
            let isNegative = take("-")
            guard isNegative || take("+"), let hours = number(2), take(":"),
                let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            let seconds = Int64(hours * 3600 + minutes * 60)
            return isNegative ? -seconds : seconds
        }
    }
}

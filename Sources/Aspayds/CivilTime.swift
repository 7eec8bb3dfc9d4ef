/// Dates of the proleptic Gregorian calendar, in UTC, without a calendar library.
///
/// The arithmetic is Howard Hinnant's `days_from_civil`, with years that begin in March.
package struct CivilTime: Equatable, Sendable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int

    package init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The time so many seconds after the beginning of 1970.
    package init(secondsSince1970 seconds: Int64) {
        let (days, rest) = Self.divide(Int(seconds), by: 86_400)
        let (era, dayOfEra) = Self.divide(days + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    }

    /// Whether there is such a day and such a time; a leap second is not one.
    package var isValid: Bool {
        guard 0...9999 ~= year, 1...12 ~= month, 0...23 ~= hour, 0...59 ~= minute,
            0...59 ~= second
        else { return false }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        return 1...days ~= day
    }

    /// The seconds since the beginning of 1970.
    package var secondsSince1970: Int64 {
        let shifted = month > 2 ? year : year - 1
        let (era, yearOfEra) = Self.divide(shifted, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
    }

    /// Division that rounds down.
    private static func divide(_ number: Int, by divisor: Int) -> (Int, Int) {
        let quotient = number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
        return (quotient, number - quotient * divisor)
    }
}

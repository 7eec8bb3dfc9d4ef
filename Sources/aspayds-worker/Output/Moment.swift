import Contract
import Foundation

/// Times as people read them; milliseconds since 1970 within.
enum Moment {
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// To the second, in UTC: `2026-02-09T21:30:00Z`.
    static func text(_ time: Int64) -> String {
        RFC3339.format(time).prefix { $0 != "." } + "Z"
    }

    /// A span in its largest unit, rounded down: `45s`, `12m`, `3h`, `9d`.
    static func span(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        return switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// The time and how long ago it was.
    static func ago(_ time: Int64, now: Int64) -> String {
        "\(text(time)) (\(span(now - time)) ago)"
    }
}

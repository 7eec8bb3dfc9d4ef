import Foundation

/// Milliseconds since 1970, now.
func wallClock() -> Int64 {
    Int64(Date().timeIntervalSince1970 * 1_000)
}

/// `2026-02-09T21:30:00.000Z`, the form of the provider's examples.
func timestamp(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}

import Engine

/// Virtual time in nanoseconds since the world began.
typealias Time = Int64

extension Time {
    static func milliseconds(_ number: Int64) -> Time { number * 1_000_000 }
    static func seconds(_ number: Int64) -> Time { number * 1_000_000_000 }

    /// The same point on an engine's clock.
    var instant: Instant { Instant(nanoseconds: self) }

    /// The same length for an engine.
    var duration: Duration { .nanoseconds(self) }

    /// In seconds, with all digits: "12.345678901".
    var text: String {
        let fraction = String(self % 1_000_000_000)
        return "\(self / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count)
            + fraction
    }
}

/// Everything that a world leaves to chance, from one seed.
struct Chance {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// True with a probability.
    mutating func happens(_ probability: Double) -> Bool {
        probability > 0 && Double(generator.next() >> 11) * 0x1p-53 < probability
    }

    /// A number within bounds, both included.
    mutating func number(_ bounds: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(bounds.upperBound - bounds.lowerBound) + 1
        return bounds.lowerBound + Int64(generator.next().multipliedFullWidth(by: width).high)
    }

    /// A time within bounds.
    mutating func time(_ bounds: ClosedRange<Time>) -> Time { number(bounds) }

    /// One of several.
    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int(number(0...Int64(choices.count - 1)))]
    }

    /// A seed for somebody else's chance.
    mutating func seed() -> UInt64 { generator.next() }
}

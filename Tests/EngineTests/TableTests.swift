import Testing

@testable import Engine

/// What is remembered of every settled reference (DESIGN.md §4).
@Suite struct TableTests {
    private func standing(_ number: Int, using generator: inout SeededGenerator) -> Standing {
        let states: [LedgerState] = [.accepted, .refused, .notSent, .expired]
        return Standing(
            record: record(Int64.random(in: 0..<1 << 40, using: &generator), 3),
            origin: .random(in: 0 ... .max, using: &generator),
            fingerprint: .random(in: 0 ... .max, using: &generator),
            attempt: .random(in: 1...65535, using: &generator),
            sequence: .random(in: 0...4095, using: &generator),
            state: states[number % states.count],
            ledgerOffset: .random(in: 0..<1 << 40, using: &generator)
        )
    }

    @Test func whatIsSetIsFoundAgain() {
        var generator = SeededGenerator(seed: 5)
        var table = SettledTable()
        var expected: [ReferenceKey: Standing] = [:]
        for number in 0..<100_000 {
            let key = ReferenceKey(high: generator.next(), low: generator.next())
            expected[key] = standing(number, using: &generator)
            if let standing = expected[key] { table.set(standing, of: key) }
        }
        #expect(table.count == 100_000)
        let wrong = expected.count { table.standing(of: $0.key, in: 3) != $0.value }
        #expect(wrong == 0)
        let unknown = ReferenceKey(high: generator.next(), low: generator.next())
        #expect(table.standing(of: unknown, in: 3) == nil)
    }

    @Test func keysThatBeginAlikeAreToldApart() {
        var generator = SeededGenerator(seed: 6)
        var table = SettledTable()
        // All of them belong at the very end, and go on at the beginning.
        let standings = (0..<200).map { standing($0, using: &generator) }
        for (number, standing) in standings.enumerated() {
            table.set(standing, of: ReferenceKey(high: UInt64(number), low: .max))
        }
        for (number, standing) in standings.enumerated() {
            let key = ReferenceKey(high: UInt64(number), low: .max)
            #expect(table.standing(of: key, in: 3) == standing)
        }
    }

    @Test func theLatestReplacesWhatWasKnown() {
        var generator = SeededGenerator(seed: 7)
        var table = SettledTable()
        table.set(standing(0, using: &generator), of: key(1))
        let latest = standing(1, using: &generator)
        table.set(latest, of: key(1))
        #expect(table.count == 1 && table.standing(of: key(1), in: 3) == latest)
    }

    @Test func aReferenceTakesAtMost64BytesAtEverySize() {
        var generator = SeededGenerator(seed: 8)
        var table = SettledTable()
        let standing = standing(0, using: &generator)
        var most = 0.0
        for count in 1...100_000 {
            table.set(standing, of: ReferenceKey(high: generator.next(), low: generator.next()))
            if count >= 1000 { most = max(most, Double(table.bytes) / Double(count)) }
        }
        #expect(most <= 64)
    }

    @Test func whatDoesNotFitStaysAtTheLargestNumber() {
        var generator = SeededGenerator(seed: 9)
        var table = SettledTable()
        var standing = standing(0, using: &generator)
        (standing.attempt, standing.sequence) = (70_000, 5_000)
        table.set(standing, of: key(1))
        (standing.attempt, standing.sequence) = (65_535, 4_095)
        #expect(table.standing(of: key(1), in: 3) == standing)
    }
}

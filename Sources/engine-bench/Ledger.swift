import Contract
import Engine
import Samples
import Workers

/// References that are new are settled.
final class InsertBench: Bench {
    private var references: References
    private let first: Int

    init(_ scale: Scale) {
        references = References(partition: 0)
        references.settle(upTo: scale.references)
        first = scale.references
    }

    func perform(_ numbers: Range<Int>) {
        for number in numbers { references.settle(first + number) }
    }
}

/// References are looked up: one that is known, and one that is not.
final class LookupBench: Bench {
    private var references: References
    private let known: Int

    init(_ scale: Scale) {
        references = References(partition: 0)
        known = max(1, scale.references)
        references.settle(upTo: known)
    }

    func perform(_ numbers: Range<Int>) throws {
        for number in numbers {
            // Spread over all of them.
            let old = number &* 7_368_787 % known
            guard references[key(of: old)] != nil, references[key(of: known + number)] == nil else {
                throw Failure(description: "lookup: reference \(old) is not as it was settled")
            }
        }
    }
}

/// Records of the ledger reach the engine, as their indices tell them: for each command an intent,
/// its acceptance and the end.
final class RestoreBench: Bench {
    private let scene: Scene
    private var indices: [[[UInt8]]] = []

    init(_ scale: Scale) {
        scene = Scene(scale)
        scene.restore()
    }

    func prepare(_ numbers: Range<Int>) {
        indices = numbers.map { number in
            let place = scene.place(scene.scale.references + number)
            let payout = SamplePayout(partition: place.partition, number: place.offset)
            let records: [LedgerRecord] = [
                .intent(payout.intent), .outcome(payout.acceptance), .outcome(payout.completion),
            ]
            return records.map { LedgerIndex($0).encoded() }
        }
    }

    func perform(_ numbers: Range<Int>) throws {
        for number in numbers {
            let partition = scene.place(number).partition
            for bytes in indices[number] {
                let index = try bytes.withUnsafeBytes { try LedgerIndex(header: $0, value: nil) }
                let offset = scene.nextOffset(in: partition)
                guard let entry = LedgerEntry(index, partition: partition, offset: offset) else {
                    throw Failure(description: "restore: a record of no attempt")
                }
                scene.handle(.ledger(partition: partition, entry))
            }
        }
    }
}

extension References {
    /// Settles the references before a number.
    fileprivate mutating func settle(upTo end: Int) {
        for number in 0..<end { settle(number) }
    }

    fileprivate mutating func settle(_ number: Int) {
        let id = RecordID(partition: 0, offset: Int64(number))
        settle(Standing(settled(number, at: id, 3 * Int64(number))), of: key(of: number))
    }
}

/// The key of a numbered reference: as good as a hash of its name.
func key(of number: Int) -> Engine.ReferenceKey {
    func mixed(_ start: UInt64) -> UInt64 {
        var word = start &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
    let start = 2 * UInt64(number)
    return Engine.ReferenceKey(high: mixed(start + 1), low: mixed(start + 2))
}

/// What the ledger says last of a numbered reference that has come to its end.
func settled(_ number: Int, at id: RecordID, _ offset: Int64) -> LedgerEntry {
    LedgerEntry(
        key: key(of: number),
        fingerprint: Engine.Fingerprint(high: UInt64(number), low: 7),
        record: id,
        attempt: 1,
        state: .completed,
        sequence: 2,
        offset: offset,
        at: SamplePayout.start
    )
}

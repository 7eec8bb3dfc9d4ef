/// What is remembered of every settled reference: 44 bytes each, in a table that is at least seven
/// tenths full, so at most 63 (DESIGN.md §4).
///
/// Open addressing with linear probing; the keys are hashes already. Nothing is ever removed: a
/// reference that is opened again is found among the open ones first.
struct SettledTable: Sendable {
    /// How full it may get before it grows by a quarter.
    private static let maxLoad = 0.875
    private static let growth = 1.25
    private static let width = 5

    /// Five words for each place.
    ///
    /// They are the key (two), the fingerprint, then ledger offset and attempt,
    /// command offset, sequence and state. A place is free while its last word is 0.
    private var words: [UInt64] = []
    /// The digest of the command's first place, for each.
    private var origins: [UInt32] = []
    private var capacity = 0
    private(set) var count = 0

    /// The memory that it takes.
    var bytes: Int { words.count * 8 + origins.count * 4 }

    /// What is known of a reference whose commands live in a partition.
    func standing(of key: ReferenceKey, in partition: Int32) -> Standing? {
        guard capacity > 0 else { return nil }
        let place = place(of: key)
        return isFree(place) ? nil : unpack(place, partition)
    }

    /// Remembers the latest of a reference.
    mutating func set(_ standing: Standing, of key: ReferenceKey) {
        if Double(count + 1) > Double(capacity) * Self.maxLoad { grow() }
        let place = place(of: key)
        if isFree(place) { count += 1 }
        pack(standing, key, at: place)
    }

    private func isFree(_ place: Int) -> Bool { words[place * Self.width + 4] == 0 }

    /// Where a key is, or would be.
    private func place(of key: ReferenceKey) -> Int {
        var place = Int(key.low.multipliedFullWidth(by: UInt64(capacity)).high)
        while !isFree(place) {
            let start = place * Self.width
            if words[start] == key.high && words[start + 1] == key.low { return place }
            place = place + 1 == capacity ? 0 : place + 1
        }
        return place
    }

    private mutating func grow() {
        let (oldWords, oldOrigins, oldCapacity) = (words, origins, capacity)
        capacity = max(16, Int(Double(capacity) * Self.growth))
        words = Array(repeating: 0, count: capacity * Self.width)
        origins = Array(repeating: 0, count: capacity)
        for old in 0..<oldCapacity where oldWords[old * Self.width + 4] != 0 {
            let start = old * Self.width
            let key = ReferenceKey(high: oldWords[start], low: oldWords[start + 1])
            let place = place(of: key)
            for word in 0..<Self.width { words[place * Self.width + word] = oldWords[start + word] }
            origins[place] = oldOrigins[old]
        }
    }

    // MARK: Packing

    // Offsets take 47 bits (140 trillion records), attempts 16, sequences 12; the state 5, which are
    // never 0. What does not fit stays at the largest number that does.
    private mutating func pack(_ standing: Standing, _ key: ReferenceKey, at place: Int) {
        let start = place * Self.width
        words[start] = key.high
        words[start + 1] = key.low
        words[start + 2] = standing.fingerprint
        words[start + 3] =
            bits(standing.ledgerOffset, 48) << 16 | bits(standing.attempt, 16)
        words[start + 4] =
            bits(standing.record.offset, 47) << 17 | bits(standing.sequence, 12) << 5
            | UInt64(standing.state.rawValue + 1)
        origins[place] = standing.origin
    }

    private func bits(_ number: some BinaryInteger, _ width: UInt64) -> UInt64 {
        min(UInt64(clamping: number), 1 << width - 1)
    }

    private func unpack(_ place: Int, _ partition: Int32) -> Standing? {
        let start = place * Self.width
        let (fourth, fifth) = (words[start + 3], words[start + 4])
        guard let state = LedgerState(rawValue: UInt8(fifth & 31) - 1) else { return nil }
        return Standing(
            record: RecordID(partition: partition, offset: Int64(fifth >> 17)),
            origin: origins[place],
            fingerprint: words[start + 2],
            attempt: Int(fourth & 0xFFFF),
            sequence: Int(fifth >> 5 & 0xFFF),
            state: state,
            ledgerOffset: Int64(fourth >> 16)
        )
    }
}

import Aspayds

/// Where the commands of a reference live, so that duplicates always meet (DESIGN.md §4).
package enum HomePartition {
    /// The partition that Kafka's Java client gives to the reference in capitals.
    package static func of(_ reference: String, partitions: Int) -> Int32 {
        let capitals = reference.utf8.map(\.asciiUppercased)
        return Int32(Int(murmur2(capitals) & 0x7FFF_FFFF) % max(partitions, 1))
    }

    /// MurmurHash2 with the seed of Kafka's Java client.
    static func murmur2(_ bytes: [UInt8]) -> UInt32 {
        let factor: UInt32 = 0x5BD1_E995
        var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
        let whole = bytes.count / 4 * 4
        for start in stride(from: 0, to: whole, by: 4) {
            var word = littleEndian(bytes[start..<(start + 4)]) &* factor
            word ^= word >> 24
            hash = (hash &* factor) ^ (word &* factor)
        }
        if whole < bytes.count {
            hash = (hash ^ littleEndian(bytes[whole...])) &* factor
        }
        hash = (hash ^ (hash >> 13)) &* factor
        return hash ^ (hash >> 15)
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

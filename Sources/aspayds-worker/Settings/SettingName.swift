/// Names compared as people mistype them.
enum SettingName {
    /// Small letters, with one separator between the words.
    static func normalized(_ name: String, separator: Character) -> String {
        String(name.lowercased().map { ".-_".contains($0) ? separator : $0 })
    }

    /// The candidate that was probably meant, if one is close enough.
    static func suggestion(for name: String, among candidates: [String]) -> String? {
        let wanted = Array(normalized(name, separator: "_").utf8.prefix(80))
        let scored = candidates.map { candidate in
            (candidate, distance(wanted, Array(normalized(candidate, separator: "_").utf8)))
        }
        // Half a name is as good as a slip in it.
        let begun = candidates.filter { candidate in
            wanted.count >= 4
                && Array(normalized(candidate, separator: "_").utf8).starts(with: wanted)
        }
        if let first = begun.min(by: { $0.count < $1.count }) { return first }
        guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, wanted.count / 4) else {
            return nil
        }
        return best.0
    }

    /// Levenshtein's distance, one row at a time.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, rightByte) in right.enumerated() {
                let substituted = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}

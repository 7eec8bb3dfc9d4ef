import Contract

/// Writes the lines of a story, one after the other as it goes on.
struct StoryText {
    private let reference: String
    private var last: (domain: Domain?, day: String, time: Int64)?

    /// - Parameter reference: What stands above, unless it is written otherwise.
    init(reference: String) { self.reference = reference }

    /// The next line, and before it what it stands under: the reference, the day.
    mutating func lines(_ entry: StoryEntry) -> [StyledLine] {
        var lines: [StyledLine] = []
        if last == nil || entry.domain != last?.domain {
            if last != nil { lines.append(StyledLine()) }
            lines.append(StyledLine(title(entry), .heading))
            last = nil
        }
        let day = Self.day(entry.time)
        if last?.day != day { lines.append(StyledLine(day, .faint)) }
        lines.append(line(entry))
        last = (entry.domain, day, max(entry.time, last?.time ?? entry.time))
        return lines
    }

    private func title(_ entry: StoryEntry) -> String {
        [entry.domain?.rawValue, entry.reference ?? reference].compactMap(\.self)
            .joined(separator: " ")
    }

    private func line(_ entry: StoryEntry) -> StyledLine {
        let gap = last.map { "+" + Self.gap(max(0, entry.time - $0.time)) } ?? ""
        var line = StyledLine(Self.clock(entry.time))
        line.add("  " + gap.padding(6) + "  ", .faint)
        line.add(entry.teller.rawValue.padding(12) + "  ")
        line.add(entry.text, entry.style)
        return line
    }

    /// Where it stands, and what helps.
    static func lines(_ standing: Standing) -> [StyledLine] {
        var line = StyledLine("now".padding(22))
        line.add(standing.text, standing.style)
        let help = standing.help.map { [StyledLine("".padding(22) + $0)] } ?? []
        return [line] + help
    }

    private static func day(_ time: Int64) -> String {
        String(RFC3339.format(time).prefix { $0 != "T" })
    }

    private static func clock(_ time: Int64) -> String {
        String(RFC3339.format(time).dropFirst("2026-01-01T".count).prefix { $0 != "Z" })
    }

    /// `608ms`, `5.3s`, and from ten seconds on as a span.
    private static func gap(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<1000: "\(milliseconds)ms"
        case ..<10_000: "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
        default: Moment.span(milliseconds)
        }
    }
}

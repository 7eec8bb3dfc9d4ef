/// How many columns text takes on a terminal, as far as anybody can know.
extension Unicode.Scalar {
    /// 0 for what is put upon the character before, 2 for East Asian wide characters and emoji.
    var columns: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        // A variation selector may make the one before it wide.
        case .nonspacingMark, .enclosingMark, .format: return value == 0xFE0F ? 1 : 0
        default: break
        }
        return Self.wide.contains { $0.contains(value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
        0x20000...0x3FFFD,
    ]
}

extension String {
    /// How many columns it takes.
    var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

    /// As much of it as fits; what was cut off is an ellipsis.
    func clipped(to width: Int) -> String {
        guard columns > width else { return self }
        return width < 1 ? "" : begin(width - 1) + "…"
    }

    /// Its first characters, up to a width.
    private func begin(_ width: Int) -> String {
        var (text, used) = ("", 0)
        for character in self {
            let columns = String(character).columns
            guard used + columns <= width else { break }
            text.append(character)
            used += columns
        }
        return text
    }

    /// The text in lines of at most a width, broken between words where that can be.
    func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in split(separator: " ") {
            var word = String(word)
            if !line.isEmpty, line.columns + 1 + word.columns <= width {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while word.columns > width, width > 1 {
                let begin = word.begin(width)
                guard !begin.isEmpty else { break }
                lines.append(begin)
                word.removeFirst(begin.count)
            }
            line = word
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }

    /// The text with spaces after it, up to a width.
    func padding(_ width: Int) -> String {
        let columns = columns
        return columns < width ? self + String(repeating: " ", count: width - columns) : self
    }
}

/// A line for a terminal: pieces of text, each perhaps in a style.
struct StyledLine: Equatable {
    struct Piece: Equatable {
        var text: String
        var style: Style?
    }

    private(set) var pieces: [Piece] = []

    init(_ text: String = "", _ style: Style? = nil) { add(text, style) }

    /// Adds text that may have come from outside.
    mutating func add(_ text: String, _ style: Style? = nil) {
        if !text.isEmpty { pieces.append(Piece(text: printable(text), style: style)) }
    }

    mutating func add(_ line: StyledLine) { pieces += line.pieces }

    /// Adds spaces up to a width.
    mutating func pad(to width: Int) {
        add(String(repeating: " ", count: max(0, width - columns)))
    }

    /// How many columns it takes.
    var columns: Int { pieces.reduce(0) { $0 + $1.text.columns } }

    /// The text alone.
    var text: String { pieces.map(\.text).joined() }

    /// The text in its colours, if any; it steers the terminal in no other way.
    func painted(_ colour: Bool) -> String {
        pieces.map { $0.style?.paint($0.text, when: colour) ?? $0.text }.joined()
    }

    /// As much of it as fits.
    func clipped(to width: Int) -> StyledLine {
        guard columns > width else { return self }
        var line = StyledLine()
        for piece in pieces {
            let room = width - line.columns
            if piece.text.columns >= room {
                // More follows, or is too long: what is missing must be seen.
                line.add((piece.text + "  ").clipped(to: room), piece.style)
                break
            }
            line.add(piece.text, piece.style)
        }
        return line
    }
}

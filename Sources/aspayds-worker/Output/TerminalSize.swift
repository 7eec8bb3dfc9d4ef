import Foundation

/// How much a terminal shows.
struct TerminalSize: Equatable {
    let columns: Int
    let rows: Int

    /// That of a terminal that does not know its size.
    static let traditional = TerminalSize(columns: 80, rows: 24)

    /// That of standard output; nil where it is no terminal.
    static var ofOutput: TerminalSize? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        guard size.ws_col > 0, size.ws_row > 0 else { return traditional }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

import Foundation

/// The terminal as one picture, from `enter` to `leave`.
struct Screen {
    private let before: termios

    /// Takes the terminal over; nil where there is none.
    static func enter() -> Screen? {
        var before = termios()
        guard Terminal.isInteractive, tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        let screen = Screen(before: before)
        screen.begin()
        return screen
    }

    /// Keys come one by one and unseen; another screen, without a cursor, and no line is broken.
    ///
    /// Again after the process was stopped, when the shell has put everything back.
    func begin() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        Terminal.put("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
    }

    /// Shows lines in place of those before; all at once, so that nothing flickers.
    func draw(_ lines: [StyledLine]) {
        // Each line is erased before it is written: afterwards its last column would go too.
        let text = lines.map { "\u{1B}[K" + $0.painted(true) }.joined(separator: "\r\n")
        Terminal.put("\u{1B}[H" + text + "\u{1B}[0J")
    }

    /// Gives the terminal back as it was.
    func leave() {
        Terminal.put("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var before = before
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
    }
}

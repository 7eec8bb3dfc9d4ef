import Foundation

/// The two streams: results go to standard output, everything else to standard error.
enum Terminal {
    static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a line of the result at once, so that a program may read along.
    static func print(_ line: String) {
        write(line + "\n", to: FileHandle.standardOutput)
    }

    /// Writes text as it is.
    static func put(_ text: String) { write(text, to: FileHandle.standardOutput) }

    static func complain(_ line: String) {
        write(line + "\n", to: FileHandle.standardError)
    }

    /// Shows how far something is, in a line that the next one replaces; nil takes it away.
    ///
    /// Only where standard error is a terminal.
    static func progress(_ text: String?) {
        if errorIsTerminal { write("\r\u{1B}[K\(text ?? "")", to: FileHandle.standardError) }
    }

    /// Prints bytes as they are.
    static func print(bytes: [UInt8]) {
        write(bytes, to: FileHandle.standardOutput)
    }

    /// Whether there is a person to answer a question.
    static let asks = isatty(STDIN_FILENO) == 1 && errorIsTerminal

    /// Whether a person sees what is written and can press keys.
    static let isInteractive =
        isatty(STDIN_FILENO) == 1 && outputIsTerminal
        && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Asks a person; anything but yes is no.
    static func agrees(_ question: String) -> Bool {
        write("\(question) Type yes: ", to: FileHandle.standardError)
        return readLine() == "yes"
    }

    /// Ends the process without tidying up.
    ///
    /// Threads of librdkafka may be connecting just now; `exit` would take OpenSSL away under their
    /// feet, and the process would die of that.
    static func leave(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    private static func write(_ text: String, to handle: FileHandle) {
        write(Array(text.utf8), to: handle)
    }

    private static func write(_ bytes: [UInt8], to handle: FileHandle) {
        // A reader that went away (`| head`) has seen enough.
        do { try handle.write(contentsOf: Data(bytes)) } catch { leave(0) }
    }
}

/// Colours, on a terminal only.
enum Style: String {
    case good = "32"
    case bad = "31"
    case attention = "33"
    case faint = "2"
    case heading = "1"

    func paint(_ text: String, when isOn: Bool = Terminal.outputIsTerminal) -> String {
        isOn ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Text that came from outside, without the characters that could steer a terminal.
func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "?" }))
}

/// Whether a character cannot steer a terminal.
func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
}

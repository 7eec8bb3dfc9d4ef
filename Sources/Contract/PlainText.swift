extension String {
    /// Whether it has control characters: Unicode's category Cc, which will never have others than these.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || 0x7F...0x9F ~= $0.value }
    }

    /// Whether there is nothing to be seen in it.
    var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}

/// A line on a terminal that says how far something is; nothing where there is none.
struct Progress {
    private static let interval: Duration = .milliseconds(200)

    private let what: String
    private let total: Int64
    private let isShown: Bool
    private var done: Int64 = 0
    private var shownAt: ContinuousClock.Instant?

    init(_ what: String, of total: Int64, isShown: Bool = Terminal.errorIsTerminal) {
        (self.what, self.total, self.isShown) = (what, total, isShown)
    }

    mutating func advance(_ steps: Int64 = 1) {
        done += steps
        guard isShown, total > 0 else { return }
        let now = ContinuousClock.now
        if let shownAt, now < shownAt + Self.interval { return }
        shownAt = now
        Terminal.progress("\(what): \(min(done * 100 / total, 100)) %")
    }

    /// Takes the line away.
    func end() {
        if isShown, shownAt != nil { Terminal.progress(nil) }
    }
}

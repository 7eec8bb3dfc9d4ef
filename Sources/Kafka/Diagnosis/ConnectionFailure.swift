/// Librdkafka's line about a connection that failed, taken apart:
/// `[thrd:NAME]: ssl://HOST:PORT/ID: WORDS (after 3ms in state APIVERSION_QUERY)`.
struct ConnectionFailure {
    /// The broker's address as `host:port`, or what stands in its place.
    let address: String
    /// What happened, in librdkafka's words.
    let words: String
    /// How far the connection had come, such as `SSL_HANDSHAKE`; empty if that is not said.
    let phase: String
    /// How long it had been there.
    let milliseconds: Int?

    init(_ line: String) {
        var rest = Substring(line)
        if rest.hasPrefix("[thrd:"), let end = rest.firstRange(of: "]: ") {
            rest = rest[end.upperBound...]
        }
        var (name, words) = rest.cut(at: ": ") ?? ("", rest)
        // A coordinator comes before the broker that is one: `GroupCoordinator: HOST:PORT: WORDS`.
        if !name.contains(":"), let (second, others) = words.cut(at: ": ") {
            (name, words) = (second, others)
        }
        let place = name.cut(at: "://")?.1 ?? name
        address = String(place.cut(at: "/")?.0 ?? place)
        guard let (words, suffix) = words.cut(at: " (after ") else {
            (self.words, phase, milliseconds) = (String(words), "", nil)
            return
        }
        self.words = String(words)
        milliseconds = suffix.cut(at: "ms").flatMap { Int($0.0) }
        let state = suffix.cut(at: "in state ")?.1 ?? ""
        phase = String(state.prefix { $0 != ")" && $0 != "," })
    }
}

extension Substring {
    /// What comes before and after the first separator.
    fileprivate func cut(at separator: String) -> (Substring, Substring)? {
        firstRange(of: separator).map { (self[..<$0.lowerBound], self[$0.upperBound...]) }
    }
}

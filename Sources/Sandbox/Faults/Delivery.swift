/// How an answer reaches the client, if it does.
struct Delivery: Sendable {
    /// What happens on the connection.
    enum Manner: Sendable {
        case answer
        /// The headers at once, the body in drops over that time.
        case drip(Duration)
        /// Nothing, while the connection stays open.
        case silence
        /// An RST.
        case reset
    }

    /// The longest that a connection is held without an answer.
    static let longestSilence = Duration.seconds(120)

    var answer: Answer
    var manner = Manner.answer
    /// Before any of it happens.
    var wait: Duration

    init(_ answer: Answer, wait: Duration) {
        self.answer = answer
        self.wait = wait
    }

    var outcome: Traffic.Outcome {
        switch manner {
        case .answer, .drip: .status(answer.status)
        case .silence: .unanswered
        case .reset: .reset
        }
    }

    /// Lets a fault strike the answer; one that strikes before executing replaces it.
    mutating func suffer(_ strike: Strike) {
        wait = strike.latency ?? wait
        let retry = strike.retryAfter
        switch strike.fault {
        case .tooManyRequests:
            answer = .failure(429, "Too Many Attempts.")
            answer.headers.append(("Retry-After", String(retry ?? 1)))
        case .unauthorized:
            answer = .unauthorized
        case .redirect:
            answer = .failure(302, "Redirecting to /api/elsewhere")
            answer.headers.append(("Location", "/api/elsewhere"))
        case .serverError, .serverErrorAfter:
            answer = .failure(500, "Server Error")
        case .unavailable:
            answer = .failure(503, "Service Unavailable")
            if let retry { answer.headers.append(("Retry-After", String(retry))) }
        case .timeoutBefore, .timeoutAfter: manner = .silence
        case .resetBefore, .resetAfter: manner = .reset
        case .slowBody:
            manner = .drip(strike.latency ?? .seconds(10))
            wait = .zero
        case .malformedJSON: answer.body.removeLast(answer.body.count / 2)
        case .duplicateKeys: answer.repeatMembers()
        case .extraFields: answer.addMembers(["sandbox_note": "nobody documented this"])
        case .latency: wait = strike.latency ?? .seconds(1)
        }
    }
}

extension Answer {
    static let unauthorized = failure(401, "Invalid API credentials.")

    /// Adds members at the end of an object.
    mutating func addMembers(_ members: JSON) {
        body = body.dropLast() + [UInt8(ascii: ",")] + members.bytes.dropFirst()
    }

    /// Every member once more, with null for a value: first-wins and last-wins readers differ.
    mutating func repeatMembers() {
        guard case .object(let members)? = try? JSONReader.read(body) else { return }
        addMembers(.object(members.map { JSON.Member(name: $0.name, value: .null) }))
    }
}

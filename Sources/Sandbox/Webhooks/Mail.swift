/// The webhooks that are still to be sent, and the log of the latest.
///
/// A value: it decides, `Courier` sends.
struct Mail: Sendable {
    private enum Letter: Sendable {
        case webhook(Webhook)
        /// The time is up for what is held of that record (by its sequence).
        case held(Int)
    }

    /// How often a webhook is sent again, and when.
    struct Retries: Sendable, Equatable {
        static let longestPause = Duration.seconds(600)

        /// All attempts together.
        var attempts: Int
        /// After the first attempt; twice as long after each one more.
        var pause: Duration

        func pause(after attempt: Int) -> Duration {
            min(pause * (1 << min(attempt - 1, 20)), Self.longestPause)
        }
    }

    /// So many wait at most; what comes then is dropped, and the log says so.
    static let capacity = 50_000
    /// So many are sent side by side.
    static let concurrency = 64
    static let defaultDelay = Duration.seconds(10)

    private(set) var log = WebhookLog()
    private var outbox = Agenda<Letter>()
    /// What waits for the record's next one, by the record's sequence; each has a letter in the outbox.
    private var held: [Int: Webhook] = [:]
    /// The records with one under way, by sequence, and what waits for it: what is told of a record
    /// arrives in order, unless a fault or a retry comes between.
    private var busy: [Int: [Webhook]] = [:]
    private var queued = 0
    private var inFlight = 0
    /// The first number since the last reset: an earlier one is not sent again.
    private var firstNumber = 1

    private var isFull: Bool { outbox.count + queued >= Self.capacity }

    /// When to look again; nil while nothing waits, or as many as possible are under way.
    var next: Int64? { inFlight < Self.concurrency ? outbox.next : nil }

    /// Sends the webhook, as the strike wants it; `forged` is what is sent instead of the truth.
    mutating func post(
        _ webhook: Webhook,
        _ strike: WebhookRule?,
        forged: Webhook?,
        now: Int64
    ) {
        var webhook = webhook
        let delay = strike?.latency ?? Self.defaultDelay
        if let fault = strike?.fault, fault != .forged { webhook.fault = fault }
        switch strike?.fault {
        case nil: send(webhook, now: now)
        case .never: _ = log.add(webhook, .withheld, now: now)
        case .late: send(webhook, after: delay, now: now)
        case .twice:
            send(webhook, now: now)
            send(webhook, now: now)
        case .reordered: hold(webhook, atMost: delay, now: now)
        case .forged:
            if let forged { send(forged, now: now) }
            send(webhook, now: now)
        }
    }

    /// Sends one that is not new, or not true; answers its number.
    @discardableResult
    mutating func send(_ webhook: Webhook, after delay: Duration = .zero, now: Int64) -> Int {
        var webhook = webhook
        let fits = !isFull
        webhook.attempt = 1
        webhook.number = log.add(webhook, fits ? .waiting : .dropped, now: now)
        if fits { outbox.add(.webhook(webhook), at: now + Int64(delay.inMilliseconds)) }
        return webhook.number
    }

    /// One of a record at a time: what comes second must overtake something.
    private mutating func hold(_ webhook: Webhook, atMost delay: Duration, now: Int64) {
        let record = webhook.record.sequence
        guard held[record] == nil, !isFull else {
            send(webhook, now: now)
            return
        }
        var webhook = webhook
        webhook.number = log.add(webhook, .held, now: now)
        held[record] = webhook
        outbox.add(.held(record), at: now + Int64(delay.inMilliseconds))
    }

    private mutating func release(_ record: Int, now: Int64) {
        guard let webhook = held.removeValue(forKey: record) else { return }
        log.change(webhook.number) { $0.state = .waiting }
        outbox.add(.webhook(webhook), at: now)
    }

    /// What is to be sent now; each ends in `ended`.
    mutating func due(now: Int64) -> [Webhook] {
        var webhooks: [Webhook] = []
        while inFlight < Self.concurrency, let letter = outbox.pop(now: now) {
            switch letter {
            case .held(let record): release(record, now: now)
            case .webhook(let webhook):
                let record = webhook.record.sequence
                guard busy[record] == nil else {
                    busy[record]?.append(webhook)
                    queued += 1
                    continue
                }
                busy[record] = []
                inFlight += 1
                log.change(webhook.number) { $0.state = .sending }
                webhooks.append(webhook)
            }
        }
        return webhooks
    }

    /// An attempt is over.
    mutating func ended(
        _ webhook: Webhook,
        _ outcome: Courier.Outcome,
        _ retries: Retries,
        now: Int64
    ) {
        inFlight -= 1
        guard webhook.number >= firstNumber else { return }
        for next in busy.removeValue(forKey: webhook.record.sequence) ?? [] {
            queued -= 1
            outbox.add(.webhook(next), at: now)
        }
        release(webhook.record.sequence, now: now)
        let isAgain = !outcome.isSuccess && webhook.attempt < retries.attempts
        log.change(webhook.number) { entry in
            entry.attempts = webhook.attempt
            entry.last = outcome
            entry.state = outcome.isSuccess ? .delivered : isAgain ? .waiting : .failed
        }
        guard isAgain else { return }
        var next = webhook
        next.attempt += 1
        let pause = retries.pause(after: webhook.attempt)
        outbox.add(.webhook(next), at: now + Int64(pause.inMilliseconds))
    }

    /// Forgets everything but what is under way.
    mutating func reset() {
        outbox = Agenda()
        held = [:]
        busy = [:]
        queued = 0
        log.reset()
        firstNumber = log.upcoming
    }
}

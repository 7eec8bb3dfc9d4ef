import Aspayds
import Contract
import JSON
import Kafka
import Testing

@testable import aspayds_worker

/// Books as workers would fill them, from a few words; every topic has one partition.
struct AuditScene {
    static let topics = Topics(prefix: "t.")
    /// When everything begins, in milliseconds since 1970.
    static let start: Int64 = 1_770_672_600_000
    static let window = Duration.seconds(900)
    /// How long absence must last: the window, and the time that sending may take.
    static let wait: Int64 = 905_000

    private(set) var books: AuditBooks
    private var offsets: [String: Int64] = [:]

    /// Topics of which `low` records are gone; `passed`: how far the groups have got.
    init(
        low: [String: Int64] = [:],
        passed: Int64? = 1000,
        end: Int64 = 1000,
        settledEnd: Int64 = 10_000_000,
        isComplete: Bool = false,
        since: Int64? = nil,
        reference: String? = nil
    ) {
        var extents: [TopicPartition: Extents.Extent] = [:]
        var committed: [TopicPartition: Int64] = [:]
        for domain in Domain.allCases {
            let commands = TopicPartition(topic: Self.topics.commands(of: domain), partition: 0)
            committed[commands] = passed
            for topic in [
                commands.topic, Self.topics.ledger(of: domain), Self.topics.events(of: domain),
                Self.topics.notifications, Self.topics.deadLetters,
            ] {
                extents[TopicPartition(topic: topic, partition: 0)] = Extents.Extent(
                    low: low[topic] ?? 0,
                    end: end,
                    settledEnd: settledEnd
                )
            }
        }
        offsets = low
        books = AuditBooks(
            AuditTerms(
                topics: Self.topics,
                rules: LedgerRules(settleWindow: Self.window, reposts: [.payment]),
                isComplete: isComplete,
                since: since,
                reference: reference
            ),
            Extents(extents, committed: committed, asOf: Self.start + 1_000_000)
        )
    }

    private mutating func next(_ topic: String, at time: Int64 = start) -> CommandSource {
        let offset = offsets[topic] ?? 0
        offsets[topic] = offset + 1
        let place = CommandSource(topic: topic, partition: 0, offset: offset)
        books.note(place, at: time)
        return place
    }

    // MARK: Commands

    /// A command that was read, and what it is about.
    struct Ordered {
        let domain: Domain
        let reference: String
        let amount: Amount
        let fingerprint: Fingerprint
        let source: CommandSource

        var origin: Event.Origin { Event.Origin(id: "\(source)", source: source) }
    }

    /// An order for a payout, or for an invoice.
    mutating func order(
        _ reference: String = "WD-1",
        _ domain: Domain = .payout,
        amount: Int = 400,
        at time: Int64 = start,
        copyOf origin: CommandSource? = nil,
        replayOf letter: CommandSource? = nil
    ) throws -> Ordered {
        let rest =
            domain == .payout
            ? #""payout_method_id":1,"recipient_name":"Karim","recipient_account":"01612345678""#
            : #""customer_name":"Rahim""#
        let value = #"{"\#(Reference.field)":"\#(reference)","amount":\#(amount),\#(rest)}"#
        let headers = [(Forward.header, origin), (Contract.Replay.header, letter)].compactMap {
            name,
            place in place.map { (name: name, value: "\($0)") }
        }
        let place = command(value, domain, headers, at: time)
        let source = origin ?? place
        let fingerprint = try value.withBytes { bytes in
            let decoder = CommandDecoder(
                domain: domain,
                callback: CallbackKeys("k:AAAAAAAAAAAAAAAAAAAAAA==").map {
                    CallbackAddress(base: "https://a", keys: $0)
                }
            )
            switch try decoder.decode(key: nil, value: bytes, headers: [], source: source).get()
                .body
            {
            case .createPayment(let payment): return Fingerprint(payment)
            case .requestPayout(let payout): return Fingerprint(payout)
            default: throw Failure("no order")
            }
        }
        return Ordered(
            domain: domain,
            reference: reference,
            amount: try Amount("\(amount)"),
            fingerprint: fingerprint,
            source: source
        )
    }

    /// Any command; answers where it lies.
    @discardableResult
    mutating func command(
        _ value: String,
        _ domain: Domain = .payout,
        _ headers: [(name: String, value: String)] = [],
        at time: Int64 = start
    ) -> CommandSource {
        let place = next(Self.topics.commands(of: domain), at: time)
        value.withBytes { bytes in
            books.add(
                SeenCommand(
                    key: nil,
                    value: bytes,
                    headers: headers.map { ($0.name, Array($0.value.utf8)) },
                    at: place,
                    time: time,
                    domain
                ),
                of: domain
            )
        }
        return place
    }

    // MARK: Ledgers

    /// Writes a record; answers it.
    @discardableResult
    mutating func write(_ record: LedgerRecord, _ domain: Domain = .payout) -> LedgerRecord {
        books.add(record, at: next(Self.topics.ledger(of: domain), at: record.at))
        return record
    }

    mutating func claim(_ owner: String, group: String = "aspayds-payouts") {
        write(
            .claim(
                LedgerRecord.Claim(
                    domain: .payout,
                    group: group,
                    owner: owner,
                    number: 1,
                    partitions: 1,
                    at: Self.start
                )
            )
        )
    }

    mutating func intent(
        _ order: Ordered,
        attempt: Int = 1,
        by owner: String = "a",
        after delay: Int64 = 0
    ) {
        let intent = LedgerRecord.Intent(
            domain: order.domain,
            reference: order.reference,
            attempt: attempt,
            fingerprint: order.fingerprint,
            sequence: 0,
            group: "aspayds-payouts",
            owner: owner,
            number: 1,
            at: Self.start + delay,
            command: order.origin,
            offset: order.source.offset,
            order: OrderDetails(amount: order.amount)
        )
        write(.intent(intent), order.domain)
    }

    /// Writes an outcome with its event, which is not published by that; answers the event.
    @discardableResult
    mutating func outcome(
        _ order: Ordered,
        _ state: LedgerRecord.State,
        attempt: Int = 1,
        sequence: Int = 1,
        by owner: String = "a",
        after delay: Int64 = 0,
        _ change: (inout LedgerRecord.Outcome) -> Void = { _ in }
    ) -> Event? {
        var outcome = LedgerRecord.Outcome(
            domain: order.domain,
            reference: order.reference,
            attempt: attempt,
            fingerprint: order.fingerprint,
            command: order.origin,
            offset: order.source.offset,
            state: state,
            sequence: sequence,
            owner: owner,
            number: 1,
            at: Self.start + delay
        )
        if state == .inDoubt || state == .review { outcome.since = Self.start }
        if state.isAccepted { outcome.providerID = "ATPAY-\(order.reference)" }
        outcome.event = Self.event(order, state, attempt, sequence, outcome.at)
        outcome.event?.providerID = outcome.providerID
        change(&outcome)
        write(.outcome(outcome), order.domain)
        return outcome.event
    }

    /// An outcome whose event is published, and noted as published.
    @discardableResult
    mutating func settle(
        _ order: Ordered,
        _ state: LedgerRecord.State,
        sequence: Int,
        attempt: Int = 1,
        after delay: Int64 = 0,
        _ change: (inout LedgerRecord.Outcome) -> Void = { _ in }
    ) -> Event? {
        let numbers = (attempt: attempt, sequence: sequence)
        outcome(order, state, attempt: numbers.attempt, sequence: numbers.sequence, after: delay) {
            $0.isUnannounced = true
            change(&$0)
        }
        return outcome(
            order,
            state,
            attempt: numbers.attempt,
            sequence: numbers.sequence,
            after: delay,
            change
        )
    }

    /// What an operator has decided.
    static func decision(_ verdict: Decision.Verdict, after delay: Int64 = wait) -> Decision {
        Decision(number: 7, by: "amina", why: "asked", at: start + delay, verdict: verdict)
    }

    private static func event(
        _ order: Ordered,
        _ state: LedgerRecord.State,
        _ attempt: Int,
        _ sequence: Int,
        _ time: Int64
    ) -> Event? {
        guard let kind = kind(state, order.domain) else { return nil }
        var event = Event(
            domain: order.domain,
            kind: kind,
            id: Event.stateID(order.domain, order.reference, kind, attempt: attempt),
            reference: order.reference,
            occurredAt: time
        )
        event.certainty =
            switch state {
            case .refused: .refused
            case .expired, .held: .notSent
            case .inDoubt, .review: .inDoubt
            default: .accepted
            }
        event.amount = order.amount
        event.attempt = attempt
        event.sequence = Int64(sequence)
        event.command = order.origin
        return event
    }

    private static func kind(_ state: LedgerRecord.State, _ domain: Domain) -> Event.Kind? {
        switch state {
        case .accepted: domain == .payment ? .created : .requested
        case .refused: .refused
        case .expired: .expired
        case .inDoubt: .inDoubt
        case .review, .held, .overdue, .disputed: .needsReview
        case .processing: .processing
        case .completed: domain == .payment ? .paid : .completed
        case .rejected: .rejected
        case .cancelled: .cancelled
        case .changed: .statusChanged
        case .notSent, .released, .approved, .conflict: nil
        }
    }

    // MARK: Events

    /// Publishes an event, with a notification where it wants one.
    mutating func publish(_ event: Event?, isNotified: Bool = true) {
        guard let event else {
            Issue.record("there is no event")
            return
        }
        books.add(event, at: next(Self.topics.events(of: event.domain), at: event.occurredAt))
        if isNotified, let notification = Notification(event) { notify(notification.encoded()) }
    }

    mutating func notify(_ record: EncodedRecord) {
        let place = next(Self.topics.notifications)
        let id = record.headers.first { $0.name == "event_id" }?.value
        let seen = (record.value ?? []).withUnsafeBytes { value in
            try? SeenNotification(
                eventID: id.map { String(decoding: $0, as: UTF8.self) },
                value: value
            )
        }
        if let seen { books.add(seen, at: place) } else { Issue.record("not readable") }
    }

    /// The answer to one command.
    static func answer(
        _ kind: Event.Kind,
        to source: CommandSource,
        _ domain: Domain = .payout,
        reference: String? = "WD-1",
        code: String? = nil
    ) -> Event {
        var event = Event(
            domain: domain,
            kind: kind,
            id: Event.answerID(source, kind),
            reference: reference,
            occurredAt: start
        )
        event.command = Event.Origin(id: "\(source)", source: source)
        event.reason = code.map { Event.Reason(code: $0) }
        return event
    }

    /// Answers where the dead letter lies.
    @discardableResult
    mutating func deadLetter(of source: CommandSource) -> CommandSource {
        let place = next(Self.topics.deadLetters)
        books.add(deadLetterOf: source, at: place)
        return place
    }

    // MARK: What comes of it

    /// An order that is carried out and told of.
    @discardableResult
    mutating func accept(_ reference: String = "WD-1", _ domain: Domain = .payout) throws -> Ordered
    {
        let order = try order(reference, domain)
        intent(order)
        publish(outcome(order, .accepted))
        return order
    }

    mutating func report() -> AuditReport { books.conclude() }

    mutating func compare(found: [ProviderWord] = [], absent: [String] = []) -> [Breach] {
        for domain in Domain.allCases {
            books.compare(books.subjects(domain), found: found, absent: absent)
        }
        return books.findings.breaches
    }

    /// The rules that are broken, in the order in which that was found.
    mutating func rules() -> [Breach.Rule] { report().findings.breaches.map(\.rule) }
}

/// An event that must be there.
func needed(_ event: Event?) throws -> Event { try #require(event) }

extension AuditReport {
    /// How many commands of payouts ended so.
    func ended(_ word: String) -> Int {
        commands.filter { $0.key.word == word }.reduce(0) { $0 + $1.value.count }
    }
}

extension String {
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(utf8).withUnsafeBytes(body)
    }
}

/// A command the engine has taken and not finished.
struct Work {
    let arrival: Arrival
    var state: State
    /// The next command of the same key, which waits for this one.
    var next: RecordID?
    /// Whether it stands in the line of its key; what settles a doubt whose command has been read
    /// does not.
    var isInLine = true
    /// Whether it goes on with what the ledger has open: nobody else will say how that ends, as its
    /// command may never be read again.
    var isSettlement = false
    /// Counts the attempts of the reference; 0 before the first intent.
    var attempt = 0
    /// How many events the reference had before the one being worked on.
    var sequence = 0
    /// Whether an intent of this attempt stands in the ledger without an outcome.
    var hasIntent = false
    /// When the intent was written, on whose day its amount counts: milliseconds since 1970.
    var intendedAt: Int64?
    /// Whether an earlier transmission of this reference may have arrived.
    var mayHaveArrived = false
    /// When the doubt that it is to end began, and how often that was looked up.
    var since: Int64?
    var lookups = 0
    /// What made us look.
    var cause = Cause.poll
    /// The operator's decision that it follows.
    var decision: DecisionNumber?
    /// The finding that it tells of.
    var finding: FindingNumber?
    /// Whether the event of its end was published, and only that is still to be noted.
    var isAnnounced = false
    /// Whether this attempt was refused although an earlier transmission may have arrived.
    var wasRefused = false
    /// How it ends instead of being sent: what its fence lets through is the word of that.
    var foregone: LedgerState?
    /// What an operator has decided of its reference meanwhile.
    var laterDecision: ReviewDecision?
    /// Transmissions or questions so far that ended as not sent.
    var tries = 0
    /// Questions to the provider about nothing else that it has not answered.
    var triesAlone = 0
    /// The number of the request whose answer is awaited.
    var ticket: UInt64 = 0

    var order: Order? {
        guard case .create(let order) = arrival else { return nil }
        return order
    }

    var key: ReferenceKey? { arrival.key }
}

extension Work {
    /// Carries what became of an accepted order through ledger and topic.
    init(goingOnWith standing: Standing, of key: ReferenceKey) {
        let order = Order(
            key: key,
            fingerprint: Fingerprint(high: standing.fingerprint, low: 0),
            notAfter: nil,
            origin: standing.record
        )
        self.init(arrival: .create(order), state: .queued)
        isSettlement = true
        isInLine = false
        attempt = standing.attempt
        sequence = standing.sequence
    }
}

extension Arrival {
    /// What its order in line goes by; commands without one overtake each other.
    var key: ReferenceKey? {
        switch self {
        case .create(let order): order.key
        case .check(let key), .invalid(let key), .hint(let key, _): key
        case .methods, .malformed, .stray: nil
        }
    }
}

extension Work {
    /// Where a command stands (DESIGN.md §3).
    ///
    ///     queued ─→ waiting ─→ journaling ─→ fencing ⇄ ready ─→ inFlight ─→ recording ─→ publishing
    ///                  ↑  └─────────────────────→↑                 ├─→ judging ─→ recording
    ///                  └──────── backingOff ←────┴─────────────────┘
    enum State: Hashable {
        /// Behind an earlier command of the same key.
        case queued
        /// For its turn: a slot, a closed breaker, room on the way to a permit.
        case waiting
        /// The intent is on its way to the ledger.
        case journaling
        /// The intent stands; the commit that is its fence has not been accepted.
        case fencing(CommitNumber?)
        /// The fence holds until then; for a permit of the rate limiter.
        case ready(expires: Instant)
        /// Handed to the transport, once.
        case inFlight
        /// 403 or 404: the probe decides what it means.
        case judging
        /// Not sent; tried again at this time.
        case backingOff(until: Instant)
        /// The outcome is on its way to the ledger.
        case recording(LedgerWrite)
        /// The event is on its way.
        case publishing(Publication)
        /// The provider is asked what a check or methods command wants.
        case asking
        /// Its partition was given up while it was queued; it leaves when its turn comes.
        case dropped
    }

    /// Whether a transmission, or the way to it, takes one of the slots in flight.
    var takesSlot: Bool {
        switch state {
        case .journaling, .fencing, .ready, .inFlight, .judging: true
        default: false
        }
    }

    /// Whether what became of it is being recorded or said.
    var isEnding: Bool {
        switch state {
        case .recording, .publishing: true
        default: false
        }
    }

    /// Whether it is on its way to a permit.
    var isInPreparation: Bool {
        switch state {
        case .journaling, .fencing, .ready: true
        default: false
        }
    }
}

import JSON

/// What a process tells of itself on the topic `worker.status`.
///
/// Keyed by the process, so that the records of one stay in order.
package struct WorkerStatus: Sendable, Equatable {
    /// What it says; the raw value is the last part of `ce_type`.
    package enum Kind: String, Sendable, CaseIterable {
        /// Every `ASPAYDS_HEARTBEAT`.
        case heartbeat
        /// The process has begun.
        case started
        /// The process has ended as it should, or says why not.
        case stopped
        /// The provider refuses the key or the secret: nothing is sent until it takes them.
        case credentialsRefused = "credentials_refused"
        /// The provider fails: nothing is sent until it is back.
        case breakerOpened = "breaker_opened"
        /// The provider answers again.
        case breakerClosed = "breaker_closed"
        /// A dead letter was put back, and its command is read.
        case deadLetterReplayed = "dead_letter_replayed"
        /// A reference needs a person.
        case reviewNeeded = "review_needed"
        /// Somebody else has written to the ledger of a partition of this process.
        case ledgerGap = "ledger_gap"
        /// A partition, or the whole worker, has stopped for a reason that a person must see to.
        case partitionStopped = "partition_stopped"
    }

    /// What every `ce_type` begins with.
    package static let typePrefix = "aspayds.worker."

    /// What `stopped` says where nothing went wrong.
    package static let askedTo = "asked to"

    /// The process: host, number and start.
    package var worker: String
    package var kind: Kind
    /// Counts what this process has told, from 1.
    package var number: UInt64
    /// Milliseconds since 1970.
    package var at: Int64
    /// The domain it is about, where it is about one.
    package var domain: Domain?
    /// What it says for people; nil in heartbeats.
    package var message: String?
    /// The reference that it is about.
    package var reference: String?
    /// The partition that it is about.
    package var partition: Int32?
    /// The dead letter that was put back.
    package var deadLetter: ReplayedLetter?
    /// What a heartbeat tells.
    package var process: ProcessFigures?

    package init(
        worker: String,
        kind: Kind,
        number: UInt64,
        at: Int64,
        domain: Domain? = nil,
        message: String? = nil,
        reference: String? = nil,
        partition: Int32? = nil,
        deadLetter: ReplayedLetter? = nil,
        process: ProcessFigures? = nil
    ) {
        self.worker = worker
        self.kind = kind
        self.number = number
        self.at = at
        self.domain = domain
        self.message = message
        self.reference = reference
        self.partition = partition
        self.deadLetter = deadLetter
        self.process = process
    }
}

/// A dead letter that was put back.
package struct ReplayedLetter: Sendable, Equatable {
    /// Where it lies.
    package let place: CommandSource
    /// When it was set aside, in milliseconds since 1970.
    package let time: Int64

    package init(place: CommandSource, time: Int64) { (self.place, self.time) = (place, time) }

    /// What the headers of a command tell of that; nil where it is no replay, or does not tell all.
    package init?(_ headers: [(name: String, value: [UInt8]?)]) {
        guard let place = Replay.deadLetter(headers), let time = DeadLetter.Note(headers).time
        else {
            return nil
        }
        self.init(place: place, time: time)
    }
}

/// The figures of a process.
package struct ProcessFigures: Sendable, Equatable {
    package var version: String
    package var host: String
    /// Milliseconds since 1970.
    package var startedAt: Int64
    package var roles: [String]
    /// Of each domain that it works on.
    package var domains: [Domain: DomainFigures]

    package init(
        version: String,
        host: String,
        startedAt: Int64,
        roles: [String],
        domains: [Domain: DomainFigures] = [:]
    ) {
        self.version = version
        self.host = host
        self.startedAt = startedAt
        self.roles = roles
        self.domains = domains
    }
}

/// The figures of the worker of one domain in a process.
package struct DomainFigures: Sendable, Equatable {
    /// The partitions owned.
    package var partitions: [Int32] = []
    /// Partitions that take nothing until a person has seen to them.
    package var stoppedPartitions: [Int32] = []
    /// Records of the commands that are not finished; nil while it is not known.
    package var lag: Int64?
    /// Commands taken and not finished.
    package var unfinished = 0
    /// Those of them that wait for a permit.
    package var waiting = 0
    /// Orders on their way to the provider.
    package var inFlight = 0
    /// Requests per second that are its part of the limit.
    package var rateLimit = 0.0
    /// What the other replicas have to know of that; nil where it is not shared with them.
    package var rateShare: RateShare?
    /// Requests per second allowed at present, less than the limit after a 429.
    package var rateAllowed = 0.0
    /// Requests per second of the last five seconds or more.
    package var rateUsed = 0.0
    /// Why requests are held back: `failures` or `credentials`; nil while they are not.
    package var breaker: String?
    /// `off` or `dry-run` where the settings let nothing be sent; nil where they do.
    package var sending: String?
    /// The operators' orders that are obeyed: to send nothing new, and another rate.
    package var paused: StandingOrder?
    package var rateOrdered: StandingOrder?
    /// Durations of requests to the provider, and from reading a command to its event.
    package var provider = Latency()
    package var command = Latency()
    /// Events published so far, by kind.
    package var outcomes: [String: Int64] = [:]
    /// Records so far that are no commands; nil where a worker does not tell.
    package var deadLetters: Int64?
    /// Commands so far that were forwarded to their home partitions; nil likewise.
    package var forwarded: Int64?
    /// References being looked up, and needing a person; the oldest since, milliseconds since 1970.
    package var inDoubt = 0
    package var oldestInDoubt: Int64?
    package var inReview = 0
    package var oldestInReview: Int64?
    /// References that were accepted and whose end is not known.
    package var tracked = 0
    /// Ledger records read, and to be read, while ledgers are read.
    package var restored: Int64?
    package var toRestore: Int64?
    /// The last thing that went wrong, and when.
    package var lastError: String?
    package var lastErrorAt: Int64?
    /// When these figures were true: milliseconds since 1970.
    ///
    /// A worker that hangs does not renew them.
    package var at: Int64 = 0

    package init() {}

    /// Percentiles of the last minute or two, in milliseconds; nil where there was nothing.
    package struct Latency: Sendable, Equatable {
        package var p50: Double?
        package var p90: Double?
        package var p99: Double?
        package var max: Double?
        /// Of all time.
        package var count: Int64 = 0

        package init() {}
    }
}

import Kafka

/// Reads partitions outside any group: first what is there, then what comes.
struct TopicScan {
    /// How long nothing at all may come from a broker before reading is given up.
    static let silence: Duration = .seconds(30)

    /// How many records of each partition are read where Kafka tells no offset for a time.
    private static let tail: Int64 = 1000

    private let reader: Reader
    private let settings: Settings
    private let complain: @Sendable (String) -> Void
    private var unread: Set<TopicPartition>
    private let ends: [TopicPartition: Int64]
    private var lastError: KafkaError?

    /// Whether to do without what the user has no right to read.
    var skipsUnreadable = false

    /// Begins with the oldest record of each partition; what lies at `ends` or behind is not read.
    ///
    /// `complain` hears of what is wrong with Kafka, once and not once a second.
    init(
        _ partitions: [TopicPartition],
        upTo ends: [TopicPartition: Int64] = [:],
        _ settings: Settings,
        complain: @escaping @Sendable (String) -> Void = Self.warn
    ) throws(Failure) {
        try self.init(unread: Set(partitions), upTo: ends, settings, complain)
        try begin(partitions.map { Position(topicPartition: $0, offset: Position.beginning) })
    }

    /// Begins at these positions.
    init(_ positions: [Position], _ settings: Settings) throws(Failure) {
        try self.init(unread: Set(positions.map(\.topicPartition)), settings, Self.warn)
        try begin(positions)
    }

    /// Begins with the records of a time, in milliseconds since 1970; older ones may come too.
    init(
        _ partitions: [TopicPartition],
        since time: Int64,
        _ settings: Settings,
        complain: @escaping @Sendable (String) -> Void = Self.warn
    ) async throws(Failure) {
        try self.init(unread: Set(partitions), settings, complain)
        do {
            try begin(try await positions(partitions, since: time))
        } catch {
            await close()
            throw error
        }
    }

    private init(
        unread: Set<TopicPartition>,
        upTo ends: [TopicPartition: Int64] = [:],
        _ settings: Settings,
        _ complain: @escaping @Sendable (String) -> Void
    ) throws(Failure) {
        self.settings = settings
        self.complain = complain
        self.ends = ends
        self.unread = unread
        do {
            let configuration = KafkaAccess.configuration(
                settings,
                defaults: ["fetch.wait.max.ms": "100"]
            )
            reader = try Reader(configuration)
        } catch { throw KafkaAccess.failure(error, settings) }
    }

    @Sendable
    private static func warn(_ text: String) { Terminal.complain("warning: \(text)") }

    private func begin(_ positions: [Position]) throws(Failure) {
        do { try reader.assign(positions) } catch { throw KafkaAccess.failure(error, settings) }
    }

    /// Where nothing is as new as that, and on brokers that know no times, near the end.
    private func positions(
        _ partitions: [TopicPartition],
        since time: Int64
    ) async throws(Failure) -> [Position] {
        let marks = try await watermarks()
        do {
            let timeout = KafkaAccess.answerTimeout
            let offsets = try await reader.offsets(partitions, since: time, timeout: timeout)
            return marks.map { place, mark in
                let near = max(mark.low, mark.high - Self.tail)
                return Position(topicPartition: place, offset: offsets[place] ?? near)
            }
        } catch { throw KafkaAccess.failure(error, settings) }
    }

    /// The oldest offset of each partition and the next one to be written.
    func watermarks() async throws(Failure) -> [TopicPartition: (low: Int64, high: Int64)] {
        do {
            return try await reader.watermarks(Array(unread), timeout: KafkaAccess.answerTimeout)
        } catch { throw KafkaAccess.failure(error, settings) }
    }

    /// Shows every record that is there.
    mutating func readToEnd(_ see: (Record) -> Void) async throws(Failure) {
        try await read(while: { record in
            see(record)
            return true
        })
    }

    /// Shows the records that are there, until `wantsMore` says no.
    mutating func read(while wantsMore: (Record) -> Bool) async throws(Failure) {
        var heard = ContinuousClock.now
        var isEnough = false
        while !unread.isEmpty && !isEnough {
            if try await step({ if !isEnough { isEnough = !wantsMore($0) } }) { heard = .now }
            guard ContinuousClock.now < heard + Self.silence else {
                let error = lastError ?? KafkaError(code: KafkaError.Code.timedOut)
                throw KafkaAccess.failure(error, settings)
            }
        }
    }

    /// Shows what comes, until `see` says that it has seen enough, or the time, if any, is over.
    ///
    /// - Returns: Whether enough was seen in time.
    mutating func follow(
        for time: Duration?,
        _ see: (Record) -> Bool
    ) async throws(Failure) -> Bool {
        let deadline = time.map { ContinuousClock.now + $0 }
        var isDone = false
        while !isDone {
            if let deadline, ContinuousClock.now >= deadline { return false }
            _ = try await step { if !isDone { isDone = see($0) } }
        }
        return true
    }

    /// Stops reading.
    func close() async { await reader.close(timeout: .seconds(5)) }

    /// Whether anything came but complaints.
    private mutating func step(_ see: (Record) -> Void) async throws(Failure) -> Bool {
        guard !Task.isCancelled else { throw Failure("interrupted") }
        var isHeard = false
        for event in await reader.next() {
            switch event {
            case .records(let records):
                isHeard = true
                for record in records where isWanted(record) { see(record) }
            case .endOfPartition(let position):
                isHeard = true
                unread.remove(position.topicPartition)
            case .error(let error):
                let isDenied = error.code == KafkaError.Code.topicAuthorization
                if isDenied, !skipsUnreadable { throw KafkaAccess.failure(error, settings) }
                if isDenied, let place = error.topicPartition { unread.remove(place) }
                if "\(error)" != lastError?.description { complain("\(error)") }
                lastError = error
            default: break
            }
        }
        return isHeard
    }

    /// Whether a record lies before the end of what is read; notes when the end is reached.
    private mutating func isWanted(_ record: Record) -> Bool {
        guard !ends.isEmpty, let end = ends[record.topicPartition] else { return true }
        if record.offset >= end - 1 { unread.remove(record.topicPartition) }
        return record.offset < end
    }
}

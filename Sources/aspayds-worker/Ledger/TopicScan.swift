import Kafka

/// Reads partitions outside any group: first what is there, then what comes.
struct TopicScan {
    /// How long nothing at all may come from a broker before reading is given up.
    static let silence: Duration = .seconds(30)

    private let reader: Reader
    private let settings: Settings
    private var unread: Set<TopicPartition>
    private var lastError: KafkaError?

    /// Begins with the oldest record of each partition.
    init(_ partitions: [TopicPartition], _ settings: Settings) throws(Failure) {
        try self.init(
            partitions.map { Position(topicPartition: $0, offset: Position.beginning) },
            settings
        )
    }

    /// Begins at these positions.
    init(_ positions: [Position], _ settings: Settings) throws(Failure) {
        self.settings = settings
        unread = Set(positions.map(\.topicPartition))
        do {
            let configuration = KafkaAccess.configuration(
                settings,
                defaults: ["fetch.wait.max.ms": "100"]
            )
            reader = try Reader(configuration)
            try reader.assign(positions)
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

    /// Shows what comes, until `see` says that it has seen enough, or the time is over.
    ///
    /// - Returns: Whether enough was seen in time.
    mutating func follow(
        for time: Duration,
        _ see: (Record) -> Bool
    ) async throws(Failure) -> Bool {
        let deadline = ContinuousClock.now + time
        var isDone = false
        while !isDone {
            guard ContinuousClock.now < deadline else { return false }
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
                for record in records { see(record) }
            case .endOfPartition(let position):
                isHeard = true
                unread.remove(position.topicPartition)
            case .error(let error):
                if error != lastError { Terminal.complain("warning: \(error)") }
                lastError = error
            default: break
            }
        }
        return isHeard
    }
}

import Kafka

/// Reads partitions outside any group: first what is there, then what comes.
struct TopicScan {
    /// How long nothing at all may come from a broker before reading is given up.
    static let silence: Duration = .seconds(30)

    private let reader: Reader
    private let settings: Settings
    private var unread: Set<TopicPartition>
    private let ends: [TopicPartition: Int64]
    private var lastError: KafkaError?

    /// Begins with the oldest record of each partition; what lies at `ends` or behind is not read.
    init(
        _ partitions: [TopicPartition],
        upTo ends: [TopicPartition: Int64] = [:],
        _ settings: Settings
    ) throws(Failure) {
        self.settings = settings
        self.ends = ends
        unread = Set(partitions)
        do {
            let configuration = KafkaAccess.configuration(
                settings,
                defaults: ["fetch.wait.max.ms": "100"]
            )
            reader = try Reader(configuration)
            try reader.assign(
                partitions.map { Position(topicPartition: $0, offset: Position.beginning) }
            )
        } catch { throw KafkaAccess.failure(error, settings) }
    }

    /// Shows every record that is there.
    mutating func readToEnd(_ see: (Record) -> Void) async throws(Failure) {
        var heard = ContinuousClock.now
        while !unread.isEmpty {
            if try await step(see) { heard = .now }
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
                for record in records where isWanted(record) { see(record) }
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

    /// Whether a record lies before the end of what is read; notes when the end is reached.
    private mutating func isWanted(_ record: Record) -> Bool {
        guard !ends.isEmpty, let end = ends[record.topicPartition] else { return true }
        if record.offset >= end - 1 { unread.remove(record.topicPartition) }
        return record.offset < end
    }
}

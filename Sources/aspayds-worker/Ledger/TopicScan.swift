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
        self.settings = settings
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
                for record in records { see(record) }
            case .endOfPartition(let position):
                isHeard = true
                unread.remove(position.topicPartition)
            case .error(let error):
                if "\(error)" != lastError?.description { Terminal.complain("warning: \(error)") }
                lastError = error
            default: break
            }
        }
        return isHeard
    }
}

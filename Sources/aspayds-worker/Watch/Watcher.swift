import Contract
import Kafka

/// Reads events and dead letters and shows those that are asked for.
struct Watcher {
    private let deadLetters: String
    private let reference: String?
    private let show: (Sighting) -> Void
    /// What is not shown yet, so that what other partitions have of the same time comes with it.
    private var backlog: Backlog?

    /// The commands that were seen to end.
    private(set) var ended: Set<String> = []

    private var lastError: KafkaError?

    init(deadLetters: String, reference: String?, show: @escaping (Sighting) -> Void) {
        self.deadLetters = deadLetters
        self.reference = reference.map(Contract.Reference.uppercased)
        self.show = show
    }

    /// Shows records until the end that is asked for.
    ///
    /// - Parameters:
    ///   - reader: Reads the partitions of `positions`.
    ///   - positions: Where reading begins.
    ///   - follow: Whether to go on at the end of the partitions.
    ///   - timeout: When to end in any case.
    ///   - untilFinal: The number of ended commands at which to end.
    /// - Returns: Whether it ended for another reason than the time.
    mutating func watch(
        _ reader: Reader,
        positions: [Position],
        follow: Bool,
        timeout: Duration?,
        untilFinal: Int?
    ) async -> Bool {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var unread = Set(positions.map(\.topicPartition))
        backlog = Backlog()
        defer { endBacklog() }
        while !Task.isCancelled {
            for event in await reader.next() {
                switch event {
                case .records(let records): for record in records { see(record) }
                case .endOfPartition(let position): unread.remove(position.topicPartition)
                case .error(let error): complain(error)
                default: break
                }
            }
            // From here on each is shown as it comes.
            if unread.isEmpty { endBacklog() }
            if let untilFinal, ended.count >= untilFinal { return true }
            if !follow, unread.isEmpty { return true }
            if let deadline, ContinuousClock.now >= deadline { return false }
        }
        return false
    }

    private mutating func see(_ record: Record) {
        let sighting = sighting(of: record)
        if let reference, sighting.reference.map(Contract.Reference.uppercased) != reference {
            return
        }
        for sighting in backlog?.add(sighting) ?? [sighting] { show(sighting) }
        if sighting.endsCommand { ended.insert(sighting.commandKey) }
    }

    private mutating func endBacklog() {
        for sighting in backlog?.takeAll() ?? [] { show(sighting) }
        backlog = nil
    }

    private func sighting(of record: Record) -> Sighting {
        let source = CommandSource(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset
        )
        return record.topic == deadLetters
            ? Sighting(deadLetter: record, at: source) : Sighting(event: record, at: source)
    }

    /// Says what is wrong once, not once a second.
    private mutating func complain(_ error: KafkaError) {
        guard "\(error)" != lastError?.description else { return }
        lastError = error
        Terminal.complain("warning: \(error)")
    }
}

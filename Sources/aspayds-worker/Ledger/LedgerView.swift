import Contract
import Kafka

/// Ledgers, or parts of them, read to their end.
struct LedgerView {
    private(set) var book: LedgerBook
    private var scan: TopicScan

    /// Reads the ledgers of these domains, of one reference only its home partition.
    init(
        _ interest: LedgerBook.Interest,
        of domains: [Domain],
        _ settings: Settings
    ) async throws(Failure) {
        let partitions = try await Self.partitions(interest, domains, settings)
        book = LedgerBook(interest)
        scan = try TopicScan(partitions, settings)
        var book = book
        do throws(Failure) {
            try await scan.readToEnd { Self.add($0, to: &book) }
        } catch {
            await scan.close()
            throw error
        }
        self.book = book
    }

    /// Goes on reading until `isDone`, or the time is over; whether it was done in time.
    mutating func follow(
        for time: Duration,
        until isDone: (LedgerBook) -> Bool
    ) async throws(Failure) -> Bool {
        var book = book
        defer { self.book = book }
        return try await scan.follow(for: time) { record in
            Self.add(record, to: &book)
            return isDone(book)
        }
    }

    /// Stops reading.
    func close() async { await scan.close() }

    private static func add(_ record: Record, to book: inout LedgerBook) {
        let place = CommandSource(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset
        )
        let result = record.withValue { value in
            value.map { value in
                Result { () throws(UnreadableRecord) in try LedgerRecord(value: value) }
            }
        }
        switch result {
        case .success(let record)?: book.add(record, at: place)
        case .failure(let error)?: Terminal.complain("warning: \(place): \(printable(error.what))")
        case nil: break
        }
    }

    private static func partitions(
        _ interest: LedgerBook.Interest,
        _ domains: [Domain],
        _ settings: Settings
    ) async throws(Failure) -> [TopicPartition] {
        let topics = Topics(prefix: settings.topicPrefix)
        let names = domains.map(topics.ledger)
        let found = try await KafkaAccess.describe(names, settings)
        for name in names where found[name] == nil {
            if case .some = interest {
                throw Failure("the topic \(name) does not exist; see `aspayds-worker topics apply`")
            }
            Terminal.complain("warning: the topic \(name) does not exist")
        }
        guard !found.isEmpty else {
            throw Failure("there is no ledger to read; see `aspayds-worker topics apply`")
        }
        return domains.flatMap { domain -> [TopicPartition] in
            guard let topic = found[topics.ledger(of: domain)] else { return [] }
            func home(_ reference: String) -> Int32 {
                HomePartition.of(reference, partitions: topic.partitions)
            }
            let numbers: Set<Int32> =
                switch interest {
                case .open: Set((0..<topic.partitions).map { Int32($0) })
                case .reference(let text): [home(text)]
                case .some(let keys, let places) where places.isEmpty:
                    Set(keys.filter { $0.domain == domain }.map { home($0.reference) })
                // A command may have been taken up under any reference.
                case .some: Set((0..<topic.partitions).map { Int32($0) })
                }
            return numbers.map { TopicPartition(topic: topic.name, partition: $0) }
        }
    }
}

extension LedgerView {
    /// What is known of one reference, wherever it is known.
    ///
    /// - Throws: A `Failure` when it is not known, or known in both domains.
    func history(of subject: Subject) throws(Failure) -> History {
        let found = subject.domains.compactMap {
            book.histories[LedgerBook.Key($0, subject.reference)]
        }
        guard let first = found.first else {
            let names = subject.domains.map(\.rawValue).joined(separator: " or ")
            throw Failure("the ledger knows no \(names) with the reference \(subject.reference)")
        }
        guard found.count == 1 else {
            throw Failure(
                "there are a payment and a payout with the reference \(subject.reference); "
                    + "add --domain payment or --domain payout"
            )
        }
        return first
    }
}

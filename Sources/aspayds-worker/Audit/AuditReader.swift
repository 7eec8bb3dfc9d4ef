import Contract
import Kafka

/// Reads the topics for the books, up to the ends that they have when it begins.
struct AuditReader {
    private let settings: Settings
    private let topics: Topics
    /// The partitions of each topic that exists.
    private let partitions: [String: [TopicPartition]]
    private let retention: [String: Int64]

    init(_ settings: Settings) async throws(Failure) {
        self.settings = settings
        topics = Topics(prefix: settings.topicPrefix)
        let names = Domain.allCases.flatMap { [topics] domain in
            [topics.commands(of: domain), topics.ledger(of: domain), topics.events(of: domain)]
        }
        let all = names + [topics.notifications, topics.deadLetters]
        let found = try await KafkaAccess.describe(all, withSettings: true, settings)
        for name in all where found[name] == nil {
            Terminal.complain("warning: the topic \(name) does not exist")
        }
        guard names.contains(where: { found[$0] != nil }) else {
            throw Failure("there is nothing to audit; see `aspayds-worker topics apply`")
        }
        partitions = found.mapValues { topic in
            (0..<topic.partitions).map {
                TopicPartition(topic: topic.name, partition: Int32($0))
            }
        }
        retention = found.compactMapValues(\.retention)
    }

    // MARK: What there is

    /// Asks for the groups' offsets and the ends of the topics, in the order that `Extents` needs.
    func extents() async throws(Failure) -> Extents {
        var committed: [TopicPartition: Int64] = [:]
        for domain in Domain.allCases {
            committed.merge(await self.committed(domain)) { $1 }
        }
        do throws(KafkaError) {
            let reader = try Reader(KafkaAccess.configuration(settings))
            let extents = try await extents(reader)
            await reader.close(timeout: .seconds(5))
            return Extents(
                extents,
                committed: committed,
                retention: retention,
                asOf: Moment.now
            )
        } catch { throw KafkaAccess.failure(error, settings) }
    }

    private func extents(
        _ reader: Reader
    ) async throws(KafkaError) -> [TopicPartition: Extents.Extent] {
        let ledgers = places(Domain.allCases.map(topics.ledger))
        let events = places(
            Domain.allCases.map(topics.events) + [topics.notifications, topics.deadLetters]
        )
        let commands = places(Domain.allCases.map(topics.commands))
        let settled = try await reader.watermarks(ledgers, timeout: KafkaAccess.answerTimeout)
        var extents: [TopicPartition: Extents.Extent] = [:]
        for group in [events, ledgers, commands] {
            let marks = try await reader.watermarks(group, timeout: KafkaAccess.answerTimeout)
            for (place, mark) in marks {
                extents[place] = Extents.Extent(
                    low: mark.low,
                    end: mark.high,
                    settledEnd: settled[place]?.high
                )
            }
        }
        return extents
    }

    /// How far the group of a domain has got; nothing where it may not be asked.
    private func committed(_ domain: Domain) async -> [TopicPartition: Int64] {
        let places = places([topics.commands(of: domain)])
        let group = "\(settings.groupPrefix)\(domain.plural)"
        do throws(KafkaError) {
            let reader = try Reader(
                KafkaAccess.configuration(settings, defaults: ["group.id": group])
            )
            let found = try await reader.committed(places, timeout: KafkaAccess.answerTimeout)
            await reader.close(timeout: .seconds(5))
            return places.reduce(into: [:]) { $0[$1] = found[$1]?.offset ?? 0 }
        } catch {
            Terminal.complain("warning: the offsets of the group \(group) are not known: \(error)")
            return [:]
        }
    }

    private func places(_ names: [String]) -> [TopicPartition] {
        names.flatMap { partitions[$0] ?? [] }
    }

    // MARK: What is in it

    /// Feeds the books: what comes first is read first.
    func read(into books: inout AuditBooks) async throws(Failure) {
        let domains = Domain.allCases
        for (what, names) in [
            ("commands", domains.map(topics.commands)), ("ledgers", domains.map(topics.ledger)),
            ("events", domains.map(topics.events) + [topics.deadLetters]),
            ("notifications", [topics.notifications]),
        ] {
            let wanted = places(names).filter { place in
                books.extents[place].map { $0.low < $0.end } ?? false
            }
            if !wanted.isEmpty { try await read(what, wanted, into: &books) }
        }
    }

    private func read(
        _ what: String,
        _ places: [TopicPartition],
        into books: inout AuditBooks
    ) async throws(Failure) {
        let ends = places.reduce(into: [:]) { $0[$1] = books.extents[$1]?.end ?? 0 }
        let total = places.reduce(Int64(0)) { sum, place in
            sum + (books.extents[place].map { $0.end - $0.low } ?? 0)
        }
        var progress = Progress("reading \(what)", of: total)
        var scan = try TopicScan(places, upTo: ends, settings)
        do throws(Failure) {
            try await scan.readToEnd { record in
                progress.advance()
                books.take(record)
            }
        } catch {
            progress.end()
            await scan.close()
            throw error
        }
        progress.end()
        await scan.close()
    }
}

extension Admin.Topic {
    /// How long it keeps records, in milliseconds, where time alone decides that.
    fileprivate var retention: Int64? {
        guard let settings, settings["retention.bytes"] ?? "-1" == "-1" else { return nil }
        return settings["retention.ms"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

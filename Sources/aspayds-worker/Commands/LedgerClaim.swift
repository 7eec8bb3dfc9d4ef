import ArgumentParser
import Contract
import JSON
import Kafka
import Workers

extension LedgerCommand {
    /// Takes a ledger back that another deployment has claimed.
    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a ledger back that another consumer group has claimed.",
            usage: "aspayds-worker ledger claim payments|payouts [--yes] [--json] [<settings> ...]",
            discussion: """
                A worker refuses a ledger that another group has claimed last, because two \
                deployments must not share one. End the one that does not belong there, or give it \
                topics of its own (ASPAYDS_TOPIC_PREFIX); then this claims for the group of \
                ASPAYDS_GROUP_PREFIX what the other one had claimed, and its workers start again. \
                What the other one has sent stands in the ledger, and counts.

                It writes to the ledger, which only the workers may: run it with their rights.


                """ + SettingsHelp.brief
        )

        @OptionGroup var consent: Consent
        @Flag(help: "Print one JSON object.") var json = false
        @OptionGroup var options: SettingsOptions

        mutating func validate() throws {
            _ = try domain()
            try consent.check()
        }

        func run() async throws {
            let settings = try options.load(.kafka, besideWords: true)
            let desk = ClaimDesk(try domain(), settings)
            let count = try await desk.partitionCount()
            let foreign = try await desk.foreignClaims(in: count)
            if !foreign.isEmpty { try confirm(foreign, desk) }
            let places = try await desk.claim(foreign.map(\.partition), of: count)
            Terminal.print(json ? desk.json(foreign, places) : desk.line(foreign, of: count))
        }

        private func domain() throws(ValidationError) -> Domain {
            try Domain(role: try options.onlyWord("payments or payouts"))
        }

        private func confirm(_ foreign: [ClaimDesk.Foreign], _ desk: ClaimDesk) throws(Failure) {
            let groups = Set(foreign.map(\.group)).sorted().joined(separator: ", ")
            Terminal.complain(
                "warning: This takes \(desk.ledger) from \(printable(groups)) for \(desk.group): "
                    + "workers of another group stop, if any still run."
            )
            try consent.obtain(otherwise: "nothing was claimed")
        }
    }
}

/// Finds out whose a ledger is, and claims it for a group.
///
/// A claim by a tool is no worse than one of a worker: whoever owns the partition finds it between
/// its own records before it sends anything more (DESIGN.md §4).
struct ClaimDesk {
    /// A partition that another group has claimed last.
    struct Foreign: Equatable {
        let partition: Int32
        let group: String
    }

    let domain: Domain
    let settings: Settings
    let commands: String
    let ledger: String
    /// The group that the ledger is meant for.
    let group: String

    init(_ domain: Domain, _ settings: Settings) {
        self.domain = domain
        self.settings = settings
        let topics = Topics(prefix: settings.topicPrefix)
        (commands, ledger) = (topics.commands(of: domain), topics.ledger(of: domain))
        group = "\(settings.groupPrefix)\(domain.plural)"
    }

    /// How many partitions both topics have.
    func partitionCount() async throws(Failure) -> Int {
        let found = try await KafkaAccess.describe([commands, ledger], settings)
        guard let count = found[commands]?.partitions, let other = found[ledger]?.partitions else {
            throw Failure(
                "\(commands) or \(ledger) does not exist; see `aspayds-worker topics apply`"
            )
        }
        guard count == other else {
            throw Failure("\(ledger) has \(other) partitions and \(commands) has \(count)")
        }
        return count
    }

    /// The partitions that another group has claimed last.
    ///
    /// - Throws: A `Failure` also where a claim is not about so many partitions: a new claim would
    ///   hide that.
    func foreignClaims(in count: Int) async throws(Failure) -> [Foreign] {
        let places = (0..<Int32(count)).map { TopicPartition(topic: ledger, partition: $0) }
        var claims: [Int32: LedgerRecord.Claim] = [:]
        var unreadable: [String] = []
        var scan = try TopicScan(places, settings)
        do throws(Failure) {
            try await scan.readToEnd { record in
                guard Self.isClaim(record) else { return }
                let read = record.withValue { value in
                    value.flatMap { try? LedgerRecord(value: $0) }
                }
                if case .claim(let claim)? = read {
                    claims[record.partition] = claim
                } else {
                    unreadable.append("\(record.topicPartition)/\(record.offset)")
                }
            }
        } catch {
            await scan.close()
            throw error
        }
        await scan.close()
        if let place = unreadable.first { throw Failure("\(place) cannot be read") }
        if let (partition, claim) = claims.first(where: { $0.value.partitions != count }) {
            throw Failure(
                "\(commands) has \(count) partitions, and had \(claim.partitions) when "
                    + "\(ledger)/\(partition) was last claimed"
            )
        }
        return claims.filter { $0.value.group != group }.sorted { $0.key < $1.key }
            .map { Foreign(partition: $0.key, group: $0.value.group) }
    }

    /// A ledger has claims among very many other records, which are not parsed.
    private static func isClaim(_ record: Record) -> Bool {
        record.withKey { $0?.starts(with: "claim/".utf8) == true }
    }

    /// Claims partitions, and waits until every in-sync replica has it; where the claims lie.
    func claim(_ partitions: [Int32], of count: Int) async throws(Failure) -> [CommandSource] {
        if partitions.isEmpty { return [] }
        let messages = partitions.enumerated().map { number, partition in
            let claim = LedgerRecord.Claim(
                domain: domain,
                group: group,
                owner: WorkerProcess.owner,
                number: UInt64(number + 1),
                partitions: count,
                at: Moment.now
            )
            return Message(
                topic: ledger,
                partition: partition,
                LedgerRecord.claim(claim).encoded()
            )
        }
        let producer = try KafkaAccess.producer(settings)
        let reports = await producer.send(messages)
        await producer.close(timeout: .seconds(5))
        var places: [CommandSource] = []
        for report in reports {
            switch report {
            case .success(let place):
                places.append(
                    CommandSource(topic: ledger, partition: place.partition, offset: place.offset)
                )
            case .failure(let error): throw KafkaAccess.failure(error, settings)
            }
        }
        return places
    }

    // MARK: Results

    func line(_ foreign: [Foreign], of count: Int) -> String {
        if foreign.isEmpty { return "no other group than \(group) has claimed \(ledger)" }
        let groups = Set(foreign.map(\.group)).sorted().joined(separator: ", ")
        return "\(ledger) is claimed for \(group): \(foreign.count) of \(count) partitions, which "
            + "\(printable(groups)) had claimed"
    }

    func json(_ foreign: [Foreign], _ places: [CommandSource]) -> String {
        CompactJSON.line { w in
            w.field("topic", ledger)
            w.field("group", group)
            w.array("claimed") { w in
                for (foreign, place) in zip(foreign, places) {
                    w.object { w in
                        w.field("partition", place.partition)
                        w.field("offset", place.offset)
                        w.field("from", foreign.group)
                    }
                }
            }
        }
    }
}

import Testing

@testable import aspayds_worker

/// The compiled-in topics table and its comparison with a cluster.
@Suite struct TopicTests {
    private static let day: Int64 = 86_400_000

    @Test func theTableIsTheContracts() throws {
        let topics = try TopicTable.bundled(prefix: "aspayds.").topics
        let rows = topics.map { topic in
            let retention = topic.settings["retention.ms"].flatMap { Int64($0) }
            return [
                topic.name, topic.direction, topic.key, topic.settings["cleanup.policy"] ?? "-",
                retention.map { "\($0 / Self.day) d" } ?? "-", "\(topic.partitions)",
            ].joined(separator: " | ")
        }
        #expect(
            rows == [
                "aspayds.payment.commands | in | reference | delete | 7 d | 12",
                "aspayds.payout.commands | in | reference | delete | 7 d | 12",
                "aspayds.payment.events | out | reference | delete | 30 d | 12",
                "aspayds.payout.events | out | reference | delete | 30 d | 12",
                "aspayds.notifications | out | reference | delete | 30 d | 12",
                "aspayds.webhooks | out | reference | delete | 30 d | 12",
                "aspayds.dead-letters | out | original key | delete | 30 d | 12",
                "aspayds.payment.ledger | internal | reference/attempt/kind | compact,delete | 90 d | 12",
                "aspayds.payout.ledger | internal | reference/attempt/kind | compact,delete | 90 d | 12",
                "aspayds.worker.status | out | worker id | delete | 1 d | 12",
                "aspayds.worker.control | in | name | compact | - | 1",
            ]
        )
        for topic in topics {
            #expect(topic.replicationFactor == 3)
            #expect(topic.settings["min.insync.replicas"] == "2")
            #expect(topic.settings["unclean.leader.election.enable"] == "false")
        }
    }

    @Test func developmentMayReplaceTheDefaults() throws {
        let table = try TopicTable.bundled(prefix: "t.", partitions: 3, replicationFactor: 1)
        for topic in table.topics {
            #expect(topic.partitions == (topic.name == "t.worker.control" ? 1 : 3))
            #expect(topic.replicationFactor == 1)
            #expect(topic.settings["min.insync.replicas"] == "1")
        }
    }

    /// A cluster that is as it should be, except for one thing.
    private func check(
        _ topic: String,
        single: Bool = false,
        _ change: (TopicState) -> TopicState?
    ) throws -> [TopicDifference] {
        let table = try TopicTable.bundled(prefix: "")
        var states = Dictionary(
            uniqueKeysWithValues: table.topics.map {
                (
                    $0.name,
                    TopicState(
                        partitions: $0.partitions,
                        replicationFactor: 3,
                        settings: $0.settings
                    )
                )
            }
        )
        states[topic] = states[topic].flatMap(change)
        return TopicCheck(table: table, states: states, isSingleBroker: single).differences()
    }

    private func set(_ name: String, _ value: String?) -> (TopicState) -> TopicState? {
        { state in
            var settings = state.settings ?? [:]
            settings[name] = value
            return TopicState(
                partitions: state.partitions,
                replicationFactor: state.replicationFactor,
                settings: settings
            )
        }
    }

    @Test func aClusterAsItShouldBeHasNoDifference() throws {
        #expect(try check("webhooks") { $0 }.isEmpty)
        #expect(try check("webhooks", set("retention.ms", "-1")).isEmpty)
        #expect(try check("payment.ledger", set("cleanup.policy", "delete, compact")).isEmpty)
        #expect(try check("payment.ledger", set("min.insync.replicas", "3")).isEmpty)
    }

    @Test(arguments: [
        ("retention.ms", "7775999999"), ("cleanup.policy", "delete"), ("cleanup.policy", "compact"),
        ("min.insync.replicas", "1"), ("unclean.leader.election.enable", "true"),
        ("retention.ms", "none"),
    ])
    func whatWouldLoseTheLedgerMatters(name: String, value: String) throws {
        let differences = try check("payout.ledger", set(name, value))
        #expect(differences.map(\.matters) == [true])
        #expect(differences.first?.what.contains("\(name)=\(value)") == true)
    }

    @Test func aLedgerHasThePartitionsOfItsCommands() throws {
        let other = { (state: TopicState) in
            TopicState(partitions: 6, replicationFactor: 3, settings: state.settings)
        }
        #expect(try check("payout.ledger", other).map(\.matters) == [true])
        let commands = try check("payout.commands", other)
        #expect(commands.map(\.topic) == ["payout.commands", "payout.ledger"])
        #expect(commands.map(\.matters) == [false, true])
        #expect(try check("worker.control", other).map(\.matters) == [true])
    }

    @Test func aMissingTopicMatters() throws {
        #expect(try check("dead-letters") { _ in nil }.map(\.what) == ["does not exist"])
    }

    @Test func oneBrokerIsToldApart() throws {
        let alone = { (state: TopicState) in
            TopicState(partitions: 12, replicationFactor: 1, settings: state.settings)
        }
        #expect(try check("payout.ledger", alone).map(\.matters) == [true])
        #expect(try check("payout.ledger", single: true, alone).map(\.matters) == [false])
        let inSync = set("min.insync.replicas", "1")
        #expect(try check("payout.ledger", single: true, inSync).map(\.matters) == [false])
    }

    @Test func whatTheBrokerDoesNotTellIsOnlySaid() throws {
        let differences = try check("payout.ledger", set("retention.ms", nil))
        #expect(differences.map(\.matters) == [false])
    }
}

import Foundation
import Yams

/// A topic as it should be.
struct TopicSpec: Sendable, Equatable, Encodable {
    let name: String
    let direction: String
    let key: String
    let holds: String
    let partitions: Int

    /// The topic whose partition count this one must share, where there is one.
    let partitionsOf: String?

    let replicationFactor: Int
    let settings: [String: String]
}

/// The topics of `topics/topics.yaml`, which is compiled into the program.
struct TopicTable: Sendable {
    let topics: [TopicSpec]

    /// The table with the prefix of a deployment, and its own defaults where they are given.
    ///
    /// The in-sync replicas follow the replication factor: one replica cannot be two in sync.
    static func bundled(
        prefix: String,
        partitions: Int? = nil,
        replicationFactor: Int? = nil
    ) throws(Failure) -> TopicTable {
        let yaml = String(decoding: PackageResources.topics_yaml, as: UTF8.self)
        do {
            var file = try YAMLDecoder().decode(TopicFile.self, from: yaml)
            file.defaults.partitions = partitions ?? file.defaults.partitions
            file.defaults.replicationFactor = replicationFactor ?? file.defaults.replicationFactor
            return TopicTable(topics: file.topics.map { file.spec($0, prefix: prefix) })
        } catch {
            throw Failure("topics.yaml: \(error)")
        }
    }
}

/// `topics.yaml` as it is written.
private struct TopicFile: Decodable {
    struct Defaults: Decodable {
        var partitions: Int
        var replicationFactor: Int
        let settings: [String: String]

        enum CodingKeys: String, CodingKey {
            case partitions
            case replicationFactor = "replication_factor"
            case settings
        }
    }

    struct Entry: Decodable {
        let name: String
        let direction: String
        let key: String
        let holds: String
        let partitions: Int?
        let partitionsOf: String?
        let settings: [String: String]

        enum CodingKeys: String, CodingKey {
            case name
            case direction
            case key
            case holds
            case partitions
            case partitionsOf = "partitions_of"
            case settings
        }
    }

    var defaults: Defaults
    let topics: [Entry]

    func spec(_ entry: Entry, prefix: String) -> TopicSpec {
        var settings = defaults.settings.merging(entry.settings) { $1 }
        let inSync = TopicSetting.inSyncReplicas
        if let wanted = settings[inSync].flatMap({ Int($0) }) {
            settings[inSync] = String(min(wanted, defaults.replicationFactor))
        }
        return TopicSpec(
            name: prefix + entry.name,
            direction: entry.direction,
            key: entry.key,
            holds: entry.holds,
            partitions: entry.partitions ?? defaults.partitions,
            partitionsOf: entry.partitionsOf.map { prefix + $0 },
            replicationFactor: defaults.replicationFactor,
            settings: settings
        )
    }
}

/// The names of topic settings that are judged here.
enum TopicSetting {
    static let cleanupPolicy = "cleanup.policy"
    static let retention = "retention.ms"
    static let inSyncReplicas = "min.insync.replicas"
    static let uncleanElection = "unclean.leader.election.enable"
    static let maxMessageBytes = "max.message.bytes"
}

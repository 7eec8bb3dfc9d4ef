/// A topic as a cluster has it.
struct TopicState: Sendable, Equatable {
    let partitions: Int
    let replicationFactor: Int

    /// What the broker tells of the settings; nil when it tells nothing.
    let settings: [String: String]?
}

/// A difference between a topic as it should be and as it is.
struct TopicDifference: Sendable, Equatable, Encodable {
    let topic: String
    let what: String

    /// False for what is only said: it cannot lose or double anything here.
    let matters: Bool
}

/// Compares topics as they should be with a cluster.
struct TopicCheck {
    let table: TopicTable
    let states: [String: TopicState]

    /// A cluster of one broker cannot replicate; that is fine for development.
    let isSingleBroker: Bool

    func differences() -> [TopicDifference] { table.topics.flatMap(differences(of:)) }

    private func differences(of spec: TopicSpec) -> [TopicDifference] {
        guard let state = states[spec.name] else {
            return [TopicDifference(topic: spec.name, what: "does not exist", matters: true)]
        }
        return partitions(spec, state) + replication(spec, state) + settings(spec, state)
    }

    private func partitions(_ spec: TopicSpec, _ state: TopicState) -> [TopicDifference] {
        if let other = spec.partitionsOf, let count = states[other]?.partitions {
            guard count != state.partitions else { return [] }
            return [
                difference(
                    spec,
                    "has \(state.partitions) partitions, but \(other) has \(count)"
                )
            ]
        }
        guard state.partitions != spec.partitions else { return [] }
        // How many partitions commands and events have is the operator's choice; one means order.
        return [
            difference(
                spec,
                "has \(state.partitions) partitions instead of \(spec.partitions)",
                matters: spec.partitions == 1
            )
        ]
    }

    private func replication(_ spec: TopicSpec, _ state: TopicState) -> [TopicDifference] {
        guard state.replicationFactor < spec.replicationFactor else { return [] }
        return [
            difference(
                spec,
                "has \(state.replicationFactor) replicas instead of \(spec.replicationFactor)",
                matters: !isSingleBroker
            )
        ]
    }

    private func settings(_ spec: TopicSpec, _ state: TopicState) -> [TopicDifference] {
        guard let told = state.settings else {
            return [difference(spec, "the broker does not tell its settings", matters: false)]
        }
        return spec.settings.sorted { $0.key < $1.key }.compactMap { name, wanted in
            guard let actual = told[name] else {
                return difference(spec, "the broker does not tell \(name)", matters: false)
            }
            guard !satisfies(name, actual: actual, wanted: wanted) else { return nil }
            let onlyReplicas = [TopicSetting.inSyncReplicas, TopicSetting.uncleanElection]
            return difference(
                spec,
                "has \(name)=\(printable(actual)) instead of \(wanted)",
                matters: !(isSingleBroker && onlyReplicas.contains(name))
            )
        }
    }

    private func satisfies(_ name: String, actual: String, wanted: String) -> Bool {
        switch name {
        case TopicSetting.cleanupPolicy:
            Self.policies(actual) == Self.policies(wanted)
        case TopicSetting.retention:
            // -1 keeps for ever.
            actual == "-1" || Self.atLeast(actual, wanted)
        case TopicSetting.inSyncReplicas, TopicSetting.maxMessageBytes:
            Self.atLeast(actual, wanted)
        default:
            actual == wanted
        }
    }

    private static func policies(_ text: String) -> Set<Substring> {
        Set(text.filter { $0 != " " }.split(separator: ","))
    }

    private static func atLeast(_ actual: String, _ wanted: String) -> Bool {
        guard let actual = Int64(actual), let wanted = Int64(wanted) else { return false }
        return actual >= wanted
    }

    private func difference(
        _ spec: TopicSpec,
        _ what: String,
        matters: Bool = true
    ) -> TopicDifference {
        TopicDifference(topic: spec.name, what: what, matters: matters)
    }
}

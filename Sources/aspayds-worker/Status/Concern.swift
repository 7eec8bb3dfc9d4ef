import Contract

/// Something that a person should see to.
struct Concern: Equatable {
    /// What it is, the most urgent first; the raw value is for programs.
    enum Kind: String, CaseIterable {
        case noReplica = "no_replica"
        case credentialsRefused = "credentials_refused"
        case partitionStopped = "partition_stopped"
        case partitionUnowned = "partition_unowned"
        case ledgerGap = "ledger_gap"
        case breakerOpen = "breaker_open"
        case replicaFailed = "replica_failed"
        case replicaGone = "replica_gone"
        case replicaHangs = "replica_hangs"
        case stuck
        case inReview = "in_review"
        case deadLetters = "dead_letters"
    }

    let kind: Kind
    var domain: Domain?
    /// The replica that it is about, where it is about one.
    var replica: String?
    /// Milliseconds since 1970.
    var since: Int64?
    /// What is so, for people, without since when.
    let message: String
    /// What helps: a command, or what to look at.
    let help: String

    /// What is so and since when, for people.
    func text(at now: Int64) -> String {
        guard let since else { return message }
        let age = Moment.span(now - since)
        return switch kind {
        case .noReplica: "\(message); the last was heard of \(age) ago"
        case .replicaGone: "\(message), last heard of \(age) ago"
        case .replicaFailed, .ledgerGap: "\(message), \(age) ago"
        case .inReview: "\(message), the oldest for \(age)"
        case .deadLetters: "\(message), the first \(age) ago"
        default: "\(message), for \(age)"
        }
    }
}

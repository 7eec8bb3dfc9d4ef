/// Which replicas that have ended were followed by another one.
///
/// Whoever restarts a process starts one with the same roles after it has ended: on the same host
/// where there is one, otherwise in place of the one that ended last.
struct Succession {
    /// The names of those that were followed.
    private(set) var followed: Set<String> = []

    /// - Parameters:
    ///   - ended: Those that have ended.
    ///   - all: All that are known, those that have ended too.
    init(of ended: [Replica], among all: some Sequence<Replica>) {
        for successor in all.sorted(by: { $0.startedAt < $1.startedAt }) {
            let open = ended.filter {
                $0.heardAt < successor.startedAt && !followed.contains($0.name)
                    && ($0.roles == successor.roles || $0.roles.isEmpty)
            }
            let last = open.max {
                Self.rank($0, before: successor) < Self.rank($1, before: successor)
            }
            if let last { followed.insert(last.name) }
        }
    }

    private static func rank(_ ended: Replica, before successor: Replica) -> (Int, Int64) {
        (ended.host == successor.host ? 1 : 0, ended.heardAt)
    }
}

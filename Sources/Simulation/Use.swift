import Engine

/// Whether the limit is used: what one replica does not need, another one gets.
///
/// It is judged while nothing disturbs (one group, no faults, no rebalance, nobody comes or goes, nobody wants
/// much more or less than before) and one worker says in every heartbeat that it was short of permits
/// nearly all the time. Once heartbeats have gone to and fro, and old loans have ended, nine tenths
/// of the limit must be used, by all workers together.
final class Use {
    private unowned(unsafe) let world: World
    /// When requests were made.
    private var requests: [Time] = []
    private var calmSince: Time = 0
    private var scene: [UInt64] = []
    /// What each worker wanted when it was last heard.
    private var wants: [UInt64: Millionths] = [:]
    /// Since when each worker has been short of permits.
    private var shortSince: [UInt64: Time] = [:]
    /// Phases that were judged.
    private(set) var judged = 0

    init(world: World) {
        self.world = world
    }

    func requested() {
        requests.append(world.now)
    }

    /// A worker tells how it got along since its last heartbeat.
    func told(_ notice: ShareNotice, by worker: Worker) {
        if world.plan.groups > 1 { return }
        look(at: worker.group)
        let before = wants.updateValue(notice.wants, forKey: worker.owner) ?? 0
        if abs(notice.wants - before) > 100_000 { calmSince = world.now }
        guard notice.wants == 1_000_000, !isSlowed(worker) else {
            shortSince[worker.owner] = nil
            return
        }
        let since = shortSince[worker.owner] ?? world.now
        shortSince[worker.owner] = since
        judge(from: max(since, calmSince) + world.plan.heartbeat * 8)
    }

    private func isSlowed(_ worker: Worker) -> Bool {
        let summary = worker.engine.summary
        return summary.rate < summary.share
    }

    /// Notes whether anything has changed for which the workers need time.
    private func look(at group: Group) {
        let workers = world.workers
        let isTroubled = world.now < world.troubleEnds
        let isCalm = !isTroubled && !world.isPaused && workers.allSatisfy(group.isCurrent)
        let now = [UInt64(group.generation)] + workers.map(\.owner)
        if !isCalm || now != scene { calmSince = world.now }
        scene = now
    }

    private func judge(from start: Time) {
        let seconds = Double(world.now - start) / 1e9
        let possible = seconds * world.plan.rateLimit
        // In less than that, single requests are too much.
        guard world.now - start > world.plan.heartbeat * 4, possible >= 50 else { return }
        judged += 1
        let used = requests.reversed().prefix { $0 > start }.count
        // The next request of each may be due in a moment.
        let due = Double(world.workers.count)
        if Double(used) < possible * 0.9 - due {
            world.fail("\(used) requests in \(seconds) s, although \(Int(possible)) were wanted")
        }
    }
}

import Engine

/// Heartbeats: what workers tell one another of their parts of the rate.
extension Worker {
    /// Lets a heartbeat be sent, now and ever so often.
    func beat() {
        if isDead || world.isQuiet { return }
        if isPaused { return onResume { [self] in beat() } }
        post(.input(.beat))
        world.timeline.after(heartbeat) { [self] in beat() }
    }

    /// Publishes a notice; it may be lost, late, or heard twice, by each of the others.
    func tell(_ notice: ShareNotice) {
        lastNotice = notice.number
        world.books.use.told(notice, by: self)
        world.books.judgeParts()
        let slow: Time = world.troubled(\.slowHeartbeat) ? world.chance.time(0...(.seconds(20))) : 0
        if world.troubled(\.lostHeartbeat) { return }
        reachKafka(after: slow) { [self] in
            for other in world.workers where other !== self {
                if world.troubled(\.lostHeartbeat) { continue }
                deliver(notice, to: other)
                if world.troubled(\.repeatedHeartbeat) { deliver(notice, to: other) }
            }
        }
    }

    private func deliver(_ notice: ShareNotice, to other: Worker) {
        let slow: Time = world.troubled(\.slowHeartbeat) ? world.chance.time(0...(.seconds(10))) : 0
        other.fromKafka(after: slow) { [owner] in other.post(.heard(notice, from: owner)) }
    }

    func hear(_ notice: ShareNotice, from other: UInt64, at now: Moment) {
        var notice = notice
        switch world.sabotage {
        case .earlyTakeBack: notice.term *= 3
        case .loansFromHearing:
            for index in notice.loans.indices { notice.loans[index].answers = lastNotice }
        case .unheardNotices: return
        default: break
        }
        give(.heard(notice, from: other), now)
        world.books.judgeParts()
    }
}

internal import DequeModule

/// The rate is shared among replicas: by their partitions, and by what they lend one another.
extension CommandEngine {
    /// Whoever is short of permits for so much of the time may want anything.
    private static let alwaysShort = 0.95
    /// What is wanted beyond what was used, since work does not come evenly.
    private static let headroom = 1.125

    /// Each replica takes the part of the rate that its partitions are of the topic, less what it
    /// lends, and what it borrows.
    mutating func updateShare() {
        sharing.own(owned.count, of: settings.partitionCount)
        setShare(at: now.uptime)
    }

    private mutating func setShare(at time: Instant) {
        let part = Double(sharing.part) / Double(RateSharing.whole)
        limiter.setShare(rateLimit * part, at: time)
    }

    /// The part of the rate that this process may use at a moment, and what of it is borrowed.
    public func ratePart(at time: Instant) -> (part: Millionths, borrowed: Millionths) {
        guard let end = sharing.nextEnd, end <= time else { return (sharing.part, sharing.credit) }
        var sharing = sharing
        sharing.end(at: time)
        return (sharing.part, sharing.credit)
    }

    /// The partitions go back: with them goes what was borrowed.
    mutating func leaveSharing() {
        sharing.leave()
        updateShare()
        if beatDue != nil { tell(nil) }
    }

    mutating func hear(_ notice: ShareNotice, from other: UInt64) {
        sharing.hear(notice, from: other, at: now.uptime)
        updateShare()
    }

    /// Ends loans at their own time, however late this is noticed: no token comes of one after it.
    mutating func endLoans() {
        while let end = sharing.nextEnd, end <= now.uptime {
            sharing.end(at: end)
            setShare(at: end)
        }
    }

    // MARK: Heartbeats

    /// A heartbeat is due: it is sent behind a fence, or without a word about the rate.
    mutating func beat() {
        beatDue = now.uptime
        if sharing.term == nil || !sharing.isMember || beatPartition == nil { tell(nil) }
    }

    /// A partition of which the commit is the fence of a heartbeat that is due.
    var beatPartition: PartitionState? {
        beatDue == nil ? nil : owned.first { $0.phase == .active }
    }

    /// A commit that was issued then was answered: by it the group still knows us, or not.
    mutating func fenceBeat(issuedAt: Instant, accepted: Bool) {
        guard let beatDue, issuedAt >= beatDue else { return }
        guard accepted else { return tell(nil) }
        let stock = limiter.takeStock(at: now.uptime)
        averageUse = (averageUse + stock.used) / 2
        let need = need(short: stock.short)
        tell(sharing.notice(needing: need, fencedAt: issuedAt, at: now.uptime))
        updateShare()
    }

    private mutating func tell(_ notice: ShareNotice?) {
        beatDue = nil
        effects.append(.tell(notice))
    }

    /// What this replica could use, after what it has used and missed until this heartbeat.
    ///
    /// One that was slowed down by a 429 neither asks for more nor lends what it may not use itself.
    private func need(short: Double) -> Millionths {
        if limiter.isSlowed(at: now.uptime) { return sharing.part }
        let part = rateLimit > 0 ? averageUse * Self.headroom / rateLimit : 0
        if short >= Self.alwaysShort || part >= 1 { return RateSharing.whole }
        return Int((part * Double(RateSharing.whole)).rounded(.up))
    }
}

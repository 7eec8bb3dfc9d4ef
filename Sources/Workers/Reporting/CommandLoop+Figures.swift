import Contract
import Engine
import Kafka

/// What the loop tells of itself, at most once a second.
extension CommandLoop {
    private static let figuresInterval = Duration.seconds(1)
    /// The rate used is that of at least so long.
    private static let rateInterval = Duration.seconds(5)

    func showFigures(at now: Moment) {
        if let shownAt, now.uptime - shownAt < Self.figuresInterval { return }
        shownAt = now.uptime
        let summary = engine.summary
        measureRate(summary.permits, at: now.uptime)
        let figures = figures(summary, at: now)
        instruments.show(figures, now: now.wallClock)
    }

    /// Answers that a heartbeat is due, with what the others have to know of our part of the rate.
    func tell(_ notice: ShareNotice?) {
        var figures = figures(engine.summary, at: Clock.now)
        figures.rateShare = notice.map(rateShare)
        reporter?.set(figures, of: settings.domain)
    }

    private func figures(_ summary: CommandEngine.Summary, at now: Moment) -> DomainFigures {
        var figures = DomainFigures()
        figures.partitions = summary.partitions.keys.sorted()
        figures.stoppedPartitions = assigned.filter { readiness.isSet(partitionSubject($0)) }
            .sorted()
        figures.lag = lag(summary.partitions, at: now.uptime)
        figures.unfinished = summary.unfinished
        figures.waiting = summary.waiting
        figures.inFlight = summary.inFlight
        figures.rateLimit = summary.share
        figures.rateAllowed = summary.rate
        figures.rateUsed = rateUsed
        figures.breaker = summary.heldBack?.rawValue
        if settings.sending != .on { figures.sending = settings.sending.rawValue }
        (figures.paused, figures.rateOrdered) = (
            standing.pause, standing.limit == nil ? nil : standing.rate
        )
        figures.inDoubt = summary.inDoubt.count
        figures.oldestInDoubt = summary.inDoubt.oldest
        figures.inReview = summary.inReview.count
        figures.oldestInReview = summary.inReview.oldest
        figures.tracked = summary.tracked
        if !unread.isEmpty { (figures.restored, figures.toRestore) = restored }
        (figures.lastError, figures.lastErrorAt) = (lastError?.text, lastError?.at)
        figures.at = now.wallClock
        instruments.fill(&figures)
        return figures
    }

    /// Records that are not finished; nil while it is not known where each partition ends.
    private func lag(_ watermarks: [Int32: Int64], at now: Instant) -> Int64? {
        let places = commandPartitions(watermarks.keys)
        if places.contains(where: consumer.isPaused), knownEnds.isDue(at: now) { askEnds(places) }
        var lag: Int64 = 0
        for (partition, watermark) in watermarks {
            let place = TopicPartition(topic: commandTopic, partition: partition)
            let fetched = consumer.isPaused(place) ? nil : consumer.lastKnownEnd(of: place)
            guard let end = fetched ?? knownEnds.end(of: place, at: now) else { return nil }
            lag += max(0, end - watermark)
        }
        return watermarks.isEmpty ? nil : lag
    }

    private func askEnds(_ places: [TopicPartition]) {
        let now = Clock.uptime
        Task { [consumer, mailbox] in
            let marks = try? await consumer.watermarks(places, timeout: .seconds(5))
            mailbox.post(.ends(marks?.mapValues(\.high), at: now))
        }
    }

    private func measureRate(_ permits: UInt64, at now: Instant) {
        guard let last = measured else {
            measured = (permits, now)
            return
        }
        let time = now - last.at
        guard time >= Self.rateInterval else { return }
        let seconds = Double(time.wholeNanoseconds) / 1e9
        rateUsed = Double(permits &- last.permits) / seconds
        measured = (permits, now)
    }
}

internal import HeapModule

/// What the provider has accepted is followed until its end is known (DESIGN.md §6).
///
/// Every change of its state is recorded, said and recorded as said, as the end of a doubt is. States
/// only go forward.
extension CommandEngine {
    static let maxPolls = 2

    /// Until an age (in seconds), the delay between two polls; then every ten minutes.
    private static let schedule: [(until: Int64, delay: Duration)] = [
        (5, .seconds(5)), (20, .seconds(15)), (50, .seconds(30)), (110, .seconds(60)),
        (230, .seconds(120)), (530, .seconds(300)),
    ]

    /// Hints about one reference are followed no more often than this, and ever more seldom.
    private static let hintGap = Duration.seconds(2)
    private static let longestHintGap = Duration.seconds(60)

    /// What is in the way of others is looked for no slower than this.
    private static let searchPause = Duration.seconds(60)

    /// Follows a reference from now on, or not any more, as its state says.
    mutating func follow(
        _ id: DoubtID,
        _ state: LedgerState,
        since: Int64?,
        _ finding: FindingNumber?
    ) {
        noteFollowed(id, state, since: since, at: now.wallClock, finding)
        guard let since = partitions[id.partition]?.tracked[id.key]?.since else { return }
        partitions[id.partition]?.tracked[id.key]?.nextPoll = now.uptime + delay(since: since)
        schedulePoll(id)
    }

    /// Notes what the ledger says of a reference that is followed, or is no more.
    mutating func noteFollowed(
        _ id: DoubtID,
        _ state: LedgerState,
        since: Int64?,
        at time: Int64,
        _ finding: FindingNumber?
    ) {
        let known = partitions[id.partition]?.tracked.removeValue(forKey: id.key)
        guard settings.isFollowed(state) else { return }
        var reference = Tracked(since: since ?? known?.since ?? time, nextPoll: now.uptime)
        reference.words = known?.words ?? []
        if state == .changed, let finding { reference.note(word: finding) }
        partitions[id.partition]?.tracked[id.key] = reference
    }

    /// Whether a reference is asked for now and then; nothing need be kept of one that is not.
    public func isFollowing(_ key: ReferenceKey, in partition: Int32) -> Bool {
        partitions[partition]?.tracked[key] != nil
    }

    /// Takes up what the last owner has followed, spread over the time until the next poll of each.
    mutating func resumeTracking(_ partition: Int32) {
        guard let tracked = partitions[partition]?.tracked else { return }
        // In the same order every time, so that a run can be repeated.
        let ordered = tracked.sorted { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }
        for (key, reference) in ordered {
            let delay = delay(since: reference.since) * generator.nextFraction()
            partitions[partition]?.tracked[key]?.nextPoll = now.uptime + delay
            partitions[partition]?.tracked[key]?.isBeingPolled = false
            // An answer may have come meanwhile, and nobody have heard it.
            partitions[partition]?.tracked[key]?.forgetAbsence()
            schedulePoll(DoubtID(partition: partition, key: key))
        }
    }

    private func delay(since: Int64) -> Duration {
        let age = (now.wallClock - since) / 1000
        return Self.schedule.first { age < $0.until }?.delay ?? .seconds(600)
    }

    private mutating func schedulePoll(_ id: DoubtID) {
        guard let next = partitions[id.partition]?.tracked[id.key]?.nextPoll else { return }
        polls.insert(Timed(at: next, number: newNumber(), subject: id))
    }

    /// Nothing of these partitions is asked for any more.
    mutating func stopTracking(_ members: Set<Int32>) {
        polls = Heap(polls.unordered.filter { !members.contains($0.subject.partition) })
    }

    // MARK: Polls

    var isPollDue: Bool {
        guard pollBatches.count < Self.maxPolls, let next = polls.min else { return false }
        return next.at <= now.uptime
    }

    mutating func skipStalePolls() {
        while let next = polls.min, next.at <= now.uptime, !isCurrent(next) { polls.removeMin() }
    }

    private func isCurrent(_ poll: Timed<DoubtID>) -> Bool {
        guard let state = partitions[poll.subject.partition], state.phase == .active,
            let reference = state.tracked[poll.subject.key]
        else { return false }
        return reference.nextPoll == poll.at && !reference.isBeingPolled
    }

    /// Asks for as many as one request holds, and no more than each may be asked for with.
    mutating func pollDue() {
        var batch: [DoubtID] = []
        var subjects: [Followed] = []
        var most = Self.maxLookupBatchSize
        while batch.count < most, let next = polls.min, next.at <= now.uptime {
            let id = next.subject
            guard isCurrent(next), let reference = partitions[id.partition]?.tracked[id.key],
                let standing = partitions[id.partition]?.references[id.key]
            else {
                polls.removeMin()
                continue
            }
            most = min(most, reference.mostTogether)
            if batch.count >= most { break }
            polls.removeMin()
            partitions[id.partition]?.tracked[id.key]?.isBeingPolled = true
            if partitions[id.partition]?.tracked[id.key]?.isHinted == false {
                // An earlier hint has had its poll: what is found now, nobody has told us.
                partitions[id.partition]?.tracked[id.key]?.hints = 0
                partitions[id.partition]?.tracked[id.key]?.cause = .poll
            }
            partitions[id.partition]?.tracked[id.key]?.isHinted = false
            subjects.append(followed(id, standing))
            batch.append(id)
        }
        guard !batch.isEmpty else { return }
        let number = newNumber()
        pollBatches[number] = batch
        effects.append(.poll(number, subjects))
    }

    mutating func polled(
        _ number: LookupNumber,
        _ sightings: [RecordID: Sighting],
        failure: Outcome?
    ) {
        guard let batch = pollBatches.removeValue(forKey: number) else { return }
        // Where nothing could be asked for, the provider has not answered either.
        if let failure {
            noteForBreaker(failure)
        } else if !sightings.isEmpty {
            note(failed: false)
        }
        let wasAsked = failure?.reachedProvider ?? !sightings.isEmpty
        for id in batch {
            guard let state = partitions[id.partition], state.phase == .active,
                state.tracked[id.key]?.isBeingPolled == true,
                let standing = state.references[id.key]
            else { continue }
            state.tracked[id.key]?.isBeingPolled = false
            state.tracked[id.key]?.polledAt = now.uptime
            let sighting = sightings[standing.record]
            if wasAsked { state.tracked[id.key]?.note(isAnswered: sighting != nil, failure) }
            judge(id, standing, sighting)
        }
    }

    /// Decides what one poll says of a reference.
    private mutating func judge(_ id: DoubtID, _ standing: Standing, _ sighting: Sighting?) {
        if let sighting {
            partitions[id.partition]?.tracked[id.key]?
                .note(isThere: sighting != .absent, now.uptime)
        }
        guard let reference = partitions[id.partition]?.tracked[id.key] else { return }
        let age = Duration.milliseconds(now.wallClock - reference.since)
        switch sighting {
        case .status(.other(let word))
        where !reference.words.contains(word) && settings.isFollowed(standing.state):
            return move(id, standing, to: .changed, sighting)
        case .status(let status):
            if let state = settings.step(from: standing.state, to: status) {
                let isNews = state != .disputed || isUndisputed(id, sighting)
                if isNews { return move(id, standing, to: state, sighting) }
            }
        case .differs:
            if isUndisputed(id, sighting) { return move(id, standing, to: .disputed, sighting) }
        case .absent:
            guard let since = reference.absentSince, !reference.isOnce, isUndisputed(id, sighting)
            else { break }
            // It was there, and an answer may lag: what is gone must stay so.
            guard now.uptime - since < settings.settleWindow else {
                return move(id, standing, to: .disputed, sighting)
            }
            let pause = min(delay(since: reference.since), settings.settleWindow / 4)
            return pollAgain(id, reference, after: pause)
        // Nothing was found out, so nothing follows from its age.
        case .found, .mismatch, nil:
            let delay = delay(since: reference.since)
            let isSearch = reference.unanswered > 0 && reference.mostTogether > 1
            return pollAgain(id, reference, after: isSearch ? min(delay, Self.searchPause) : delay)
        }
        if age > settings.pollHorizon && !reference.isOnce {
            guard standing.state == .cancelled else { return move(id, standing, to: .overdue) }
            return unfollow(id, standing)
        }
        pollAgain(id, reference, after: delay(since: reference.since))
    }

    private mutating func pollAgain(_ id: DoubtID, _ reference: Tracked, after delay: Duration) {
        if reference.isOnce && !reference.isHinted && reference.hints == 0 {
            guard let standing = partitions[id.partition]?.references[id.key] else { return }
            return unfollow(id, standing)
        }
        let gap = hintGap(reference)
        let next = now.uptime + (reference.isHinted ? min(gap, delay) : delay)
        partitions[id.partition]?.tracked[id.key]?.nextPoll = next
        schedulePoll(id)
    }

    /// A reference is not asked for any more; nothing is kept for it.
    private mutating func unfollow(_ id: DoubtID, _ standing: Standing) {
        partitions[id.partition]?.tracked[id.key] = nil
        effects.append(.forget(standing.record))
    }

    /// Records a new state and says so.
    private mutating func move(
        _ id: DoubtID,
        _ standing: Standing,
        to state: LedgerState,
        _ sighting: Sighting? = nil
    ) {
        guard let reference = partitions[id.partition]?.tracked[id.key] else { return }
        // What its command is answered comes first, also where that is read again after a restart.
        let isRead = partitions[id.partition]?.progress.isRead(standing.record.offset) == true
        guard isRead, works[standing.record] == nil else {
            let next = now.uptime + delay(since: reference.since)
            partitions[id.partition]?.tracked[id.key]?.nextPoll = next
            partitions[id.partition]?.tracked[id.key]?.hasNews = true
            return schedulePoll(id)
        }
        // It is followed again, or not, when the ledger knows; until then it is not asked for.
        partitions[id.partition]?.tracked[id.key]?.isBeingPolled = true
        var work = Work(goingOnWith: standing, of: id.key)
        work.since = state.needsPerson ? now.wallClock : reference.since
        work.cause = reference.cause
        if state == .changed || state == .disputed { work.finding = sighting?.finding }
        take(standing.record, work)
        conclude(standing.record, as: state)
    }

    /// Asks at once for what has news that had to wait, now that its command is answered.
    mutating func pollNews(_ id: DoubtID) {
        guard let state = partitions[id.partition], state.tracked[id.key]?.hasNews == true,
            state.tracked[id.key]?.isBeingPolled == false, let standing = state.references[id.key],
            state.progress.isRead(standing.record.offset), works[standing.record] == nil
        else { return }
        state.tracked[id.key]?.hasNews = false
        state.tracked[id.key]?.nextPoll = now.uptime
        schedulePoll(id)
    }

    // MARK: Hints

    /// Somebody says that something has changed: it is looked at soon, and the hint is done with.
    mutating func hint(_ id: RecordID, _ key: ReferenceKey, _ cause: Cause) {
        let subject = DoubtID(partition: id.partition, key: key)
        guard partitions[id.partition]?.references[key] != nil else {
            // Nothing is known of it here; the provider is asked as for a check.
            return ask(id)
        }
        hint(subject, cause)
        finish(id)
    }

    /// Looks at a reference soon, if the provider may have it.
    mutating func hint(_ id: DoubtID, _ cause: Cause) {
        lookUpSoon(id)
        guard partitions[id.partition]?.references[id.key]?.state.isAccepted == true else { return }
        var reference =
            partitions[id.partition]?.tracked[id.key]
            ?? Tracked(since: now.wallClock, nextPoll: now.uptime + .seconds(600), isOnce: true)
        reference.cause = cause
        reference.isHinted = true
        let due = max(now.uptime, reference.polledAt.map { $0 + hintGap(reference) } ?? now.uptime)
        let isSooner = due < reference.nextPoll && !reference.isBeingPolled
        if isSooner {
            reference.nextPoll = due
            reference.hints = min(reference.hints + 1, 8)
        }
        partitions[id.partition]?.tracked[id.key] = reference
        if isSooner { schedulePoll(id) }
    }

    private func hintGap(_ reference: Tracked) -> Duration {
        min(Self.hintGap * (1 << reference.hints), Self.longestHintGap)
    }
}

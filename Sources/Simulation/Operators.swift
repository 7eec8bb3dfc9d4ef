import Engine

/// A decision as it stands in the operators' topic.
struct Decision {
    var partition: Int32
    var reference: ReferenceKey
    var decision: ReviewDecision
}

/// People who look after what is in review: they tell the truth, sometimes too early, sometimes twice.
final class Operators {
    private unowned(unsafe) let world: World
    private var asked: Set<EventID> = []
    private var lastNumber: UInt64 = 0
    private(set) var releases = 0

    init(world: World) {
        self.world = world
    }

    /// A reference needs a person.
    func hear(of event: Event, _ key: ReferenceKey, _ write: LedgerWrite) {
        guard world.chance.happens(world.plan.decides), asked.insert(event.id).inserted else {
            return
        }
        let partition = world.commands[event.command].home
        let times = world.chance.happens(0.2) ? 2 : 1
        for _ in 0..<times {
            let delay = world.chance.time(0...(world.plan.settleWindow * 2))
            world.timeline.after(delay) { [self] in
                decide(partition, key, write)
            }
        }
    }

    private func decide(_ partition: Int32, _ key: ReferenceKey, _ write: LedgerWrite) {
        let plan = world.plan
        let (attempt, since) = (write.attempt, write.since)
        let skew = world.chance.number(0...max(1, plan.clockSkew / 1_000_000))
        let at = world.moment.wallClock - skew
        let isEarly = at < (since ?? at) + (plan.sendDeadline + plan.settleWindow) / 1_000_000
        let verdict: ReviewDecision.Verdict
        if write.state == .held {
            // It was not sent, and nobody has to wait for that to be certain.
            verdict = world.chance.pick([.release, .release, .notDone, .done])
        } else if write.state != .review {
            // The tool gives no leave to send what was accepted, but a hand-written record may.
            verdict = world.chance.pick([.done, .notDone, .release])
        } else if world.provider.hasExecuted(key) {
            verdict = .done
        } else if isEarly {
            // The tool refuses this, but a hand-written record may say it.
            verdict = world.chance.happens(0.5) ? .release : .notDone
        } else {
            verdict = world.chance.happens(0.8) ? .release : .notDone
        }
        if verdict == .release { releases += 1 }
        lastNumber += 1
        world.publish(
            Decision(
                partition: partition,
                reference: key,
                decision: ReviewDecision(
                    number: lastNumber,
                    attempt: attempt,
                    verdict: verdict,
                    at: at
                )
            )
        )
    }
}

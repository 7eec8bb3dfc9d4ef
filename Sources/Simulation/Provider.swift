import Engine

/// The provider: executes what it is handed, answers as it likes.
final class Provider {
    /// An order that was executed.
    struct Execution {
        var fingerprint: Fingerprint
        /// Lookups do not see it before this.
        var visibleAt: Time
        /// What becomes of it, and when.
        var course: [(at: Time, status: ProviderStatus)]

        /// How far it is.
        func status(at now: Time) -> ProviderStatus {
            course.last { $0.at <= now }?.status ?? .pending
        }
    }

    /// What is to happen to a request.
    struct Fate {
        /// How long after the hand-over it is executed, if it is.
        var execution: Time?
        var outcome: Outcome
        /// How long after the hand-over the answer is there.
        var answer: Time
    }

    private unowned(unsafe) let world: World
    private var executions: [ReferenceKey: [Execution]] = [:]
    /// Refuses the credentials until then.
    var refusesUntil: Time = 0
    /// Cannot be reached, or answers 503, until then.
    var isDownUntil: Time = 0

    init(world: World) {
        self.world = world
    }

    /// Decides what becomes of an order at the moment it is handed over.
    func receive(_ order: Order, isRefusable: Bool) -> Fate {
        let plan = world.plan
        var answer = world.chance.time(.milliseconds(1)...(.milliseconds(300)))
        let execution = answer / 2
        if world.now < refusesUntil {
            return Fate(outcome: .notSent(.unauthorized, retryAfter: nil), answer: answer)
        }
        if world.now < isDownUntil {
            return Fate(outcome: .inDoubt(.providerFailed), answer: answer)
        }
        if world.troubled(\.tooMany) {
            let pause = world.chance.happens(0.5) ? world.chance.time(0...(.seconds(3))) : nil
            return Fate(
                outcome: .notSent(.rateLimited, retryAfter: pause?.duration),
                answer: answer
            )
        }
        if world.troubled(\.forbidden) { return Fate(outcome: .unjudged, answer: answer) }
        if world.troubled(\.resetBefore) {
            return Fate(outcome: .inDoubt(.providerFailed), answer: answer)
        }
        if plan.enforcesReferences && executions[order.key] != nil {
            return Fate(outcome: .inDoubt(.unclearAnswer), answer: answer)
        }
        if isRefusable { return Fate(outcome: .refused, answer: answer) }
        if world.troubled(\.lateExecution) {
            // Answered never, executed when nobody waits any more.
            let late = world.chance.time(0...max(0, plan.settleWindow - .seconds(2)))
            return Fate(execution: late, outcome: .accepted, answer: .max / 4)
        }
        if world.troubled(\.resetAfter) || world.troubled(\.serverError) {
            return Fate(execution: execution, outcome: .inDoubt(.providerFailed), answer: answer)
        }
        if world.troubled(\.unclear) {
            return Fate(execution: execution, outcome: .inDoubt(.unclearAnswer), answer: answer)
        }
        if world.chance.happens(0.01) { answer = world.chance.time(answer...(.seconds(9))) }
        return Fate(execution: execution, outcome: .accepted, answer: answer)
    }

    /// Executes an order; how long lookups will not see it is decided here.
    func execute(_ order: Order, handedOverAt: Time) {
        let longest = max(0, handedOverAt + world.plan.maxReadLag - world.now)
        let lag = world.isTroubled && world.chance.happens(0.3) ? world.chance.time(0...longest) : 0
        executions[order.key, default: []].append(
            Execution(
                fingerprint: order.fingerprint,
                visibleAt: world.now + lag,
                course: course(from: world.now)
            )
        )
    }

    /// Decides what will become of an order; nothing ever does of some.
    private func course(from start: Time) -> [(at: Time, status: ProviderStatus)] {
        let steps: [ProviderStatus] =
            world.plan.isPayout
            ? world.chance.pick([
                [.processing, .completed], [.completed], [.rejected], [.processing, .cancelled],
                [.other(1), .completed], [], [.completed, .rejected],
            ])
            : world.chance.pick([[.completed], [.cancelled], [.cancelled, .completed], []])
        var at = start
        return steps.map { status in
            at += world.chance.time(.milliseconds(10)...(.seconds(40)))
            return (at, status)
        }
    }

    /// What became of an order in the end, if it was executed once and ends at all: one of these,
    /// where the provider contradicts itself.
    func ends(of key: ReferenceKey) -> [ProviderStatus] {
        guard let execution = executions[key]?.first, executions[key]?.count == 1,
            let last = execution.course.last, last.at <= world.now - .seconds(1)
        else { return [] }
        let ends: [ProviderStatus] = [.completed, .rejected, .cancelled]
        let statuses = world.plan.isPayout ? execution.course.map(\.status) : [last.status]
        return statuses.filter(ends.contains)
    }

    /// Whether it fails at every question about a reference.
    func isPoison(_ key: ReferenceKey) -> Bool { world.plan.hasPoison && key.high % 16 == 3 }

    /// How far it is with an order; what is read may lag, and be odd now and then.
    func status(of order: Order) -> Sighting {
        let found = look(for: order)
        guard found == .found, let execution = executions[order.key]?.first else {
            return found == .mismatch ? .differs(1 << 32) : found
        }
        if world.troubled(\.goneForOnce) { return .absent }
        if world.troubled(\.oddWord) { return .status(.other(UInt64(world.chance.number(1...3)))) }
        let lag = world.isTroubled && world.chance.happens(0.1) ? Time.seconds(20) : 0
        return .status(execution.status(at: world.now - lag))
    }

    /// Whether it has anything under a reference, whatever lookups say.
    func hasExecuted(_ key: ReferenceKey) -> Bool { executions[key] != nil }

    func look(for order: Order) -> Sighting {
        let visible = (executions[order.key] ?? []).filter { $0.visibleAt <= world.now }
        guard let first = visible.first else { return .absent }
        return visible.count == 1 && first.fingerprint == order.fingerprint ? .found : .mismatch
    }

    /// How the harmless read is answered.
    func probe() -> ProbeResult {
        if world.now < refusesUntil { return .unauthorized }
        if world.now < isDownUntil { return .failed }
        return world.troubled(\.forbidden) ? .forbidden : .healthy
    }
}

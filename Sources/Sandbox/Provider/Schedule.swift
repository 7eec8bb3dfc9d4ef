/// How payouts move through their states by themselves.
struct Schedule: Sendable, Equatable {
    /// From pending to processing; nil leaves that step out.
    var processAfter: Duration?
    /// From there to the end; nil leaves it to a hand.
    var completeAfter: Duration?

    /// For a magic reference that asks for an end when there is no schedule.
    static let ofMagic = Schedule(processAfter: .seconds(1), completeAfter: .seconds(1))

    /// The next step of a payout in that state, and how long it takes until then.
    func step(from status: Record.Status, to end: Step) -> (step: Step, after: Duration)? {
        if status == .pending, let processAfter { return (.process, processAfter) }
        guard status == .pending || status == .processing else { return nil }
        return completeAfter.map { (end, $0) }
    }
}

/// A step that the payout of that sequence takes by itself.
struct ScheduledStep: Sendable {
    let sequence: Int
    let step: Step
}

extension Provider.State {
    /// So many steps are taken at most before requests have their turn.
    private static let stepsInOneGo = 1_000

    /// Notes the next step that a payout takes by itself, if it does.
    mutating func plan(_ record: Record, _ fate: MagicReference.Fate?, now: Int64) {
        var schedule = settings.schedule
        var end = Step.complete
        if case .end(let step)? = fate {
            end = step
            if schedule.completeAfter == nil { schedule = .ofMagic }
        }
        guard let (step, delay) = schedule.step(from: record.status, to: end) else { return }
        let planned = ScheduledStep(sequence: record.sequence, step: step)
        if steps.add(planned, at: now + Int64(delay.inMilliseconds)) { bell.ring() }
    }

    /// Takes a step by hand with the record of that id or reference, upper-cased.
    mutating func take(
        _ step: Step,
        _ name: String,
        _ domain: Domain,
        now: Int64
    ) throws(Books.StepError) -> Record {
        let record = try books.take(step, name, domain, now: now)
        moved(record, now: now)
        return record
    }

    /// Takes the steps that are due; one that a hand has made impossible is left out.
    mutating func takeSteps(now: Int64) {
        for _ in 0..<Self.stepsInOneGo {
            guard let planned = steps.pop(now: now) else { return }
            let taken = try? books.take(planned.step, sequence: planned.sequence, now: now)
            if let taken { moved(taken, now: now) }
        }
    }

    private mutating func moved(_ record: Record, now: Int64) {
        let fate = MagicReference.find(record.reference.uppercased())?.fate
        if record.domain == .payout { plan(record, fate, now: now) }
        announce(record, fate, now: now)
    }
}

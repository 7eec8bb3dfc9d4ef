import Contract
import Synchronization

/// What `top` shows, and whether it is to end; anything may change it, and wakes whoever draws.
final class TopModel: Sendable {
    private struct State {
        var fleet: Fleet
        /// What Kafka complains of since replicas were heard last.
        var trouble: String?
        var isOver = false
    }

    private let state: Mutex<State>
    private let terms: Overview.Terms
    private let wake: AsyncStream<Void>.Continuation
    /// One for any number of changes.
    let wakes: AsyncStream<Void>

    init(memory: Duration, _ terms: Overview.Terms) {
        state = Mutex(State(fleet: Fleet(memory: memory)))
        self.terms = terms
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes in the next that a replica tells.
    func see(_ status: WorkerStatus) {
        change { state in
            state.fleet.see(status)
            state.trouble = nil
        }
    }

    func note(trouble: String) { change { $0.trouble = trouble } }

    func end() { change { $0.isOver = true } }

    /// The clock or the size has changed.
    func refresh() { change { _ in } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        wake.yield()
    }

    /// The lines for now; nil when it is over.
    func picture(_ size: TerminalSize, at now: Int64) -> [StyledLine]? {
        state.withLock { state in
            guard !state.isOver else { return nil }
            state.fleet.forget(at: now, heartbeat: terms.heartbeat)
            let dashboard = Dashboard(
                overview: Overview(state.fleet, terms, at: now),
                width: size.columns,
                height: size.rows,
                hint: StyledLine("q quits", .faint),
                trouble: state.trouble
            )
            return dashboard.lines()
        }
    }
}

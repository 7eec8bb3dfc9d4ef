import Synchronization

/// The imagined provider: decides what becomes of each request, all in one place and one lock.
final class Provider: Sendable {
    struct State: Sendable {
        var settings: Settings
        var faults: FaultBook
        var books = Books()
        var traffic = Traffic()
        /// References that met a fault which strikes but once; forgotten when there are too many.
        var struckOnce: Set<String> = []
        /// The next number of an id; a reset does not start it again, so that ids stay unique.
        var number = 1
        /// `http://host:port`, known once the server listens.
        var origin = ""
    }

    /// What may be changed while the provider runs.
    struct Settings: Sendable, Equatable {
        var duplicates: SandboxConfiguration.Duplicates
        var latency: Duration
    }

    static let struckOnceLimit = 10_000
    static let batchLimit = 1_000

    private let configuration: SandboxConfiguration
    private let state: Mutex<State>

    init(_ configuration: SandboxConfiguration) {
        self.configuration = configuration
        state = Mutex(Self.initial(configuration))
    }

    /// Reads or changes the state under the lock.
    func with<Result>(_ body: (inout sending State) -> sending Result) -> Result {
        state.withLock(body)
    }

    private static func initial(_ configuration: SandboxConfiguration) -> State {
        State(
            settings: Settings(
                duplicates: configuration.duplicates,
                latency: configuration.latency
            ),
            faults: FaultBook(configuration.faults, seed: configuration.seed)
        )
    }

    /// Forgets everything executed and received; settings and faults become those of the start.
    func reset() {
        state.withLock { state in
            var fresh = Self.initial(configuration)
            fresh.number = state.number
            fresh.origin = state.origin
            fresh.traffic = state.traffic
            fresh.traffic.reset()
            state = fresh
        }
    }

    /// Decides about one request; it is in flight until `ended()`.
    func receive(_ call: Call?, key: String?, secret: String?, body: [UInt8]) -> Delivery {
        let authorized = key == configuration.apiKey && secret == configuration.apiSecret
        let json = body.isEmpty ? JSON.null : (try? JSONReader.read(body)) ?? .null
        var order: Result<Order, Order.Refusal>?
        if authorized, case .create(let domain)? = call { order = Order.read(json, domain) }
        let now = wallClock()
        return state.withLock { state in
            state.traffic.began(now: now)
            var delivery = Delivery(.unauthorized, wait: state.settings.latency)
            if let call, authorized {
                state.decide(call, order, json, now: now, &delivery)
            } else if call == nil {
                delivery.answer = .failure(404, "The route could not be found.")
            }
            state.traffic.count(call?.name ?? "other", delivery.outcome)
            return delivery
        }
    }

    /// The client has its answer, or will never have one.
    func ended() {
        state.withLock { $0.traffic.ended() }
    }
}

extension Provider {
    /// The ledger: all of it, or what was executed under one reference in any case.
    func executions(of reference: String?) -> [Execution] {
        let records = state.withLock { $0.books.records }
        guard let reference = reference?.uppercased() else { return records.map(\.execution) }
        return records.filter { $0.reference.uppercased() == reference }.map(\.execution)
    }

    /// Takes a step by hand for the record of that id or reference.
    func take(
        _ step: Step,
        _ name: String,
        _ domain: Domain
    ) throws(Books.StepError) -> Record {
        try state.withLock { (state) throws(Books.StepError) -> Record in
            try state.books.take(step, name.uppercased(), domain, now: wallClock())
        }
    }
}

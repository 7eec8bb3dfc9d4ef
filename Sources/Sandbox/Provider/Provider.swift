import HTTPTypes
import Synchronization

/// The imagined provider: decides what becomes of each request, all in one place and one lock.
final class Provider: Sendable {
    struct State: Sendable {
        let bell: Bell
        var settings: Settings
        var faults: FaultBook<FaultRule>
        var webhookFaults: FaultBook<WebhookRule>
        /// The steps that payouts take by themselves.
        var steps = Agenda<ScheduledStep>()
        var mail = Mail()
        var books = Books()
        var traffic = Traffic()
        var requests = RequestLog()
        /// References that met a fault which strikes but once; forgotten when there are too many.
        var struckOnce: Set<String> = []
        /// The next number of an id; a reset does not start it again, so that ids stay unique.
        var number = 1
        /// `http://host:port`, known once the server listens.
        var origin = ""
    }

    static let struckOnceLimit = 10_000
    static let batchLimit = 1_000
    private static let key = HTTPField.Name("x-api-key")
    private static let secret = HTTPField.Name("x-api-secret")

    private let configuration: SandboxConfiguration
    /// Rings when something may have become due earlier than thought.
    let bell: Bell
    private let state: Mutex<State>

    init(_ configuration: SandboxConfiguration) {
        self.configuration = configuration
        let bell = Bell()
        self.bell = bell
        state = Mutex(Self.initial(configuration, bell))
    }

    /// Reads or changes the state under the lock.
    func with<Result>(_ body: (inout sending State) -> sending Result) -> Result {
        state.withLock(body)
    }

    private static func initial(_ configuration: SandboxConfiguration, _ bell: Bell) -> State {
        State(
            bell: bell,
            settings: Settings(configuration),
            faults: FaultBook(configuration.faults, seed: configuration.seed),
            webhookFaults: FaultBook(configuration.webhookFaults, seed: configuration.seed)
        )
    }

    /// Forgets everything executed and received; settings and faults become those of the start.
    func reset() {
        state.withLock { state in
            var fresh = Self.initial(configuration, bell)
            fresh.number = state.number
            fresh.origin = state.origin
            fresh.traffic = state.traffic
            fresh.traffic.reset()
            fresh.mail = state.mail
            fresh.mail.reset()
            state = fresh
        }
    }

    /// Decides about one request; it is in flight until `ended()`.
    func receive(_ call: Call?, _ head: HTTPRequest, body: [UInt8]) -> Delivery {
        let authorized = isAuthorized(head.headerFields)
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
            let reference = try? order?.get().reference
            state.requests.add(head, reference, delivery.outcome, now: now)
            return delivery
        }
    }

    private func isAuthorized(_ headers: HTTPFields) -> Bool {
        Self.key.flatMap { headers[$0] } == configuration.apiKey
            && Self.secret.flatMap { headers[$0] } == configuration.apiSecret
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

    /// Takes a step by hand with the record of that id or reference.
    func take(
        _ step: Step,
        _ name: String,
        _ domain: Domain
    ) throws(Books.StepError) -> Record {
        try state.withLock { (state) throws(Books.StepError) -> Record in
            try state.take(step, name.uppercased(), domain, now: wallClock())
        }
    }
}

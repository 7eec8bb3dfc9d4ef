package import Contract
import Engine
package import Kafka
package import Logging
import ServiceLifecycle
import Synchronization
import Telemetry

/// Tells the topic `worker.status` how this process is: when it starts and stops, what an operator
/// should hear of, and its figures every so often.
///
/// Nothing waits for it, and what Kafka does not take is gone: the next heartbeat tells more.
package final class StatusReporter: Service, Sendable {
    private struct State {
        var number: UInt64 = 0
        var figures: [Domain: DomainFigures] = [:]
        /// Who is asked for figures before a heartbeat.
        var sources: [Domain: @Sendable () -> Void] = [:]
        /// Who was asked and has not answered yet.
        var asked: Set<Domain> = []
        var isBeatDue = false
        /// Heartbeats and alerts that Kafka has not answered for.
        var pending = 0
    }

    private let worker: String
    private let process: ProcessFigures
    private let topic: String
    private let interval: Duration
    private let producer: Producer
    private let logger: Logger
    private let throttle = LogThrottle()
    private let state = Mutex(State())

    /// More than this is not handed to Kafka while it does not answer.
    private static let longestQueue = 100
    /// A heartbeat waits so long for figures, then it goes with those of the last time.
    private let patience: Duration

    /// A reporter of a process.
    ///
    /// - Parameters:
    ///   - worker: Names this start of the process.
    ///   - process: What does not change about it.
    ///   - topics: The names of the topics.
    ///   - interval: Between two heartbeats.
    ///   - producer: Writes to Kafka.
    ///   - logger: Hears of what cannot be written.
    package init(
        worker: String,
        process: ProcessFigures,
        topics: Topics,
        interval: Duration,
        producer: Producer,
        logger: Logger
    ) {
        self.worker = worker
        self.process = process
        self.interval = interval
        patience = min(.seconds(1), interval / 2)
        self.producer = producer
        self.logger = logger
        topic = topics.workerStatus
    }

    /// Tells of the start, then sends heartbeats until a graceful shutdown.
    package func run() async throws {
        tell(.started, message: "roles \(process.roles.joined(separator: ", "))")
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.askForFigures()
                try await Task.sleep(for: self.patience)
                self.beatIfDue(isLast: true)
                try await Task.sleep(for: self.interval - self.patience)
            }
        }
    }

    /// Asks for the figures of a domain before each heartbeat from now on; `set` is the answer.
    func ask(_ domain: Domain, _ source: @escaping @Sendable () -> Void) {
        state.withLock { $0.sources[domain] = source }
    }

    func stopAsking(_ domain: Domain) {
        state.withLock { state in
            state.sources[domain] = nil
            state.asked.remove(domain)
        }
        beatIfDue()
    }

    /// The figures of a domain, as they are now.
    func set(_ figures: DomainFigures, of domain: Domain) {
        state.withLock { state in
            state.figures[domain] = figures
            state.asked.remove(domain)
        }
        beatIfDue()
    }

    /// Whoever has not answered yet is not asked again.
    private func askForFigures() {
        let sources = state.withLock { state in
            state.isBeatDue = true
            let new = state.sources.filter { !state.asked.contains($0.key) }
            state.asked.formUnion(new.keys)
            return new.values
        }
        for source in sources { source() }
        beatIfDue()
    }

    /// Sends the heartbeat that is due, once everybody has answered, or when it can wait no longer.
    private func beatIfDue(isLast: Bool = false) {
        let figures: [Domain: DomainFigures]? = state.withLock { state in
            guard state.isBeatDue, isLast || state.asked.isEmpty else { return nil }
            state.isBeatDue = false
            return state.figures
        }
        guard let figures else { return }
        var process = process
        process.domains = figures
        send { number, now in
            WorkerStatus(
                worker: worker,
                kind: .heartbeat,
                number: number,
                at: now,
                process: process
            )
        }
    }

    /// Something that an operator should hear of.
    package func tell(
        _ kind: WorkerStatus.Kind,
        of domain: Domain? = nil,
        message: String,
        reference: String? = nil,
        partition: Int32? = nil,
        deadLetter: ReplayedLetter? = nil
    ) {
        send { number, now in
            WorkerStatus(
                worker: worker,
                kind: kind,
                number: number,
                at: now,
                domain: domain,
                message: message,
                reference: reference,
                partition: partition,
                deadLetter: deadLetter
            )
        }
    }

    /// How much Kafka has not answered for.
    var pending: Int { state.withLock { $0.pending } }

    private func send(_ make: (UInt64, Int64) -> WorkerStatus) {
        let number: UInt64? = state.withLock { state in
            guard state.pending < Self.longestQueue else { return nil }
            state.pending += 1
            state.number += 1
            return state.number
        }
        guard let number else { return }
        let message = Message(topic: topic, make(number, Clock.now.wallClock).encoded())
        producer.send([message]) { [self] reports in
            state.withLock { $0.pending -= 1 }
            guard case .failure(let error)? = reports.first else { return }
            logger.throttled(
                throttle,
                as: error.name,
                .warning,
                "cannot tell how this worker is",
                metadata: ["topic": "\(topic)", "error": "\(error)"]
            )
        }
    }
}

import Aspayds
import Contract
import Engine
import Foundation
import Kafka
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals
import Webhooks
import Workers

/// Everything that one process runs: a worker for each domain, the receiver, one producer, one
/// client, health.
struct WorkerProcess {
    private let settings: Settings
    private let logger: Logger
    private let readiness = Readiness()
    private let liveness = Liveness()
    private let fatal = FatalError()
    private let metrics = MetricsRegistry(help: Metrics.help)
    private let reporter: StatusReporter
    private let neighbours: Neighbours?
    private let producer: Producer
    private let transport: HTTPTransport
    private let hints: KafkaHintSink?

    /// Makes the clients; what is wrong with Kafka's properties is found here.
    init(_ settings: Settings) throws {
        self.settings = settings
        logger = Logger(label: "aspayds-worker")
        let outage = Mailbox<Void>()
        let log = KafkaLog(logger: logger)
        do {
            producer = try Producer(
                Self.kafka(settings, log: log),
                onError: { error in
                    log.note(error)
                    if error.isOutage { outage.signal() }
                },
                onFatal: { [fatal] in fatal.raise($0) }
            )
            hints = try Self.hints(settings, producer, readiness, metrics, log, outage)
        } catch {
            throw Failure("Kafka: \(error)")
        }
        reporter = Self.reporter(settings, producer, logger)
        neighbours = Self.neighbours(settings, log)
        Metrics.show(metrics)
        transport = HTTPTransport(settings, maxConnections: settings.maxInFlight)
    }

    /// Runs until SIGTERM or SIGINT, or until a part fails for good.
    func run() async throws {
        var start: Logger.Metadata = [
            "version": "\(programVersion)", "owner": "\(Self.owner)",
            "roles": .array(roles.map(\.rawValue).sorted().map { "\($0)" }),
        ]
        if let proxy = settings.network?.proxy { start["proxy"] = "\(proxy)" }
        logger.notice("start", metadata: start)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    )
                },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet
            )
        )
        var failure: (any Error)?
        do { try await group.run() } catch { failure = error }
        reporter.tell(.stopped, message: failure.map { "\($0)" } ?? WorkerStatus.askedTo)
        // What matters was waited for before; these are the last words on worker.status.
        await producer.close(timeout: .seconds(2))
        await transport.shutdown()
        if let failure {
            logger.critical("end", metadata: ["error": "\(failure)"])
            throw Failure()
        }
        logger.notice("end")
    }

    private var roles: [Settings.Role] { Array(settings.roles) }

    private var services: [any Service] {
        var services: [any Service] = [
            HealthServer(
                port: settings.healthPort,
                logger: logger,
                hanging: { [liveness] in liveness.hanging(at: Clock.uptime) },
                isReady: { [readiness] in readiness.all },
                metrics: { [metrics] in metrics.text }
            ),
            fatal, reporter,
        ]
        if let neighbours { services.append(neighbours) }
        var workers: [CommandWorker] = []
        if settings.roles.contains(.payments) { workers.append(worker(.payment)) }
        if settings.roles.contains(.payouts) { workers.append(worker(.payout)) }
        services += workers
        // Behind those, so that it stops before them: what it has taken is still written.
        if let hints, let receiver = receiver(hints) { services += [hints, receiver] }
        services.append(DrainSignal(workers: workers))
        return services
    }

    /// Where hints go; nil where no receiver is served.
    private static func hints(
        _ settings: Settings,
        _ producer: Producer,
        _ readiness: Readiness,
        _ metrics: MetricsRegistry,
        _ log: KafkaLog,
        _ outage: Mailbox<Void>
    ) throws(KafkaError) -> KafkaHintSink? {
        guard settings.roles.contains(.webhooks), settings.callback != nil else { return nil }
        return try KafkaHintSink(
            topics: Topics(prefix: settings.topicPrefix),
            producer: producer,
            kafka: kafka(settings, log: log),
            readiness: readiness,
            logger: log.logger,
            metrics: metrics,
            outage: outage
        )
    }

    private func receiver(_ hints: KafkaHintSink) -> Receiver? {
        settings.callback.map { callback in
            Receiver(
                ReceiverSettings(
                    port: settings.httpPort,
                    callback: callback,
                    returnURL: settings.returnURL
                ),
                sink: hints,
                logger: logger
            )
        }
    }

    private static func reporter(
        _ settings: Settings,
        _ producer: Producer,
        _ logger: Logger
    ) -> StatusReporter {
        StatusReporter(
            worker: owner,
            process: ProcessFigures(
                version: programVersion,
                host: ProcessInfo.processInfo.hostName,
                startedAt: Moment.now,
                roles: settings.roles.map(\.rawValue).sorted()
            ),
            topics: Topics(prefix: settings.topicPrefix),
            interval: settings.heartbeat,
            producer: producer,
            logger: logger
        )
    }

    /// Who hears the other replicas; nil where nothing is lent.
    private static func neighbours(_ settings: Settings, _ log: KafkaLog) -> Neighbours? {
        guard settings.loanTerm != nil, !settings.roles.isDisjoint(with: [.payments, .payouts])
        else { return nil }
        return Neighbours(
            worker: owner,
            topics: Topics(prefix: settings.topicPrefix),
            kafka: kafka(settings, log: log),
            logger: log.logger
        )
    }

    private func worker(_ domain: Domain) -> CommandWorker {
        CommandWorker(
            settings: WorkerSettings(
                domain: domain,
                topics: Topics(prefix: settings.topicPrefix),
                group: settings.groupPrefix + domain.rawValue + "s",
                owner: Self.owner,
                kafka: Self.kafka(settings, log: KafkaLog(logger: logger)),
                engine: limits(domain),
                rateShare: rateShare(domain),
                sending: sending(domain),
                guardrails: guardrails(domain),
                callback: settings.callback
            ),
            client: AspaydsClient(settings, transport: transport),
            producer: producer,
            readiness: readiness,
            liveness: liveness,
            logger: domainLogger(domain),
            metrics: metrics,
            reporter: reporter,
            neighbours: neighbours
        )
    }

    /// The two domains share the rate and the slots of the process.
    private func limits(_ domain: Domain) -> EngineSettings {
        let isAlone = !settings.roles.isSuperset(of: [.payments, .payouts])
        let share = rateShare(domain)
        let slots = isAlone ? 1.0 : share
        return EngineSettings(
            rateLimit: settings.rateLimit * share,
            loanTerm: settings.loanTerm,
            maxInFlight: max(1, Int(Double(settings.maxInFlight) * slots)),
            settleWindow: settings.settleWindow,
            pollHorizon: settings.pollHorizon,
            // A customer who has cancelled may come back and pay.
            isCancellingFinal: domain == .payout,
            refreshInterval: domain == .payout ? .seconds(600) : nil,
            repostsWhenAbsent: (domain == .payment ? settings.paymentRepost : settings.payoutRepost)
                == .whenAbsent,
            readsWhilePaused: sending(domain) == .dryRun,
            drainTimeout: settings.drainTimeout
        )
    }

    private func sending(_ domain: Domain) -> Sending { domain == .payout ? settings.payouts : .on }

    private func guardrails(_ domain: Domain) -> Guardrails {
        domain == .payout
            ? Guardrails(
                maxAmount: settings.payoutMaxAmount,
                dailyLimit: settings.payoutDailyLimit
            ) : Guardrails()
    }

    private func rateShare(_ domain: Domain) -> Double {
        domain == .payout ? settings.rateSharePayouts : 1 - settings.rateSharePayouts
    }

    private func domainLogger(_ domain: Domain) -> Logger {
        var logger = logger
        logger[metadataKey: "domain"] = "\(domain.rawValue)"
        return logger
    }

    /// The lifecycle library's own lines say nothing that ours do not.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .error
        return quiet
    }

    /// Names this start of the process in the ledger: a container that starts again has the host and
    /// the number that it had before, and is another owner all the same.
    static let owner: String = {
        let process = ProcessInfo.processInfo
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        let start = String(repeating: "0", count: 8 - digits.utf8.count) + digits
        return "\(process.hostName)/\(process.processIdentifier)/\(start)"
    }()

    private static func kafka(_ settings: Settings, log: KafkaLog) -> KafkaConfiguration {
        KafkaConfiguration(
            properties: ["client.id": "aspayds-worker"].merging(settings.kafka.properties) { $1 },
            log: { log.write($0) }
        )
    }
}

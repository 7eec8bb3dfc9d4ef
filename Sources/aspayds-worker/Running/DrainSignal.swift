import ServiceLifecycle
import Workers

/// Lets all workers drain at the same time, as soon as the process is asked to end: a service group
/// ends its services one after the other, the last one first.
struct DrainSignal: Service {
    let workers: [CommandWorker]

    func run() async throws {
        try await gracefulShutdown()
        for worker in workers { worker.drain() }
    }
}

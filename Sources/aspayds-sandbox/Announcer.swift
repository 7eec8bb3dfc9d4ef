import Foundation
import Sandbox
import ServiceLifecycle

/// Tells where everything is, once everything runs, and takes it back at the end.
struct Announcer: Service {
    let server: SandboxServer
    let configuration: SandboxConfiguration
    let bootstrapServers: String?
    let topicPrefix: String
    let envFile: String?
    let quiet: Bool

    func run() async throws {
        let baseURL = try await server.baseURL
        let environment = environment(baseURL)
        if let envFile {
            try environment.write(to: envFile)
        } else {
            // Not print: that would keep it back when it goes into a pipe.
            FileHandle.standardOutput.write(Data(environment.text.utf8))
        }
        defer {
            if let envFile { WorkerEnvironment.remove(envFile) }
        }
        if !quiet { hint(baseURL) }
        try await gracefulShutdown()
    }

    func environment(_ baseURL: String) -> WorkerEnvironment {
        var variables = [
            ("ASPAYDS_BASE_URL", baseURL),
            ("ASPAYDS_API_KEY", configuration.apiKey),
            ("ASPAYDS_API_SECRET", configuration.apiSecret),
        ]
        if let bootstrapServers {
            // The embedded Kafka does not wake a waiting fetch.
            variables =
                [
                    ("KAFKA_BOOTSTRAP_SERVERS", bootstrapServers),
                    ("KAFKA_FETCH_WAIT_MAX_MS", "10"),
                ] + variables
        }
        if topicPrefix != "aspayds." { variables.append(("ASPAYDS_TOPIC_PREFIX", topicPrefix)) }
        if !["127.0.0.1", "::1", "localhost"].contains(configuration.host) {
            // A worker takes plain http for loopback addresses alone.
            variables.append(("ASPAYDS_ALLOW_INSECURE", "true"))
        }
        return WorkerEnvironment(variables: variables)
    }

    private func hint(_ baseURL: String) {
        let root = baseURL.dropLast("/api".count)
        if let bootstrapServers { say("Kafka      \(bootstrapServers)") }
        say("Provider   \(baseURL)")
        say("Console    \(root)/")
        if let envFile { say("Worker     source \(envFile) && aspayds-worker run") }
        say("Executed   curl -s \(root)/_sandbox/executions")
        say("Faults     curl -s \(root)/_sandbox/faults -d '[{\"fault\":\"503\",\"rate\":0.1}]'")
        say("More       aspayds-sandbox --help; Ctrl-C ends it")
    }
}

/// How a sandbox provider starts.
public struct SandboxConfiguration: Sendable {
    /// What the provider does with a reference that it has already executed.
    public enum Duplicates: String, Sendable, CaseIterable {
        /// Executes it again: another id for the same reference.
        case create
        /// Answers 422: the reference has already been taken.
        case reject
        /// Answers as it did the first time, and executes nothing.
        case replay
    }

    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 takes a free one.
    public var port = 0
    /// The accepted `x-api-key`.
    public var apiKey = "sandbox-key"
    /// The accepted `x-api-secret`.
    public var apiSecret = "sandbox-secret"
    /// The answer to a duplicate reference.
    public var duplicates = Duplicates.create
    /// How long every answer takes.
    public var latency = Duration.zero
    /// What the dice of the fault rules start from.
    public var seed: UInt64 = 1
    /// The fault rules in force from the start.
    public var faults: [FaultRule] = []
    /// The fault rules for webhooks in force from the start.
    public var webhookFaults: [WebhookRule] = []
    /// After so long a payout is processing; nil leaves that state out.
    public var processAfter: Duration?
    /// After so long more it is completed; nil leaves that to a hand.
    public var completeAfter: Duration?
    /// How often a webhook is sent at most until it is answered 2xx.
    public var webhookAttempts = 5
    /// How long after the first attempt comes the second; the pause doubles with each one more.
    public var webhookRetry = Duration.seconds(1)
    /// How long a webhook's receiver may take to answer; 10 s are documented.
    public var webhookDeadline = Duration.seconds(10)

    /// The host by which the server is reached, as a URL has it.
    var reachableHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        case let host where host.contains(":"): "[\(host)]"
        default: host
        }
    }

    /// Listens on a free port of the loopback interface, and behaves.
    public init() {}
}

package import Contract

/// What the receiver is told.
package struct ReceiverSettings: Sendable {
    /// The address to listen on.
    package var host: String
    /// The port; 0 takes a free one.
    package var port: Int
    /// What verifies the addresses, and where they begin.
    package var callback: CallbackAddress
    /// Where customers are sent whose address names no page; nil shows them a page of ours.
    package var returnURL: String?
    /// What one client, and all of them together, may take.
    package var limits: Limits

    package init(
        host: String = "0.0.0.0",
        port: Int,
        callback: CallbackAddress,
        returnURL: String? = nil,
        limits: Limits = Limits()
    ) {
        self.host = host
        self.port = port
        self.callback = callback
        self.returnURL = returnURL
        self.limits = limits
    }

    /// The bounds of the receiver.
    package struct Limits: Sendable {
        /// The longest body, in bytes.
        package var body = 32 * 1024
        /// The longest head, in bytes.
        package var head = 16 * 1024
        /// How long a whole request may take to arrive, and an idle connection may stay.
        package var reading = Duration.seconds(5)
        /// How long an answer may take to leave; longer than `acknowledging`.
        package var answering = Duration.seconds(10)
        /// How long Kafka may take to acknowledge before the answer is 503.
        package var acknowledging = Duration.seconds(2)
        /// The most connections at a time; more wait in the system's queue.
        package var connections = 1024
        /// The most bytes that may wait for Kafka; beyond them the answer is 503 at once.
        package var waiting = 16 * 1024 * 1024
        /// How deep a body's JSON may be nested.
        package var depth = 16

        package init() {}
    }
}

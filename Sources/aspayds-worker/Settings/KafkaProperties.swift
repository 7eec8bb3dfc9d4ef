import Kafka

/// The properties of librdkafka that may be set, from its CONFIGURATION.md (up to 2.12).
///
/// A name decides nothing but whether `KAFKA_…` in the environment is ours (Kubernetes injects
/// `KAFKA_PORT` and the like) and what was meant by a mistyped one; the library judges the values.
enum KafkaProperties {
    static let bootstrapServers = entry("bootstrap.servers")

    static let entries: [SettingEntry] = names.map(entry)

    /// What safety rests on; these have values of ours (CONTRACT.md, "Settings").
    private static let protected: Set<String> = [
        "acks", "auto.commit.enable", "auto.offset.reset", "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "group.id", "request.required.acks",
        "transactional.id",
    ]

    /// Whether a name, in the form of any source, is one that cannot be set.
    static func isProtected(_ name: String) -> Bool {
        let words = SettingName.normalized(name, separator: ".")
        return words.hasPrefix("kafka.") && protected.contains(String(words.dropFirst(6)))
    }

    /// Whether a property's value is the path of a file or a folder that must be there.
    static func isFile(_ property: String) -> Bool {
        ["ca", "certificate", "key", "keystore", "crl"].contains {
            property == "ssl.\($0).location"
        }
    }

    private static func entry(_ name: String) -> SettingEntry {
        SettingEntry(
            variable: KafkaConfiguration.variable(of: name),
            path: ["kafka", name],
            defaultText: nil,
            allowed: "a value that librdkafka takes for \(name)",
            isSecret: secretMarks.contains { name.contains($0) },
            isSwitch: false,
            summary: name == "bootstrap.servers"
                ? "brokers, host:port separated by commas" : "librdkafka's \(name)",
            isAllowed: { _ in true }
        )
    }

    private static let secretMarks = [
        "password", "secret", "key.pem", "oauthbearer.config", "passphrase",
        "assertion.private.key",
    ]

    private static let names = text.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let text = """
        bootstrap.servers client.id client.rack client.dns.lookup
        security.protocol sasl.mechanism sasl.mechanisms sasl.username sasl.password
        sasl.kerberos.keytab sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin
        sasl.kerberos.principal sasl.kerberos.service.name
        sasl.oauthbearer.client.id sasl.oauthbearer.client.secret sasl.oauthbearer.config
        sasl.oauthbearer.extensions sasl.oauthbearer.method sasl.oauthbearer.scope
        sasl.oauthbearer.token.endpoint.url sasl.oauthbearer.grant.type
        enable.sasl.oauthbearer.unsecure.jwt https.ca.location https.ca.pem
        ssl.ca.certificate.stores ssl.ca.location ssl.ca.pem ssl.certificate.location
        ssl.certificate.pem ssl.cipher.suites ssl.crl.location ssl.curves.list
        ssl.endpoint.identification.algorithm ssl.engine.id ssl.engine.location ssl.key.location
        ssl.key.password ssl.key.pem ssl.keystore.location ssl.keystore.password ssl.providers
        ssl.sigalgs.list enable.ssl.certificate.verification
        broker.address.family broker.address.ttl broker.version.fallback connections.max.idle.ms
        api.version.fallback.ms api.version.request api.version.request.timeout.ms
        metadata.max.age.ms metadata.recovery.strategy metadata.recovery.rebootstrap.trigger.ms
        topic.blacklist topic.metadata.propagation.max.ms topic.metadata.refresh.fast.interval.ms
        topic.metadata.refresh.interval.ms topic.metadata.refresh.sparse
        reconnect.backoff.max.ms reconnect.backoff.ms retry.backoff.ms retry.backoff.max.ms
        socket.connection.setup.timeout.ms socket.keepalive.enable socket.max.fails
        socket.nagle.disable socket.receive.buffer.bytes socket.send.buffer.bytes socket.timeout.ms
        max.in.flight max.in.flight.requests.per.connection message.copy.max.bytes
        message.max.bytes receive.message.max.bytes
        debug log.connection.close log.thread.name log_level statistics.interval.ms
        enable.metrics.push plugin.library.paths internal.termination.signal enable.random.seed
        check.crcs fetch.error.backoff.ms fetch.max.bytes fetch.message.max.bytes fetch.min.bytes
        fetch.queue.backoff.ms fetch.wait.max.ms max.partition.fetch.bytes queued.max.messages.kbytes
        queued.min.messages isolation.level enable.partition.eof allow.auto.create.topics
        auto.commit.interval.ms coordinator.query.interval.ms group.instance.id group.protocol
        group.protocol.type group.remote.assignor heartbeat.interval.ms max.poll.interval.ms
        partition.assignment.strategy session.timeout.ms consume.callback.max.messages
        batch.num.messages batch.size compression.codec compression.level compression.type
        delivery.timeout.ms enable.gapless.guarantee linger.ms message.send.max.retries
        message.timeout.ms partitioner queue.buffering.backpressure.threshold
        queue.buffering.max.kbytes queue.buffering.max.messages queue.buffering.max.ms
        request.timeout.ms retries sticky.partitioning.linger.ms transaction.timeout.ms
        """
}

import Testing

@testable import Kafka

/// What librdkafka's words mean for an operator; the lines are those of 2.0.2 and 2.16.
@Suite(.timeLimit(.minutes(1)))
struct DiagnosisTests {
    private static let login = [
        "security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "worker", "sasl.password": "hunter2", "group.id": "g",
    ]
    private static let tls = ["security.protocol": "SSL"]
    private static let open: [String: String] = [:]

    @Test(
        "A connection that fails is told by what to look at",
        arguments: [
            (
                login,
                "sasl_ssl://k:9093/bootstrap: SASL authentication error: Authentication "
                    + "failed during authentication due to invalid credentials with SASL mechanism "
                    + "SCRAM-SHA-512 (after 20ms in state AUTH_REQ)",
                "the broker refuses user 'worker' (SASL SCRAM-SHA-512): check KAFKA_SASL_USERNAME "
                    + "and KAFKA_SASL_PASSWORD"
            ),
            (
                login,
                "sasl_ssl://k:9093/1: SASL authentication error: SASL SCRAM authentication "
                    + "failed: broker responded with unknown-user (after 19ms in state AUTH_REQ)",
                "the broker knows no user 'worker' (SASL SCRAM-SHA-512): check KAFKA_SASL_USERNAME"
            ),
            (
                login,
                "sasl_ssl://k:9093/1: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: "
                    + "Unsupported SASL mechanism: broker's supported mechanisms: PLAIN,GSSAPI "
                    + "(after 0ms in state AUTH_HANDSHAKE)",
                "k:9093 does not offer SASL SCRAM-SHA-512, only PLAIN,GSSAPI: check "
                    + "KAFKA_SASL_MECHANISM"
            ),
            (
                tls,
                "[thrd:ssl://k:9093/bootstrap]: ssl://k:9093/bootstrap: error:0A000086:SSL "
                    + "routines::certificate verify failed (after 7ms in state SSL_HANDSHAKE)",
                "the certificate of k:9093 is not trusted (it cannot be verified): check "
                    + "KAFKA_SSL_CA_LOCATION"
            ),
            (
                tls,
                "ssl://k:9093/bootstrap: Receive failed: error:0A00045C:SSL routines::tlsv13 "
                    + "alert certificate required: SSL alert number 116 (after 0ms in state "
                    + "APIVERSION_QUERY, 1 identical error(s) suppressed)",
                "k:9093 wants a client certificate: set KAFKA_SSL_CERTIFICATE_LOCATION and "
                    + "KAFKA_SSL_KEY_LOCATION"
            ),
            (
                tls,
                "ssl://k:9093/bootstrap: SSL handshake failed: error:0A000410:SSL "
                    + "routines::sslv3 alert handshake failure: SSL alert number 40 (after 2ms in "
                    + "state SSL_HANDSHAKE)",
                "k:9093 refuses the TLS handshake (alert \"handshake failure\"): if it wants a "
                    + "client certificate, set KAFKA_SSL_CERTIFICATE_LOCATION and "
                    + "KAFKA_SSL_KEY_LOCATION"
            ),
            (
                tls.merging(["ssl.certificate.location": "/c"]) { $1 },
                "ssl://k:9093/bootstrap: Receive failed: error:0A000418:SSL routines::tlsv1 alert "
                    + "unknown ca: SSL alert number 48 (after 0ms in state APIVERSION_QUERY)",
                "k:9093 does not accept the client certificate (alert \"unknown ca\"): check "
                    + "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION"
            ),
            (
                tls,
                "ssl://k:9092/bootstrap: SSL handshake failed: Disconnected: connecting to a "
                    + "PLAINTEXT broker listener? (after 1ms in state SSL_HANDSHAKE)",
                "k:9092 does not answer in TLS: check KAFKA_SECURITY_PROTOCOL"
            ),
            (
                open,
                "k:9093/bootstrap: Disconnected while requesting ApiVersion: might be caused "
                    + "by incorrect security.protocol configuration (connecting to a SSL listener?) "
                    + "or broker version is < 0.10 (see api.version.request) (after 1ms in state "
                    + "APIVERSION_QUERY)",
                "k:9093 closes a connection without TLS: check KAFKA_SECURITY_PROTOCOL, a broker "
                    + "with TLS takes SSL, or SASL_SSL"
            ),
            (
                open,
                "k:9093/bootstrap: Disconnected: connection reset by peer (after 1ms in state "
                    + "APIVERSION_QUERY)",
                "k:9093 closes a connection without TLS: check KAFKA_SECURITY_PROTOCOL, a broker "
                    + "with TLS takes SSL, or SASL_SSL"
            ),
            (
                open,
                "k:9092/bootstrap: Disconnected: verify that security.protocol is correctly "
                    + "configured, broker might require SASL authentication (after 3ms in state UP)",
                "k:9092 hangs up at once: if it wants a login, check KAFKA_SECURITY_PROTOCOL"
            ),
            (
                open,
                "k:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after "
                    + "0ms in state CONNECT)",
                "k:1 cannot be reached (Connection refused): check KAFKA_BOOTSTRAP_SERVERS and what "
                    + "brokers advertise"
            ),
            (
                open,
                "GroupCoordinator: k.invalid:1: Failed to resolve 'k.invalid:1': Name or "
                    + "service not known (after 1ms in state CONNECT)",
                "k.invalid:1 has no address: check KAFKA_BOOTSTRAP_SERVERS and what brokers "
                    + "advertise"
            ),
        ]
    )
    func failures(_ properties: [String: String], _ line: String, _ explanation: String) {
        #expect(Diagnosis(properties).note(failure: line) == explanation)
    }

    @Test(
        "What is not known stays as it came",
        arguments: [
            "k:9092/1: Disconnected (after 400000ms in state UP)",
            "k:9092/1: Disconnected: connection reset by peer (after 3ms in state APIVERSION",
            "k:9092/1: 3 request(s) timed out: disconnect (average rtt 2.0ms) (after 8ms in state UP)",
            "", ": ", "[thrd:", "]: (after ms in state", "ssl:///: x",
        ]
    )
    func unknown(_ line: String) {
        let diagnosis = Diagnosis([:])
        #expect(diagnosis.note(failure: line) == nil)
        let error = diagnosis.explain(KafkaError(code: KafkaError.Code.transport, message: line))
        #expect(error.explanation == nil && error.description == "_TRANSPORT: \(line)")
    }

    @Test(
        "OpenSSL's verdict tells a wrong name from a CA that is not known",
        arguments: [
            (62, "is for another host"), (64, "is for another host"), (10, "has expired"),
            (9, "is not valid yet"), (20, "is not trusted (its issuer is not known here)"),
            (18, "is not trusted (it is self-signed)"),
            (26, "is not trusted (X.509 error 26)"),
        ]
    )
    func verdicts(_ verdict: Int32, _ words: String) throws {
        let diagnosis = Diagnosis(Self.tls)
        diagnosis.note(verdict: verdict, on: "k:9093")
        diagnosis.note(verdict: 23, on: "other:9093")
        let line = "ssl://k:9093/1: error:0A000086:SSL routines::certificate verify failed "
        let explanation = diagnosis.note(failure: line + "(after 7ms in state SSL_HANDSHAKE)")
        #expect(try #require(explanation).contains("the certificate of k:9093 \(words)"))
    }

    @Test("A call without an answer is told by what was in the way, until a broker answers")
    func vague() {
        let diagnosis = Diagnosis(Self.login)
        let vague = KafkaError(code: KafkaError.Code.timedOut)
        #expect(diagnosis.explain(vague).explanation == nil)
        let refusal =
            "sasl_ssl://k:9093/1: SASL authentication error: no (after 2ms in state AUTH_REQ)"
        let explanation = diagnosis.note(failure: refusal)
        #expect(explanation?.contains("check KAFKA_SASL_USERNAME") == true)
        #expect(diagnosis.explain(vague).explanation == explanation)
        #expect(diagnosis.explain(vague).code == vague.code)
        // A broker that says something has answered.
        let clear = KafkaError(code: KafkaError.Code.offsetOutOfRange)
        #expect(diagnosis.explain(clear) == clear)
        diagnosis.forget()
        #expect(diagnosis.explain(vague) == vague)
    }

    @Test("No explanation holds the password, and a name cannot break the line")
    func secrets() throws {
        var properties = Self.login
        properties["sasl.username"] = "wor\nker\0" + String(repeating: "x", count: 200)
        let error = "ssl://k:1/1: SASL authentication error: x (after 2ms in state AUTH_REQ)"
        let explanation = try #require(Diagnosis(properties).note(failure: error))
        #expect(!explanation.contains("hunter2") && !explanation.contains(where: \.isNewline))
        #expect(explanation.contains("wor?ker?xxx") && explanation.utf8.count < 200)
    }

    @Test("A right that is missing is told with the topic or the group, and for whom")
    func rights() {
        func said(_ code: Int32, _ topic: String? = nil, message: String? = nil) -> String {
            let place = topic.map { TopicPartition(topic: $0, partition: 0) }
            let error = KafkaError(code: code, message: message, topicPartition: place)
            return "\(Diagnosis(Self.login).explain(error))"
        }
        let grant = "grant the rights that topics/acls.py prints"
        #expect(said(29, "t") == "the broker denies user 'worker' the topic t: \(grant)")
        let subscribed = "Subscribed topic not available: a.b: Broker: Topic authorization failed"
        #expect(
            said(29, message: subscribed)
                == "the broker denies user 'worker' the topic a.b: \(grant)"
        )
        #expect(said(30) == "the broker denies user 'worker' the group g: \(grant)")
        #expect(said(31) == "the broker denies user 'worker' a right on the cluster: \(grant)")
    }

    @Test("What a broker denies is explained wherever it is asked")
    func denied() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let place = TopicPartition(topic: "t", partition: 0)
        let owner = try Owner(["group.id": "g"], cluster)
        let denials = [Int32](repeating: KafkaError.Code.groupAuthorizationFailed, count: 100)
        try cluster.pushErrors(.findCoordinator, denials)
        // The question itself waits for a coordinator; why there is none is an event.
        async let answer = owner.consumer.committed([place], timeout: .seconds(5))
        let group = try await owner.first { event in
            if case .error(let error) = event { error.explanation } else { nil }
        }
        #expect(group.contains("denies this client the group g"))
        try cluster.clearErrors(.findCoordinator)
        #expect(try await answer.isEmpty)

        try cluster.setError(ofTopic: "t", KafkaError.Code.topicAuthorizationFailed)
        let topic = await #expect(throws: KafkaError.self) {
            try await Admin(.testing(cluster)).describe(["t"], timeout: .seconds(5))
        }
        #expect(topic?.explanation?.contains("denies this client the topic t") == true)
        _ = await owner.consumer.close(timeout: .seconds(5))
    }

    @Test("A producer's report is explained")
    func deniedToWrite() async throws {
        let cluster = try EmbeddedCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try Producer(.testing(cluster)) { _ in }
        #expect(try await producer.send(messages("t", 0..<1))[0].get().offset == 0)
        try cluster.pushErrors(.produce, [KafkaError.Code.topicAuthorizationFailed])
        let error = await #expect(throws: KafkaError.self) {
            try await producer.send(messages("t", 1..<2))[0].get()
        }
        #expect(error?.explanation?.contains("denies this client the topic") == true)
        await producer.close(timeout: .seconds(5))
    }

    @Test("A broker that nobody listens for is named by every kind of client")
    func unreachable() async throws {
        let configuration = KafkaConfiguration(
            properties: ["bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": "2000"]
        )
        let admin = await #expect(throws: KafkaError.self) {
            try await Admin(configuration).describe(["t"], timeout: .seconds(2))
        }
        #expect(admin?.explanation?.contains("127.0.0.1:1 cannot be reached") == true)
        let producer = try Producer(configuration) { _ in }
        let report = await #expect(throws: KafkaError.self) {
            try await producer.send(messages("t", 0..<1))[0].get()
        }
        #expect(report?.explanation?.contains("127.0.0.1:1 cannot be reached") == true)
        await producer.close(timeout: .seconds(1))
    }
}
